"""A body over its limit reaches no handler whole, however it is sent, and its sender gets to read why."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from folkmoot.web.limits import BodyLimit, Limits

KIB = 1024
READ: list[int] = []


async def length(request: Request) -> PlainTextResponse:
    body = await request.body()
    READ.append(len(body))
    return PlainTextResponse(str(len(body)))


APP = BodyLimit(
    Starlette(
        routes=[
            Route(path, length, methods=["POST"]) for path in ("/api/tasks", "/api/knowledge", "/api/twins/una/imports")
        ]
    ),
    limits=Limits(body=2 * KIB, upload=8 * KIB),
)
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.fixture
async def caller() -> AsyncIterator[httpx.AsyncClient]:
    READ.clear()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=APP), base_url="http://here") as client:
        yield client


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // KIB):
        yield b"x" * KIB


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("path", "headers", "size", "status"),
    [
        ("/api/tasks", {}, 2 * KIB, 200),
        ("/api/tasks", {}, 3 * KIB, 413),
        ("/api/tasks", FORM, 3 * KIB, 413),
        ("/api/knowledge", FORM, 8 * KIB, 200),
        ("/api/knowledge", FORM, 9 * KIB, 413),
        ("/api/knowledge", {}, 3 * KIB, 413),
        ("/api/twins/una/imports", FORM, 8 * KIB, 200),
        ("/api/twins/una/imports", FORM, 9 * KIB, 413),
    ],
)
async def test_each_route_has_its_limit(
    caller: httpx.AsyncClient, path: str, headers: dict[str, str], size: int, status: int, chunked: bool
) -> None:
    body = pieces(size) if chunked else b"x" * size
    answer = await caller.post(path, content=body, headers=headers)
    assert answer.status_code == status
    if status == 413:
        assert answer.json()["type"] == "/problems/body_too_large"
        assert not READ, "a handler read a body that was too large"
    else:
        assert [size] == READ


@contextmanager
def served(app: BodyLimit) -> Iterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("chunked", [False, True])
def test_whoever_sends_two_hundred_megabytes_gets_an_answer(chunked: bool) -> None:
    """Over a real connection: an answer that is sent while the other side still writes is lost with the connection."""
    block = b"x" * KIB * KIB

    def upload() -> Iterator[bytes]:
        for _ in range(200):
            yield block

    headers = FORM if chunked else FORM | {"Content-Length": str(200 * KIB * KIB)}
    with served(APP) as url, httpx.Client(trust_env=False, timeout=60) as client:
        answer = client.post(f"{url}/api/knowledge", content=upload(), headers=headers)
        assert answer.status_code == 413
        assert "8 KIB" in answer.json()["detail"].upper() or "8192 bytes" in answer.json()["detail"]
        assert client.post(f"{url}/api/tasks", content=b"x").status_code == 200
    assert max(READ, default=0) <= 8 * KIB


def test_whoever_asks_before_sending_need_not_send() -> None:
    with served(APP) as url, socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=30) as line:
        line.sendall(
            b"POST /api/tasks HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 209715200\r\n\r\n"
        )
        assert line.recv(64).startswith(b"HTTP/1.1 413")
