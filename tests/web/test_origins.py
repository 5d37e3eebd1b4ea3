"""A server without tokens hears programs and its own pages, and nobody else's."""

from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from folkmoot.web.origins import FOREIGN, OwnHosts, OwnOrigins

GUARDED = OwnOrigins(PlainTextResponse("in"), allowed=["https://team.example"])


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:8000", 200),
        ("https://team.example", 200),
        ("https://evil.example", 403),
        ("http://127.0.0.1:9999", 403),
        ("null", 403),
    ],
)
async def test_requests_of_foreign_pages_are_refused(origin: str | None, status: int) -> None:
    transport = httpx.ASGITransport(app=GUARDED)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as caller:
        answer = await caller.post("/api/initialize", headers={"Origin": origin} if origin else {})
    assert answer.status_code == status
    assert status == 200 or answer.json()["type"] == "/problems/foreign_origin"


async def test_sockets_of_foreign_pages_are_closed_before_they_are_open() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8000"), (b"origin", b"https://evil.example")]
    await GUARDED({"type": "websocket", "headers": headers}, receive, send)
    assert [(one["type"], one["code"]) for one in sent] == [("websocket.close", FOREIGN)]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:9", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_a_name_that_somebody_pointed_here_is_refused(host: str, status: int) -> None:
    transport = httpx.ASGITransport(app=OwnHosts(PlainTextResponse("in")))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as caller:
        answer = await caller.get("/", headers={"Host": host})
    assert answer.status_code == status
    assert status == 200 or answer.headers["content-type"] == "application/problem+json"
