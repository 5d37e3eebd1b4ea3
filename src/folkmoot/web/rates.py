"""How often somebody may ask: per user and group of routes, and per address where nobody is signed in.

A group is what a path begins with (`/api/tasks`), reading and changing apart; ids are no groups of their own. What
costs much to answer has a smaller rate, and so have the doors at which secrets are tried. Who is over a rate gets 429
with the seconds after which the next request will be taken.

Behind the doors somebody can still try tokens in every request: `Strangers` counts the refused ones per address, and
when there are too many, only tokens that were recognised before are looked at.
"""

import ipaddress
import math
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from limits import RateLimitItem, parse
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.kernel import Clock
from folkmoot.security import Principal
from folkmoot.web.problems import problem

OVER_RATE: Final = 4429
_WAY_BACK: Final = "/dashboard/sign-in/oidc/callback"  # from a provider, with a code to be tried
_DOORS: Final = frozenset({"/api/auth/token", "/api/auth/refresh", "/api/auth/revoke", "/dashboard/sign-in", _WAY_BACK})
_COSTLY: Final = re.compile(
    r"/api/(initialize|twins/[^/]+/imports|knowledge(/(?!search$).*)?|leads/submit|leads/[^/]+/analyze|voice/(transcribe|speak)|keys|users)"
)
_FREE: Final = ("/dashboard/", "/docs-assets/")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_TOKENS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Rates:
    """The rates, in the library's words (`2400/minute`). None: without a limit."""

    usual: RateLimitItem | None
    costly: RateLimitItem | None
    sign_in: RateLimitItem | None


def rate(text: str) -> RateLimitItem | None:
    """`1200/minute`, `20 per second`, `off`. Raises `ValueError`."""
    if text.strip().lower() == "off":
        return None
    return parse(text)


class RateLimit:
    """ASGI middleware, below the one that says who asks."""

    def __init__(self, app: ASGIApp, *, rates: Rates, limiter: MovingWindowRateLimiter, clock: Clock) -> None:
        self._app = app
        self._rates = rates
        self._limiter = limiter
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        group, item = _group(scope["path"], scope.get("method", "WS"), self._rates)
        if item is not None:
            who = address_of(scope) if group == "door" else _who(scope)
            if not await self._limiter.hit(item, who, group):
                wait = await _wait(self._limiter, item, self._clock, who, group)
                said = f"more than {item} to {group}; ask again in {wait} s"
                await refuse(said, wait, scope, receive, send)
                return
        await self._app(scope, receive, send)


class Strangers:
    """ASGI middleware, above the one that says who asks: an address that tries one token after another has to wait."""

    def __init__(self, app: ASGIApp, *, rates: Rates, limiter: MovingWindowRateLimiter, clock: Clock) -> None:
        self._app = app
        self._item = rates.sign_in
        self._limiter = limiter
        self._clock = clock
        self._known: OrderedDict[int, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        item, kind = self._item, scope["type"]
        token = _token(scope) if item is not None and kind in {"http", "websocket"} else ""
        if item is None or not token:
            await self._app(scope, receive, send)
            return
        # Only its hash, with this process's own seed, is remembered.
        digest, address = hash(token), address_of(scope)
        if digest not in self._known and not await self._limiter.test(item, address, "stranger"):
            wait = await _wait(self._limiter, item, self._clock, address, "stranger")
            said = f"too many wrong tokens came from this address; try again in {wait} s"
            await refuse(said, wait, scope, receive, send)
            return
        refused = False

        async def watched(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = message["status"] == HTTPStatus.UNAUTHORIZED
            elif message["type"] == "websocket.close":
                refused = message.get("code") == _NOT_SIGNED_IN
            await send(message)

        await self._app(scope, receive, watched)
        if refused:
            self._known.pop(digest, None)
            await self._limiter.hit(item, address, "stranger")
        else:
            self._known[digest] = None
            if len(self._known) > _MOST_TOKENS:
                self._known.popitem(last=False)


_NOT_SIGNED_IN: Final = 4401


async def refuse(said: str, wait: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 429 with `Retry-After`; a socket is opened and closed at once, so that a browser is told why."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": OVER_RATE, "reason": said[:120]})
        return
    answer = problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", said, fields={"retry_after_seconds": wait})
    answer.headers["Retry-After"] = str(wait)
    await answer(scope, receive, send)


def address_of(scope: Mapping[str, Any]) -> str:
    """The caller's address; of an IPv6 address the network, since a single household has all addresses in it."""
    client = scope.get("client")
    host = str(client[0]) if client else "unknown"
    if ":" not in host:
        return host
    try:
        return str(ipaddress.ip_network((host.partition("%")[0], 64), strict=False).network_address)
    except ValueError:
        return host


def _group(path: str, method: str, rates: Rates) -> tuple[str, RateLimitItem | None]:
    """The group of a request and its rate; none for what is not counted."""
    reading = method in _READING
    if path in _DOORS:
        return "door", rates.sign_in if not reading or path == _WAY_BACK else None
    if path.startswith(_FREE):
        return "", None
    if not reading and _COSTLY.fullmatch(path):
        return f"{method} {_start(path)}", rates.costly
    return f"{'reading' if reading else method} {_start(path)}", rates.usual


def _start(path: str) -> str:
    return "/".join(path.split("/", 3)[:3])


def _who(scope: Scope) -> str:
    principal = scope.get("state", {}).get("principal")
    return f"user {principal.user_id}" if isinstance(principal, Principal) else address_of(scope)


async def _wait(limiter: MovingWindowRateLimiter, item: RateLimitItem, clock: Clock, *identifiers: str) -> int:
    stats = await limiter.get_window_stats(item, *identifiers)
    return max(1, math.ceil(stats.reset_time - clock.now().timestamp()))


def _token(scope: Scope) -> str:
    connection = HTTPConnection(scope)
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    given = value.strip() if scheme.lower() == "bearer" else ""
    return connection.query_params.get("token") or given if scope["type"] == "websocket" else given
