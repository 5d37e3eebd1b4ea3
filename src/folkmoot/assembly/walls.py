"""The walls as the settings have them: how much may come in, how often, from where; and where we may go out."""

from folkmoot.assembly.settings import Settings
from folkmoot.kernel import Clock
from folkmoot.security.urls import UrlGuard
from folkmoot.web.limits import MEBIBYTE, Limits
from folkmoot.web.rates import Rates, rate
from folkmoot.web.walls import Walls
from folkmoot.web.windows import ProcessWindows


def walls_of(settings: Settings, *, clock: Clock, served: bool) -> Walls:
    """The walls around the application; a workplace within a command (`served=False`) counts nobody's requests."""
    return Walls(
        origins=settings.origins,
        limits=Limits(body=settings.body_limit_mb * MEBIBYTE, upload=settings.upload_limit_mb * MEBIBYTE),
        rates=Rates(
            usual=rate(settings.rate_limit),
            costly=rate(settings.rate_limit_costly),
            sign_in=rate(settings.rate_limit_sign_in),
        ),
        counters=ProcessWindows(now=lambda: clock.now().timestamp()) if served else None,
    )


def url_guard(settings: Settings) -> UrlGuard:
    """The guard of every address that a user can set."""
    return UrlGuard(allowed=settings.hosts_out)
