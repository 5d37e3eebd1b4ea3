"""The walls around the application, in their order: what every request passes before a route is looked for.

From outside: measured, given its headers, held against the origins and hosts that may call, recognised, counted, held
against the size of bodies, repeated where it is a repetition. Each wall is a file of its own here.
"""

from dataclasses import dataclass, field

from fastapi import FastAPI
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.middleware.cors import CORSMiddleware

from folkmoot.kernel import Clock
from folkmoot.telemetry import Metrics, Tracing
from folkmoot.web.headers import SecurityHeaders
from folkmoot.web.idempotency import Idempotency
from folkmoot.web.limits import BodyLimit, Limits
from folkmoot.web.measuring import Measuring
from folkmoot.web.origins import OwnHosts, OwnOrigins
from folkmoot.web.principal import Doorkeeper, Guard
from folkmoot.web.rates import RateLimit, Rates, Strangers
from folkmoot.web.row_walls import RowWalls
from folkmoot.web.store import IdempotencyStore

_ASKED: tuple[str, ...] = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Request-ID")
# What OpenAI's client for browsers sends with every request.
_ASKED_BY_OPENAI: tuple[str, ...] = (
    "OpenAI-Organization",
    "OpenAI-Project",
    *(f"X-Stainless-{name}" for name in ("Arch", "Lang", "OS", "Package-Version", "Retry-Count", "Runtime")),
    *(f"X-Stainless-{name}" for name in ("Runtime-Version", "Timeout", "Helper-Method", "Async")),
)
_SHOWN: tuple[str, ...] = ("Retry-After", "Idempotent-Replay", "Location", "X-Request-ID")


@dataclass(frozen=True, kw_only=True)
class Walls:
    """What the walls are set to. `counters` is where hits are counted; None: nobody is counted."""

    origins: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    rates: Rates | None = None
    counters: Storage | None = None


def raise_walls(
    app: FastAPI,
    walls: Walls,
    *,
    doorkeeper: Doorkeeper,
    repeats: IdempotencyStore,
    clock: Clock,
    metrics: Metrics,
    tracing: Tracing | None = None,
) -> None:
    """Put every wall around the application; each that is added stands outside those before."""
    app.add_middleware(Idempotency, store=repeats, clock=clock)
    app.add_middleware(BodyLimit, limits=walls.limits)
    # Whoever needs no token has the machine to himself: nobody is kept from it by being counted.
    counted = walls.rates is not None and walls.counters is not None and not doorkeeper.open_house
    limiter = MovingWindowRateLimiter(walls.counters) if counted and walls.counters is not None else None
    if limiter is not None and walls.rates is not None:
        app.add_middleware(RateLimit, rates=walls.rates, limiter=limiter, clock=clock)
    app.add_middleware(RowWalls)
    # Over those: no body is read, and no earlier answer repeated, for somebody who is not signed in.
    app.add_middleware(Guard, doorkeeper=doorkeeper)
    if limiter is not None and walls.rates is not None:
        app.add_middleware(Strangers, rates=walls.rates, limiter=limiter, clock=clock)
    if doorkeeper.open_house:
        # Without a token, somebody else's page could call us, under its own name or one that resolves to this machine.
        app.add_middleware(OwnOrigins, allowed=walls.origins)
        app.add_middleware(OwnHosts)
    if walls.origins:
        # Callers of other origins bring a token; cookies are for our own pages, so none are taken from elsewhere.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=walls.origins,
            allow_credentials=False,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[*_ASKED, *_ASKED_BY_OPENAI],
            expose_headers=list(_SHOWN),
            max_age=600,
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Measuring, metrics=metrics, tracing=tracing)
