"""The guard's clients connect to judged addresses alone, whatever names and redirects say meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.server import serve as serve_sockets

from folkmoot.security.errors import UrlForbiddenError
from folkmoot.security.urls import UrlGuard


class Site:
    """A small web server on 127.0.0.1 that notes the `Host` of each request."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.port = 0
        self.redirect: str | None = None

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.hosts += [line.split(": ")[1] for line in head.splitlines() if line.lower().startswith("host: ")]
        first = f"HTTP/1.1 302 Found\r\nLocation: {self.redirect}" if self.redirect else "HTTP/1.1 200 OK"
        writer.write(f"{first}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def open_site() -> AsyncIterator[Site]:
    found = Site()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with open_site() as found:
        yield found


def answering(*answers: Sequence[str]) -> tuple[Any, list[str]]:
    """A name server that gives these answers one after another, the last for ever, and the names it was asked."""
    left, asked = list(answers), list[str]()

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve, asked


async def fetched(guard: UrlGuard, library: str, url: str, **options: Any) -> int:
    async with guard.client(**options) if library == "httpx" else guard.client2(**options) as client:
        status: int = (await client.get(url)).status_code
        return status


both = pytest.mark.parametrize("library", ["httpx", "httpx2"])


@both
async def test_the_request_goes_to_the_judged_address_and_keeps_its_host(site: Site, library: str) -> None:
    resolve, _ = answering(["127.0.0.1"])
    guard = UrlGuard(allowed=["crm.example"], resolver=resolve)
    assert await fetched(guard, library, f"http://crm.example:{site.port}/") == 200
    assert site.hosts == [f"crm.example:{site.port}"]


@both
async def test_a_forbidden_address_is_never_connected_to(site: Site, library: str) -> None:
    with pytest.raises(UrlForbiddenError):
        await fetched(UrlGuard(), library, f"http://127.0.0.1:{site.port}/")
    with pytest.raises(UrlForbiddenError):
        await fetched(UrlGuard(), library, f"http://localhost:{site.port}/")
    assert site.hosts == []


@both
async def test_a_name_that_turns_inside_after_the_check_leads_nowhere(site: Site, library: str) -> None:
    resolve, asked = answering(["93.184.216.34"], ["127.0.0.1"])
    guard = UrlGuard(resolver=resolve)
    await guard.check(f"http://turning.example:{site.port}/")
    with pytest.raises(UrlForbiddenError):
        await fetched(guard, library, f"http://turning.example:{site.port}/")
    assert site.hosts == []
    assert asked == ["turning.example"] * 2, "the connection used another answer than the one that was judged"


@both
@pytest.mark.parametrize(
    "inside", ["http://127.0.0.1:{port}/", "http://[::1]:{port}/", "file:///etc/passwd", "http://2130706433/"]
)
async def test_a_redirect_inside_is_refused(site: Site, library: str, inside: str) -> None:
    async with open_site() as secret:
        site.redirect = inside.format(port=secret.port)
        guard = UrlGuard(allowed=[f"127.0.0.1:{site.port}"])
        forbidden = (UrlForbiddenError, httpx.UnsupportedProtocol)
        with pytest.raises(forbidden):
            await fetched(guard, library, f"http://127.0.0.1:{site.port}/", follow_redirects=True)
        assert secret.hosts == []
    assert len(site.hosts) == 1


@both
async def test_the_next_address_is_tried_when_one_does_not_answer(site: Site, library: str) -> None:
    resolve, _ = answering(["127.0.0.9", "127.0.0.1"])
    guard = UrlGuard(allowed=["crm.example"], resolver=resolve)
    assert await fetched(guard, library, f"http://crm.example:{site.port}/") == 200


async def test_an_unknown_host_is_a_connection_that_failed() -> None:
    resolve, _ = answering([])
    with pytest.raises(httpx.ConnectError, match=r"no name server knows 'nowhere.example'"):
        await fetched(UrlGuard(resolver=resolve), "httpx", "http://nowhere.example/")


async def test_the_environment_s_proxy_is_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{site.port}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{site.port}")
    for library in ("httpx", "httpx2"):
        with pytest.raises(UrlForbiddenError):
            await fetched(UrlGuard(), library, "http://10.0.0.1/")
    assert site.hosts == []


@pytest.mark.parametrize("way", ["transport", "mounts", "proxy", "trust_env"])
def test_nobody_can_lead_a_client_around_the_guard(way: str) -> None:
    with pytest.raises(TypeError, match=way):
        UrlGuard().client(**{way: None})
    with pytest.raises(TypeError, match=way):
        UrlGuard().client2(**{way: None})


async def test_a_websocket_runs_over_a_judged_connection() -> None:
    async def echo(connection: Any) -> None:
        async for said in connection:
            await connection.send(f"{connection.request.headers['Host']}: {said}")

    async with serve_sockets(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        resolve, _ = answering(["127.0.0.1"])
        guard = UrlGuard(allowed=["feed.example"], resolver=resolve)
        url = f"ws://feed.example:{port}/"
        async with websockets.connect(url, sock=await guard.open_socket(url)) as connection:
            await connection.send("hello")
            assert await connection.recv() == f"feed.example:{port}: hello"
        with pytest.raises(UrlForbiddenError):
            await UrlGuard(resolver=resolve).open_socket(url)
        with pytest.raises(UrlForbiddenError):
            await UrlGuard().open_socket(f"ws://127.0.0.1:{port}/")
