"""Which executors live: each writes heartbeats, and each watches the others'.

Nobody's clock is trusted but one's own: an executor is dead when its beat stood still for one and a half heartbeats
of continuous watching. A watcher that could not read for a while (the database was away) begins anew, so that a
restart of the database, in which nobody could write, kills nobody. Beats are written twice per heartbeat: a death is
noticed within two.
"""

from datetime import timedelta

from folkmoot.kernel import Clock
from folkmoot.runs.store import beat, forget
from folkmoot.storage import Database

HEARTBEAT = timedelta(seconds=5)
_SILENT_TICKS = 3


class ExecutorPresence:
    """The presence of executors on one database. All engines on that database use the same `heartbeat`."""

    def __init__(self, *, database: Database, clock: Clock, heartbeat: timedelta = HEARTBEAT) -> None:
        self.tick = heartbeat / 2
        self._database = database
        self._clock = clock
        self._seen: dict[str, tuple[int, float]] = {}
        self._last_look: float | None = None

    async def appear(self, executor_id: str) -> None:
        """Say that this executor lives, before it takes its first run."""
        async with self._database.write() as session:
            await beat(session, executor_id, self._clock.now())

    async def look(self, executor_id: str) -> set[str]:
        """Write this executor's heartbeat; the ids of all executors that live, as far as can be known."""
        async with self._database.write() as session:
            beats = await beat(session, executor_id, self._clock.now())
        now = self._clock.monotonic()
        silent = self.tick.total_seconds() * _SILENT_TICKS
        if self._last_look is None or now - self._last_look > silent:
            self._seen = {}
        self._last_look = now
        seen = {
            other: (count, self._seen[other][1] if self._seen.get(other, (None, 0))[0] == count else now)
            for other, count in beats.items()
        }
        self._seen = seen
        # A tenth of a tick is left for timers that wake a little early.
        limit = silent - self.tick.total_seconds() / 10
        return {other for other, (_, since) in seen.items() if now - since < limit} | {executor_id}

    async def bury(self, executor_ids: set[str]) -> None:
        """Forget executors whose runs were taken over."""
        async with self._database.write() as session:
            await forget(session, sorted(executor_ids))

    async def leave(self, executor_id: str) -> None:
        """Say that this executor is gone, so that its runs need not wait for its silence."""
        await self.bury({executor_id})

    def known(self) -> set[str]:
        """The executors with a row at the last look, living or not."""
        return set(self._seen)
