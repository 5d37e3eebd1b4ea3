"""Nobody asks more often than the rates say, and `Retry-After` is the truth."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from folkmoot.kernel import SimulatedClock
from folkmoot.security.model import Principal
from folkmoot.web.problems import problem
from folkmoot.web.rates import OVER_RATE, RateLimit, Rates, Strangers, address_of, rate
from folkmoot.web.windows import ProcessWindows

RATES = Rates(usual=rate("3/minute"), costly=rate("1/minute"), sign_in=rate("2/minute"))


class Recognised:
    """Stands where the guard stands: the token is the user's id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        if token.startswith("wrong"):
            await problem(401, "not_signed_in", "no")(scope, receive, send)
            return
        if token:
            scope.setdefault("state", {})["principal"] = Principal(user_id=token, name=token, role="member")
        await self._app(scope, receive, send)


def limiter(clock: SimulatedClock) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(ProcessWindows(now=lambda: clock.now().timestamp()))


@pytest.fixture
async def caller(clock: SimulatedClock) -> AsyncIterator[httpx.AsyncClient]:
    counting = limiter(clock)
    app: ASGIApp = RateLimit(PlainTextResponse("in"), rates=RATES, limiter=counting, clock=clock)
    app = Strangers(Recognised(app), rates=RATES, limiter=counting, clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
        yield client


async def asked(caller: httpx.AsyncClient, path: str, user: str = "", method: str = "GET") -> httpx.Response:
    return await caller.request(method, path, headers={"Authorization": f"Bearer {user}"} if user else {})


async def statuses(caller: httpx.AsyncClient, times: int, path: str, user: str = "", method: str = "GET") -> list[int]:
    return [(await asked(caller, path, user, method)).status_code for _ in range(times)]


async def test_one_user_is_counted_apart_from_another(caller: httpx.AsyncClient) -> None:
    assert await statuses(caller, 5, "/api/tasks", "una") == [200, 200, 200, 429, 429]
    assert await statuses(caller, 1, "/api/tasks", "ben") == [200]


async def test_ids_are_no_groups_but_subjects_and_writing_are(caller: httpx.AsyncClient) -> None:
    assert [(await asked(caller, f"/api/tasks/{number}", "una")).status_code for number in range(4)][-1] == 429
    assert await statuses(caller, 1, "/api/agents", "una") == [200]
    assert await statuses(caller, 1, "/api/tasks", "una", "POST") == [200]


async def test_the_refusal_says_when_to_come_back_and_that_is_true(
    caller: httpx.AsyncClient, clock: SimulatedClock
) -> None:
    await statuses(caller, 1, "/api/tasks", "una")
    clock.advance(timedelta(seconds=20))
    await statuses(caller, 2, "/api/tasks", "una")
    refused = await asked(caller, "/api/tasks", "una")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "/problems/rate_limited"
    wait = int(refused.headers["Retry-After"])
    assert wait == refused.json()["retry_after_seconds"] == 40
    clock.advance(timedelta(seconds=wait - 1))
    assert await statuses(caller, 1, "/api/tasks", "una") == [429]
    clock.advance(timedelta(seconds=1))
    assert await statuses(caller, 2, "/api/tasks", "una") == [200, 429]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/twins/una/imports"),
        ("POST", "/api/knowledge"),
        ("POST", "/api/leads/submit"),
        ("POST", "/api/users"),
    ],
)
async def test_what_costs_much_has_a_smaller_rate(caller: httpx.AsyncClient, method: str, path: str) -> None:
    assert await statuses(caller, 2, path, "una", method) == [200, 429]


async def test_searching_and_reading_cost_the_usual(caller: httpx.AsyncClient) -> None:
    assert await statuses(caller, 2, "/api/knowledge/search", "una", "POST") == [200, 200]
    assert await statuses(caller, 2, "/api/knowledge", "una") == [200, 200]


async def test_the_doors_count_addresses_whoever_it_says_it_is(caller: httpx.AsyncClient) -> None:
    answers = [(await asked(caller, "/api/auth/token", f"user-{n}", "POST")).status_code for n in range(3)]
    assert answers == [200, 200, 429]
    assert await statuses(caller, 1, "/dashboard/sign-in", method="POST") == [429]
    assert await statuses(caller, 9, "/dashboard/assets/tokens.css") == [200] * 9, "assets are not counted"


async def test_who_tries_tokens_has_to_wait_and_others_behind_that_address_do_not(
    caller: httpx.AsyncClient, clock: SimulatedClock
) -> None:
    assert await statuses(caller, 1, "/api/tasks", "una") == [200]
    tries = [(await asked(caller, "/api/agents", f"wrong-{number}")).status_code for number in range(4)]
    assert tries == [401, 401, 429, 429]
    assert (await asked(caller, "/api/agents", "wrong-9")).headers["Retry-After"] == "60"
    assert await statuses(caller, 1, "/api/agents", "una") == [200], "her token was recognised before"
    assert await statuses(caller, 1, "/api/agents", "ben") == [429]
    assert await statuses(caller, 1, "/api/status") == [200], "who brings no token tries none"
    clock.advance(timedelta(seconds=60))
    assert await statuses(caller, 1, "/api/agents", "ben") == [200]


async def test_a_socket_over_the_rate_is_told_why(clock: SimulatedClock) -> None:
    reached: list[Scope] = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(scope)

    app = RateLimit(inner, rates=RATES, limiter=limiter(clock), clock=clock)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    for _ in range(4):
        await app({"type": "websocket", "path": "/ws", "headers": [], "client": ("192.0.2.1", 1)}, receive, send)
    assert len(reached) == 3
    assert [one["type"] for one in sent] == ["websocket.accept", "websocket.close"]
    assert sent[1]["code"] == OVER_RATE


def test_a_household_of_ipv6_is_one_address() -> None:
    assert address_of({"client": ("2001:db8:1:2:aaaa::1", 1)}) == address_of({"client": ("2001:db8:1:2:bbbb::9", 1)})
    assert address_of({"client": ("192.0.2.1", 1)}) != address_of({"client": ("192.0.2.2", 1)})
    assert address_of({"client": None}) == "unknown"


def test_rates_can_be_turned_off_and_have_to_be_rates() -> None:
    assert rate("off") is None
    with pytest.raises(ValueError, match=r".+"):
        rate("often")


async def test_windows_that_emptied_are_forgotten(clock: SimulatedClock) -> None:
    windows = ProcessWindows(now=lambda: clock.now().timestamp())
    for number in range(4095):
        await windows.acquire_entry(f"address {number}", 5, 60)
    clock.advance(timedelta(seconds=61))
    await windows.acquire_entry("the last", 5, 60)
    assert await windows.reset() == 1


async def test_counting_costs_a_request_next_to_nothing(clock: SimulatedClock) -> None:
    """Fifty microseconds is the promise; ten times as much would be a mechanism gone wrong, on whatever machine."""

    async def inner(_scope: Scope, _receive: Receive, _send: Send) -> None:
        return

    rates = Rates(usual=rate("2400/minute"), costly=None, sign_in=None)
    app = RateLimit(inner, rates=rates, limiter=limiter(clock), clock=clock)
    principals = [Principal(user_id=f"u{number}", name="x", role="member") for number in range(200)]
    scopes = [{"type": "http", "method": "GET", "path": "/api/tasks/1", "state": {"principal": p}} for p in principals]

    async def nothing(*_: Any) -> Any:
        return {}

    started = time.process_time()
    for _ in range(10):
        for scope in scopes:
            await app(scope, nothing, nothing)
    assert (time.process_time() - started) / 2000 < 500e-6
