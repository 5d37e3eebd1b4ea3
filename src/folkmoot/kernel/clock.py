"""Time as a part that is passed in, so that tests decide what time it is."""

import asyncio
import heapq
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What may be asked of time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean something."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Return when `duration` has passed on this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(0.0, duration.total_seconds()))


class SimulatedClock:
    """A clock that stands still until told to go on: for tests and for replays of a history."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, duration: timedelta) -> None:
        self._count += 1
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + duration.total_seconds(), self._count, waiting))
        await waiting

    def advance(self, duration: timedelta) -> None:
        """Let `duration` pass and wake whoever slept until then, in order."""
        self._now += duration
        self._elapsed += duration.total_seconds()
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, waiting = heapq.heappop(self._sleepers)
            if not waiting.done():
                waiting.set_result(None)


def rfc3339(moment: datetime) -> str:
    """`2026-01-05T09:00:00.123456Z`; naive times are refused, because nobody can know what they mean."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be written as RFC 3339")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
