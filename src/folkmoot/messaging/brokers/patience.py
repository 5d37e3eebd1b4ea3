"""The patience of those who wait for a reply.

Most of them are patient for the same while, so they come to its end in the order in which they began: they stand in
one row, and one appointment watches the head of it. Nearly all leave their row before.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from folkmoot.kernel import Clock
from folkmoot.messaging.brokers.alarm import Alarm, Appointment
from folkmoot.messaging.brokers.replies import Asker
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import ReplyTimeoutError

# timedelta keeps microseconds: the clock may stand a hair before the time that was slept for.
_HAIR: Final = 1e-6


@dataclass(slots=True)
class _Row:
    watch: Appointment
    waiting: dict[Asker[int], tuple[float, AgentMessage]] = field(default_factory=dict)


class Patience:
    """Tells askers when they have waited long enough."""

    def __init__(self, *, alarm: Alarm, clock: Clock) -> None:
        self._alarm = alarm
        self._clock = clock
        self._rows: dict[timedelta, _Row] = {}

    def begins(self, asker: Asker[int], message: AgentMessage, patience: timedelta) -> None:
        """From now on `asker` waits that long for the reply to `message`, at most."""
        row = self._rows.get(patience)
        if row is None:
            watch = self._alarm.after(patience.total_seconds(), partial(self._look, patience))
            row = self._rows[patience] = _Row(watch)
        row.waiting[asker] = (self._clock.monotonic(), message)

    def ends(self, asker: Asker[int], patience: timedelta) -> None:
        """`asker` waits no more."""
        row = self._rows.get(patience)
        if row is not None and row.waiting.pop(asker, None) is not None and not row.waiting:
            self._alarm.cancel(row.watch)
            del self._rows[patience]

    def clear(self) -> None:
        """The broker stops, and its alarm with it."""
        self._rows.clear()

    def _look(self, patience: timedelta) -> None:
        row, seconds = self._rows[patience], patience.total_seconds()
        early = self._clock.monotonic() - seconds + _HAIR
        while row.waiting:
            asker, (began, message) = next(iter(row.waiting.items()))
            if began > early:
                row.watch = self._alarm.after(began - early, partial(self._look, patience))
                return
            del row.waiting[asker]
            lose_patience(asker, message, patience)
        del self._rows[patience]


def lose_patience(asker: Asker[Any], message: AgentMessage, timeout: timedelta) -> None:
    """No reply came in time: tell `asker`."""
    asker.failed(
        ReplyTimeoutError(
            f"{message.recipient_id} did not answer within {timeout.total_seconds():g} s; message {message.message_id} "
            "stays accepted: repeat the request with the same message_id to go on waiting",
            message_id=message.message_id,
            timeout_seconds=timeout.total_seconds(),
        )
    )
