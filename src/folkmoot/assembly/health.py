"""How every part is, asked when somebody wants to know; parts that are not built yet say so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.version import __version__
from folkmoot.web import Component, Health

PATIENCE: Final = timedelta(seconds=3)
ABSENT: Final = Component(status="not_configured")
# Nothing works without these; without another part something is missing.
VITAL: Final = frozenset({"database", "broker"})

Check = Callable[[], Awaitable[str | None]]
"""Returns what there is to say of a part that is well, None for nothing; raises a `FolkmootError` if it is not."""


class HealthDesk:
    """Asks every part at once and waits for none longer than `PATIENCE`."""

    def __init__(
        self,
        *,
        checks: Mapping[str, Check],
        clock: Clock,
        started_at: datetime,
        integrations: Callable[[], Mapping[str, Component]],
    ) -> None:
        self._checks = checks
        self._integrations = integrations
        self._clock = clock
        self._started_at = started_at

    async def __call__(self) -> Health:
        found = await asyncio.gather(*(self._ask(name, check) for name, check in self._checks.items()))
        components: dict[str, Component | dict[str, Component]] = dict(zip(self._checks, found, strict=True))
        components["bridges"] = ABSENT
        services = components["integrations"] = dict(self._integrations())
        down = {name for name, one in zip(self._checks, found, strict=True) if one.status == "down"}
        down |= {name for name, one in services.items() if one.status == "down"}
        return Health(
            status="down" if down & VITAL else "degraded" if down else "ok",
            version=__version__,
            uptime_seconds=round((self._clock.now() - self._started_at).total_seconds(), 3),
            components=components,
        )

    async def _ask(self, name: str, check: Check) -> Component:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return Component(status="ok", detail=await check())
        except TimeoutError:
            return Component(status="down", detail=f"{name} did not answer within {PATIENCE.seconds} s")
        except FolkmootError as error:
            return Component(status="down", detail=error.message)
