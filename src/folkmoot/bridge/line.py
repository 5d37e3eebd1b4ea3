"""One connection of a bridge, as long as it lasts: one task hears, one sends.

What was sent counts as sent once the other side has answered a ping that followed it: then its WebSocket library has
read the frame. A connection that is lost before leaves the frame to the next one, with the same id.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from folkmoot.bridge.dial import in_words, is_too_big
from folkmoot.bridge.errors import BridgeLostError
from folkmoot.bridge.model import Owed

TOGETHER: Final = 50


class Post(Protocol):
    """Where frames to send come from."""

    async def next(self) -> Sequence[Owed]:
        """The frames that are to be sent now; waits until there are some."""
        ...

    async def sent(self, frames: Sequence[Owed]) -> None:
        """The other side has these."""
        ...

    async def failed(self, frames: Sequence[Owed]) -> None:
        """The connection was lost before it was known whether the other side has these."""
        ...


class Line:
    """Hears and sends on an open connection; `hear` gets each frame, `over_limit` is told of one that was too large."""

    def __init__(
        self,
        socket: ClientConnection,
        *,
        post: Post,
        hear: Callable[[bytes], Awaitable[dict[str, Any] | None]],
        over_limit: Callable[[], None],
        patience: timedelta,
    ) -> None:
        self._socket = socket
        self._post = post
        self._hear = hear
        self._over_limit = over_limit
        self._patience = patience.total_seconds()
        self._in_flight: Sequence[Owed] = ()

    async def run(self) -> None:
        """Until the connection is lost: raises `BridgeLostError`. Cancelled, it closes in good order."""
        tasks = [
            asyncio.create_task(self._read(), name="bridge-hears"),
            asyncio.create_task(self._write(), name="bridge-sends"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()
        if self._in_flight:
            await self._post.failed(self._in_flight)
        for error in ended:
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error

    async def _read(self) -> None:
        while True:
            try:
                raw = await self._socket.recv(decode=False)
            except ConnectionClosed as error:
                if is_too_big(error):
                    self._over_limit()
                raise BridgeLostError(in_words(error)) from error
            answer = await self._hear(raw)
            if answer is not None:
                await self._send(answer)

    async def _write(self) -> None:
        while True:
            self._in_flight = await self._post.next()
            for owed in self._in_flight:
                await self._send(owed.frame)
            try:
                async with asyncio.timeout(self._patience):
                    await (await self._socket.ping())
            except TimeoutError as error:
                raise BridgeLostError("the server stalled: it did not take what we sent in time") from error
            except ConnectionClosed as error:
                raise BridgeLostError(in_words(error)) from error
            await self._post.sent(self._in_flight)
            self._in_flight = ()

    async def _send(self, frame: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._socket.send(json.dumps(frame, ensure_ascii=False))
        except TimeoutError as error:
            raise BridgeLostError("the server stalled: it did not take what we sent in time") from error
        except ConnectionClosed as error:
            raise BridgeLostError(in_words(error)) from error

    async def _close(self) -> None:
        # A peer that takes nothing would not take a close frame either.
        if self._socket.transport.get_write_buffer_size():
            self._socket.transport.abort()
        await self._socket.close()
