"""Server-sent events: how one is written, and the response that sends them. A comment now and then keeps a silent line
open through proxies.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

import orjson
from starlette.responses import StreamingResponse

_SILENCE_SECONDS: Final = 15.0
_HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def event(name: str, data: Any, *, event_id: str | None = None) -> bytes:
    """One event, with JSON for its data."""
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {name}\n".encode() + b"data: " + orjson.dumps(data, default=str) + b"\n\n"


def stream(events: AsyncGenerator[bytes, None]) -> StreamingResponse:
    """The response that sends these; they are closed when the client goes."""
    return StreamingResponse(_kept_open(events), media_type="text/event-stream", headers=_HEADERS)


async def _kept_open(events: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(events):
        ahead: asyncio.Future[bytes] = asyncio.ensure_future(anext(events))
        try:
            while True:
                done, _ = await asyncio.wait({ahead}, timeout=_SILENCE_SECONDS)
                if not done:
                    yield b": still here\n\n"
                    continue
                try:
                    found = ahead.result()
                except StopAsyncIteration:
                    return
                yield found
                ahead = asyncio.ensure_future(anext(events))
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
