"""A service for tests: real HTTP/1.1 over a loopback socket, with the faults that services and networks have.

A subclass answers in `answer`. What is to go wrong is said beforehand:

    server.fail(Refuse(503), times=2)              # instead of doing it
    server.fail(Vanish(done=True), when="POST /x") # does it, and the connection ends without an answer
    server.fail(Garble(b"<html>"))                 # does it, and answers with something else
    server.fail(BreakOff())                        # does it, and the answer ends in the middle
    server.fail(Hang())                            # does nothing and never answers
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def data(self) -> dict[str, Any]:
        assert self.headers.get("content-type", "").startswith("application/json"), self.headers
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def form(self) -> dict[str, str]:
        assert self.headers.get("content-type") == "application/x-www-form-urlencoded", self.headers
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response; `data` is sent as JSON, `raw` as it is."""

    status: int = 200
    data: Any = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.data is None else json.dumps(self.data).encode()


@dataclass(frozen=True)
class Refuse:
    status: int
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Vanish:
    done: bool = False


@dataclass(frozen=True)
class Garble:
    raw: bytes


@dataclass(frozen=True)
class BreakOff:
    pass


@dataclass(frozen=True)
class Hang:
    pass


Fault = Refuse | Vanish | Garble | BreakOff | Hang


class WireServer:
    """Listens from `start` on; `asked` holds every request that was read, in order."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.port = 0
        self._faults: list[tuple[str, Fault]] = []
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._at_work: set[asyncio.Task[None]] = set()

    async def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        """Method and path of every request."""
        return [one.line for one in self.asked]

    def fail(self, fault: Fault, *, times: int = 1, when: str = "") -> None:
        """Let the next `times` requests whose line begins with `when` go wrong."""
        self._faults += [(when, fault)] * times

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone: connections are refused until `start`, which takes the same port."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._at_work.add(task)
        try:
            while (asked := await _read(reader)) is not None and await self._reply(asked, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            self._at_work.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _reply(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        self.asked.append(asked)
        fault = self._fault(asked)
        match fault:
            case Refuse(status, data, headers):
                return await _send(writer, Answer(status=status, data=data, headers=headers))
            case Hang():
                await asyncio.Event().wait()
            case Vanish(done=False):
                return _reset(writer)
            case _:
                pass
        answer = await self.answer(asked)
        match fault:
            case Vanish():
                return _reset(writer)
            case Garble(raw):
                answer = Answer(status=answer.status, raw=raw, headers=answer.headers)
            case BreakOff():
                body = answer.body
                writer.write(_head(answer, len(body) + 100) + body[: len(body) // 2])
                await writer.drain()
                return _reset(writer)
            case _:
                pass
        return await _send(writer, answer)

    def _fault(self, asked: Asked) -> Fault | None:
        for place, (when, fault) in enumerate(self._faults):
            if asked.line.startswith(when):
                del self._faults[place]
                return fault
        return None


@asynccontextmanager
async def running(server: WireServer) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise
    request, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, version = request.split(" ")
    assert version == "HTTP/1.1"
    headers = {name.casefold(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Asked(method=method, path=unquote(parts.path), query=query, headers=headers, body=body)


def _head(answer: Answer, length: int) -> bytes:
    # Status codes that no standard knows (HubSpot's 477) need a phrase all the same.
    phrase = HTTPStatus(answer.status).phrase if answer.status in list(HTTPStatus) else "Other"
    headers = {"Content-Type": "application/json;charset=utf-8", **answer.headers, "Content-Length": str(length)}
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    writer.write(_head(answer, len(answer.body)) + answer.body)
    await writer.drain()
    return True


def _reset(writer: asyncio.StreamWriter) -> bool:
    writer.transport.abort()
    return False
