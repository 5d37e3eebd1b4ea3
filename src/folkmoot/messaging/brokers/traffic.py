"""What went through each mailbox in the last five minutes, and its dead letters: counted where it happens.

Counts are kept in slots of ten seconds, each a dictionary of the mailboxes that had something in it, so a mailbox
that is quiet costs nothing, and a figure of five minutes is a sum over at most thirty-one of them.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.messaging.broker import MessageStatus

WINDOW: Final = timedelta(minutes=5)
_SLOT_SECONDS: Final = 10.0
_SLOTS: Final = int(WINDOW.total_seconds() / _SLOT_SECONDS)
_MINUTES: Final = WINDOW.total_seconds() / 60


@dataclass(slots=True)
class Tally:
    """Events of one mailbox. `seconds` is the time that its `attempts` took together."""

    accepted: int = 0
    handled: int = 0
    retried: int = 0
    attempts: int = 0
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        """Count the other's events too."""
        self.accepted += other.accepted
        self.handled += other.handled
        self.retried += other.retried
        self.attempts += other.attempts
        self.seconds += other.seconds

    @property
    def mean_seconds(self) -> float:
        """How long an attempt took, 0.0 without any."""
        return self.seconds / self.attempts if self.attempts else 0.0


class Traffic:
    """Counts by mailbox; what is older than `WINDOW` is forgotten. `dead` are the dead letters there are now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slots: deque[tuple[int, dict[str, Tally]]] = deque([(0, {})], maxlen=_SLOTS + 1)
        self._until = 0.0
        self.dead: Counter[str] = Counter()

    def begins(self) -> float:
        """The moment from which `attempted` measures."""
        return self._clock.monotonic()

    def accepted(self, agent_ids: Iterable[str]) -> None:
        """Messages for these agents were accepted, one for each time it is named."""
        now = self._clock.monotonic()
        for agent_id, count in Counter(agent_ids).items():
            self._tally(agent_id, now).accepted += count

    def accepted_one(self, agent_id: str) -> None:
        """A message for this agent was accepted."""
        self._tally(agent_id, self._clock.monotonic()).accepted += 1

    def attempted(self, agent_id: str, began: float, status: MessageStatus | None) -> None:
        """An attempt came to its end: that of the message, or None if there will be another."""
        now = self._clock.monotonic()
        tally = self._tally(agent_id, now)
        tally.attempts += 1
        tally.seconds += now - began
        if status is MessageStatus.HANDLED:
            tally.handled += 1
        elif status is None:
            tally.retried += 1

    def of_all(self) -> dict[str, Tally]:
        """The sums of the window, of every mailbox that had something in it."""
        oldest = int(self._clock.monotonic() // _SLOT_SECONDS) - _SLOTS
        sums: dict[str, Tally] = {}
        for number, slot in self._slots:
            if number > oldest:
                for agent_id, tally in slot.items():
                    sums.setdefault(agent_id, Tally()).add(tally)
        return sums

    def _tally(self, agent_id: str, now: float) -> Tally:
        if now >= self._until:
            number = int(now // _SLOT_SECONDS)
            self._until = (number + 1) * _SLOT_SECONDS
            self._slots.append((number, {}))
        slot = self._slots[-1][1]
        tally = slot.get(agent_id)
        if tally is None:
            tally = slot[agent_id] = Tally()
        return tally


def per_minute(count: int) -> float:
    """A count of the window as a rate."""
    return count / _MINUTES
