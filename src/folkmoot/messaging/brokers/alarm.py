"""What happens later: retries, expiries, the ends of patience. One sleeper on the injected clock serves them all."""

import asyncio
import contextlib
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
_FEW: Final = 256
# timedelta keeps microseconds: the clock may stand a hair before the time that was slept for.
_HAIR: Final = 1e-6


@dataclass(slots=True, eq=False)
class Appointment:
    """Something to do at its time; nothing once it was done or cancelled."""

    act: Callable[[], None] | None


class Alarm:
    """Runs plain functions in the loop when their time has come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # When (`Clock.monotonic` seconds), a number that keeps equals apart, what. Tuples compare without Python code.
        self._appointments: list[tuple[float, int, Appointment]] = []
        self._count = 0
        self._cancelled = 0
        self._sleeper: asyncio.Task[None] | None = None
        self._wakes_at = 0.0

    def after(self, seconds: float, act: Callable[[], None]) -> Appointment:
        """Run `act` once `seconds` have passed."""
        self._count += 1
        appointment = Appointment(act)
        at = self._clock.monotonic() + max(seconds, 0.0)
        heapq.heappush(self._appointments, (at, self._count, appointment))
        if self._sleeper is None or at < self._wakes_at:
            self._sleep()
        return appointment

    def cancel(self, appointment: Appointment) -> None:
        """Do nothing then; cheap, also for millions."""
        if appointment.act is None:
            return
        appointment.act = None
        self._cancelled += 1
        # Cancelled ones lie in the heap until their time: swept out before they are most of it.
        if self._cancelled > _FEW and self._cancelled * 2 > len(self._appointments):
            self._appointments = [entry for entry in self._appointments if entry[2].act is not None]
            heapq.heapify(self._appointments)
            self._cancelled = 0

    async def stop(self) -> None:
        """Forget every appointment."""
        self._appointments.clear()
        self._cancelled = 0
        if self._sleeper is not None:
            self._sleeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sleeper
            self._sleeper = None

    def _sleep(self) -> None:
        if self._sleeper is not None:
            self._sleeper.cancel()
        self._wakes_at = self._appointments[0][0]
        self._sleeper = asyncio.create_task(self._wait(), name="folkmoot-alarm")

    async def _wait(self) -> None:
        while self._appointments:
            self._wakes_at = self._appointments[0][0]
            left = self._wakes_at - self._clock.monotonic()
            if left > _HAIR:
                await self._clock.sleep(timedelta(seconds=left))
            self._ring()
        self._sleeper = None

    def _ring(self) -> None:
        now = self._clock.monotonic() + _HAIR
        while self._appointments and self._appointments[0][0] <= now:
            _, _, appointment = heapq.heappop(self._appointments)
            act, appointment.act = appointment.act, None
            if act is None:
                self._cancelled -= 1
            else:
                try:
                    act()
                except Exception:  # noqa: BLE001  # one appointment must not cost the others theirs; it is logged
                    _log.exception("appointment_failed")
