"""How every part is, asked when somebody wants to know; parts that are not built yet say so.

A part is *down* when it does nothing for anybody, and *degraded* when it rests: what lives in Redis is kept there while
the way to it is cut, and goes on by itself. Only a vital part that is down makes the whole so, and `/health` answer
503: a load balancer that took every server away because Redis is gone for a minute would help nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from folkmoot.kernel import Clock, FolkmootError, rfc3339
from folkmoot.link import LinkDownError
from folkmoot.version import __version__
from folkmoot.web import Component, Health

PATIENCE: Final = timedelta(seconds=3)
ABSENT: Final = Component(status="not_configured")
# Nothing works without these; without another part something is missing.
VITAL: Final = frozenset({"database", "broker"})

Check = Callable[[], Awaitable[str | None]]
"""Returns what there is to say of a part that is well, None for nothing; raises a `FolkmootError` if it is not.

`LinkDownError` means that what the part has is kept, out of reach: degraded. Every other means down.
"""


class HealthDesk:
    """Asks every part at once and waits for none longer than `PATIENCE`.

    `far` names the parts that live in Redis: one that does not answer in time is as one whose link is down. A bridge
    that is away impairs the whole and does not bring it down.
    """

    def __init__(
        self,
        *,
        checks: Mapping[str, Check],
        clock: Clock,
        started_at: datetime,
        integrations: Callable[[], Mapping[str, Component]],
        far: Collection[str] = (),
        bridges: Callable[[], Awaitable[Component]] | None = None,
    ) -> None:
        self._checks = checks
        self._integrations = integrations
        self._clock = clock
        self._started_at = started_at
        self._far = frozenset(far)
        self._bridges = bridges
        self._since: dict[str, datetime] = {}

    async def __call__(self) -> Health:
        found = await asyncio.gather(*(self._ask(name, check) for name, check in self._checks.items()))
        components: dict[str, Component | dict[str, Component]] = dict(zip(self._checks, found, strict=True))
        outside = components["bridges"] = await self._outside()
        services = components["integrations"] = dict(self._integrations())
        down = {name for name, one in zip(self._checks, found, strict=True) if one.status == "down"}
        impaired = any(one.status != "ok" for one in found) or any(one.status == "down" for one in services.values())
        impaired = impaired or outside.status == "degraded"
        return Health(
            status="down" if down & VITAL else "degraded" if impaired else "ok",
            version=__version__,
            uptime_seconds=round((self._clock.now() - self._started_at).total_seconds(), 3),
            components=components,
        )

    async def _outside(self) -> Component:
        """The bridges; where their rows cannot be read, the database says what is wrong."""
        if self._bridges is None:
            return ABSENT
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return await self._bridges()
        except (TimeoutError, FolkmootError):
            return Component(status="degraded", detail="how the bridges stand cannot be read from the database")

    async def _ask(self, name: str, check: Check) -> Component:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                well = Component(status="ok", detail=await check())
        except TimeoutError:
            said = f"{name} did not answer within {PATIENCE.seconds} s"
            return self._ill(name, said, kept=name in self._far)
        except LinkDownError as error:
            return self._ill(name, error.message, kept=True)
        except FolkmootError as error:
            return self._ill(name, error.message, kept=False)
        self._since.pop(name, None)
        return well

    def _ill(self, name: str, said: str, *, kept: bool) -> Component:
        """`since` is when it was first asked in vain."""
        since = rfc3339(self._since.setdefault(name, self._clock.now()))
        if kept:
            return Component(status="degraded", detail=f"{said} (since {since}; what it has is kept)")
        return Component(status="down", detail=f"{said} (since {since})")
