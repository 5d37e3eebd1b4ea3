"""A strict server for tests of one family of models: real HTTP on a loopback port, answers written beforehand.

It refuses what the family's own server would refuse: a wrong path, a missing key or field, roles out of order. What
differs between families is in `stub_anthropic.py` and `stub_google.py`; OpenAI's is `tests/stub_model.py`.
"""

import asyncio
import json
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """One answer: words, a call of a tool (`*`: of the last one that is offered), or a refusal."""

    text: str = ""
    tool: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    message: str = ""
    retry_after: float | None = None
    pause: float = 0.0
    breaks_after: int | None = None


class StubFamily(ABC):
    """The server and what it was told to answer."""

    key = "a-key"

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.url = ""
        self._script: deque[Scripted] = deque()

    def say(self, text: str, **more: Any) -> None:
        self._script.append(Scripted(text=text, **more))

    def call(self, tool: str, **arguments: Any) -> None:
        self._script.append(Scripted(tool=tool, arguments=arguments))

    def fail(self, status: int, *, message: str = "no", retry_after: float | None = None) -> None:
        self._script.append(Scripted(status=status, message=message, retry_after=retry_after))

    async def answer(self, request: Request, *, stream: bool) -> Response:
        """The next of the script; what is wrong with the request is answered as the family does."""
        body = await request.json()
        fault = self.fault(request, body)
        if fault is not None:
            self.wrong.append(fault)
            return JSONResponse(self.error(400, fault), status_code=400)
        self.requests.append(body)
        scripted = self._script.popleft() if self._script else Scripted(text=f"You said: {self.asked(body)}")
        if scripted.status != 200:
            headers = {} if scripted.retry_after is None else {"retry-after": str(scripted.retry_after)}
            said = self.error(scripted.status, scripted.message)
            return JSONResponse(said, status_code=scripted.status, headers=headers)
        if not stream:
            return JSONResponse(self.whole(scripted, body))
        return StreamingResponse(self._pieces(scripted, body), media_type="text/event-stream")

    async def _pieces(self, scripted: Scripted, body: dict[str, Any]) -> AsyncIterator[bytes]:
        for count, piece in enumerate(self.pieces(scripted, body)):
            if scripted.breaks_after is not None and count >= scripted.breaks_after:
                raise ConnectionResetError("the stub breaks off")
            yield piece
            await asyncio.sleep(scripted.pause)

    @abstractmethod
    def app(self) -> Starlette: ...

    @abstractmethod
    def fault(self, request: Request, body: dict[str, Any]) -> str | None: ...

    @abstractmethod
    def asked(self, body: dict[str, Any]) -> str: ...

    @abstractmethod
    def error(self, status: int, message: str) -> dict[str, Any]: ...

    @abstractmethod
    def whole(self, scripted: Scripted, body: dict[str, Any]) -> dict[str, Any]: ...

    @abstractmethod
    def pieces(self, scripted: Scripted, body: dict[str, Any]) -> Iterator[bytes]: ...


@contextmanager
def serving(stub: StubFamily) -> Iterator[None]:
    """Serve on a free loopback port, in a thread of its own."""
    config = uvicorn.Config(stub.app(), host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    started = threading.Event()

    async def serve() -> None:
        socket = config.bind_socket()
        stub.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        socket.listen()
        started.set()
        await server.serve(sockets=[socket])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="stub-family")
    thread.start()
    assert started.wait(10), "the stub server did not start"
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def words_in(value: Any) -> int:
    """About as many tokens as the stubs count: words."""
    return len(json.dumps(value).split())
