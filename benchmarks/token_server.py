"""A model server that streams 100 tokens a second to whoever asks, in OpenAI's form: cheap, in a process of its own."""

import asyncio
import json
from multiprocessing.connection import Connection
from typing import Final

TOKENS: Final = 200
EVERY: Final = 0.01
_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class _Stream(asyncio.Protocol):
    """One connection; each complete request on it is answered by a stream."""

    def __init__(self, running: set["_Stream"]) -> None:
        self._running = running
        self._read = b""
        self._left = 0
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the protocol's signature
        self._running.discard(self)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, ended, body = self._read.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if not ended or len(body) < length:
            return
        self._read = b""
        self._transport.write(_HEAD)
        self._left = TOKENS
        self._running.add(self)
        self.tick()

    def tick(self) -> None:
        """The next token, or the end."""
        self._left -= 1
        if self._left:
            self._transport.write(_TOKEN)
        else:
            self._running.discard(self)
            self._transport.write(_END)


def _event(**fields: object) -> bytes:
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1_767_603_600, "model": "stub", **fields}
    return b"data: " + json.dumps(whole).encode() + b"\n\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


_TOKEN: Final = _chunk(_event(choices=[{"index": 0, "delta": {"content": "token "}, "finish_reason": None}]))
_END: Final = (
    _chunk(
        _event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        + _event(choices=[], usage={"prompt_tokens": 9, "completion_tokens": TOKENS, "total_tokens": TOKENS + 9})
        + b"data: [DONE]\n\n"
    )
    + b"0\r\n\r\n"
)


def serve(told: Connection) -> None:
    """Serve until the process is ended; the port is told first."""
    asyncio.run(_serve(told))


async def _serve(told: Connection) -> None:
    loop, running = asyncio.get_running_loop(), set[_Stream]()
    server = await loop.create_server(lambda: _Stream(running), "127.0.0.1", 0, backlog=512)
    told.send(server.sockets[0].getsockname()[1])
    due = loop.time()
    while True:
        due += EVERY
        await asyncio.sleep(max(due - loop.time(), 0))
        for one in list(running):
            one.tick()
