"""The walls as the settings have them: how much may come in, how often, from where; and where we may go out."""

from contextlib import AsyncExitStack
from typing import Final

from limits.aio.storage import Storage

from folkmoot.assembly.mail import redis_place
from folkmoot.assembly.settings import Settings
from folkmoot.kernel import Clock
from folkmoot.link import Keys, Link
from folkmoot.security.urls import UrlGuard
from folkmoot.web.limits import MEBIBYTE, Limits
from folkmoot.web.rates import Rates, rate
from folkmoot.web.walls import Walls
from folkmoot.web.windows import ProcessWindows

PATIENCE_SECONDS: Final = 0.5
"""A request waits no longer than that to be counted; see `SharedWindows` for what happens then."""


def walls_of(settings: Settings, *, clock: Clock, served: bool, stack: AsyncExitStack) -> Walls:
    """The walls around the application; a workplace within a command (`served=False`) counts nobody's requests.

    `stack` closes what they need.
    """
    return Walls(
        origins=settings.origins,
        limits=Limits(body=settings.body_limit_mb * MEBIBYTE, upload=settings.upload_limit_mb * MEBIBYTE),
        rates=Rates(
            usual=rate(settings.rate_limit),
            costly=rate(settings.rate_limit_costly),
            sign_in=rate(settings.rate_limit_sign_in),
        ),
        counters=_counters(settings, clock, stack) if served else None,
    )


def _counters(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Storage:
    own = ProcessWindows(now=lambda: clock.now().timestamp())
    if settings.redis_url is None:
        return own
    from folkmoot.web.shared_windows import SharedWindows

    link = Link(redis_place(settings), patience=PATIENCE_SECONDS, repeats=0)
    stack.push_async_callback(link.close)
    return SharedWindows(link, prefix=Keys().house("rates"), own=own, clock=clock)


def url_guard(settings: Settings) -> UrlGuard:
    """The guard of every address that a user can set."""
    return UrlGuard(allowed=settings.hosts_out)
