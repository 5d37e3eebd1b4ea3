"""Who holds a bridge where several servers share a database: one of them, and another once it is silent.

Nobody's clock is trusted but one's own. A holder writes a beat three times a lease and lets go by itself when it could
not for two thirds of it; whoever wants the bridge takes it when the beat stood still for a whole lease of its own
watching. So two never hold it at once, and a dead one's bridge is taken within two leases.
"""

import asyncio
from typing import Final

from folkmoot.bridge.model import BridgeTimes, Standing
from folkmoot.bridge.store import beat_line, find_line, insert_line, leave_line, take_line
from folkmoot.kernel import Clock
from folkmoot.storage import Database
from folkmoot.storage.errors import StorageError

_SHORTEST: Final = 0.1  # seconds that a beat gets, however late it is


class Lease:
    """One bridge's. `alone`: no other process shares the database, and nothing has to be written."""

    def __init__(
        self, *, database: Database, bridge: str, owner: str, clock: Clock, times: BridgeTimes, alone: bool
    ) -> None:
        self._database = database
        self._bridge = bridge
        self._owner = owner
        self._clock = clock
        self._span = times.lease.total_seconds()
        self._alone = alone
        self._seen: tuple[tuple[str, int], float] | None = None
        self._looked_at = float("-inf")
        self._held_at = float("-inf")
        self._redials = 0

    @property
    def pause(self) -> float:
        """Seconds between two looks or beats."""
        return self._span / 3

    async def claim(self) -> bool:
        """Hold the bridge if it is free, or its holder is silent; else look again after `pause`."""
        if self._alone:
            return True
        before = self._clock.monotonic()
        async with self._database.write() as session:
            now = self._clock.now()
            await insert_line(session, self._bridge, self._owner, at=now)
            line = await find_line(session, self._bridge)
            held = line is not None and line.owner == self._owner
            if line is not None and not held and self._is_silent((line.owner, line.beat), before):
                await take_line(session, self._bridge, self._owner, at=now)
                held = True
        if held:
            self._held_at, self._seen = before, None
        return held

    async def beat(self, standing: Standing) -> int | None:
        """Go on holding it, and say how it stands. Gives the count of wishes to connect anew; None if it is lost."""
        if self._alone:
            return 0
        before = self._clock.monotonic()
        believed = self._held_at + self._span * 2 / 3
        try:
            # Nobody else holds it before the whole span is over: what takes longer than this counts as lost.
            async with asyncio.timeout(max(believed - before, _SHORTEST)), self._database.write() as session:
                held, redials = await beat_line(session, self._bridge, self._owner, standing, at=self._clock.now())
        except (StorageError, TimeoutError):
            return None if self._clock.monotonic() >= believed else self._redials
        if held:
            self._held_at, self._redials = before, redials
        return redials if held else None

    async def leave(self) -> None:
        """Let another hold it at once."""
        if not self._alone:
            async with self._database.write() as session:
                await leave_line(session, self._bridge, self._owner)

    def _is_silent(self, beat: tuple[str, int], now: float) -> bool:
        # Who could not look for a while, the database being away, has watched nothing: nobody could beat either.
        watched = now - self._looked_at < self._span
        self._looked_at = now
        if self._seen is None or self._seen[0] != beat or not watched:
            self._seen = (beat, now)
        return now - self._seen[1] >= self._span
