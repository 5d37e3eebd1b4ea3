"""A speech server for tests: real HTTP on a loopback port, OpenAI's audio protocol, in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 64


@dataclass
class StubSpeech:
    """A speech server in a thread: keeps what it was asked, and answers as it is told."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    transcript: Any = field(default_factory=lambda: {"text": " Good morning. ", "language": "en", "duration": 1.5})
    audio: bytes = b"ID3-audio"

    async def transcribe(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert not isinstance(file, str)
            self.asked.append(
                {name: value for name, value in form.items() if isinstance(value, str)}
                | {"name": file.filename, "data": await file.read(), "key": request.headers.get("authorization")}
            )
        return self._answer(JSONResponse(self.transcript))

    async def speak(self, request: Request) -> Response:
        self.asked.append(await request.json() | {"key": request.headers.get("authorization")})
        return self._answer(Response(self.audio, media_type="audio/mpeg"))

    def _answer(self, good: Response) -> Response:
        if self.status == 200:
            return good
        return JSONResponse({"error": {"message": "the stub says no"}}, status_code=self.status)


@contextmanager
def stub_speech() -> Iterator[StubSpeech]:
    stub = StubSpeech()
    routes = [
        Route("/v1/audio/transcriptions", stub.transcribe, methods=["POST"]),
        Route("/v1/audio/speech", stub.speak, methods=["POST"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server, started = uvicorn.Server(config), threading.Event()

    async def serve() -> None:
        socket = config.bind_socket()
        stub.url = f"http://127.0.0.1:{socket.getsockname()[1]}/v1"
        socket.listen()
        started.set()
        await server.serve(sockets=[socket])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="stub-speech")
    thread.start()
    assert started.wait(10)
    try:
        yield stub
    finally:
        server.should_exit = True
        thread.join(10)
