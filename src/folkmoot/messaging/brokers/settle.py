"""How the handling of a message ends: handled, again later, given up, or too late."""

from dataclasses import dataclass
from functools import partial
from typing import Protocol

from folkmoot.kernel import Clock
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.alarm import Alarm, Appointment
from folkmoot.messaging.brokers.attempt import Ending
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.journal import Postponement
from folkmoot.messaging.brokers.mailboxes import Lane, Mailbox, Mailboxes
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")


class Ledger(Protocol):
    """Where ends and backoffs are written down: a journal, or memory. It tells `Settler.recorded` of each end."""

    def submit_settled(self, settlement: Settlement[int], /) -> None:
        """Record the end of a message."""
        ...

    def submit_postponed(self, postponement: Postponement, /) -> None:
        """Record a backoff."""
        ...


@dataclass(slots=True)
class _Expiry:
    mailbox: Mailbox
    appointment: Appointment


class Settler:
    """Decides and records the end of each attempt. `out` are messages being handled, or ended and not yet recorded."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        mailboxes: Mailboxes,
        alarm: Alarm,
        clock: Clock,
        figures: Figures,
    ) -> None:
        self._ledger = ledger
        self._mailboxes = mailboxes
        self._alarm = alarm
        self._clock = clock
        self._figures = figures
        self._expiries: dict[int, _Expiry] = {}
        self.attempts: dict[int, int] = {}
        self.out: set[int] = set()

    def clear(self) -> None:
        """Forget everything: the broker stops."""
        self._expiries.clear()
        self.attempts.clear()
        self.out.clear()

    def will_expire(self, seq: int, mailbox: Mailbox, expires: float) -> None:
        """End a message at a POSIX time unless it was handled by then."""
        left = expires - self._clock.now().timestamp()
        self._expiries[seq] = _Expiry(mailbox, self._alarm.after(left, partial(self._expire, seq)))

    def will_return(self, seq: int, mailbox: Mailbox, sender: str, rank: int, due: float) -> None:
        """A message in backoff waits again from a POSIX time on."""
        left = due - self._clock.now().timestamp()
        self._alarm.after(left, partial(self._return, seq, mailbox, sender, rank))

    def ended(self, seq: int, mailbox: Mailbox, lane: Lane, ending: Ending) -> None:
        """An attempt ended."""
        if ending.status is None:
            self._postpone(seq, mailbox, lane, ending)
        else:
            self._end(seq, mailbox, ending)
        mailbox.release(lane)

    def unread(self, seq: int, mailbox: Mailbox, lane: Lane, error: Exception) -> None:
        """The journal could not be read just now: the message steps aside for a moment, and no attempt is counted."""
        _log.error("journal_read_failed", agent_id=mailbox.agent_id, seq=seq, error=str(error))
        self.out.discard(seq)
        self._alarm.after(1.0, partial(self._return, seq, mailbox, lane.sender, lane.rank))
        mailbox.release(lane)

    def given_back(self, seq: int, mailbox: Mailbox, lane: Lane) -> None:
        """The handler was stopped from outside: the message was not tried."""
        self.out.discard(seq)
        mailbox.give_back(lane, seq)
        expiry = self._expiries.get(seq)
        if expiry is not None and expiry.appointment.act is None:
            # Its time came while the handler was running.
            self._expire(seq)

    def recorded(self, settlements: list[Settlement[int]]) -> None:
        """The journal has the ends of these messages."""
        handled = 0
        for settlement in settlements:
            self.out.discard(settlement.key)
            if settlement.status is MessageStatus.HANDLED:
                handled += 1
            else:
                self._figures.settled(settlement.status)
        if handled:
            self._figures.settled(MessageStatus.HANDLED, handled)

    def _postpone(self, seq: int, mailbox: Mailbox, lane: Lane, ending: Ending) -> None:
        assert ending.wait is not None
        self.attempts[seq] = ending.attempts
        self.out.discard(seq)
        due = (self._clock.now() + ending.wait).timestamp()
        self._ledger.submit_postponed(Postponement(seq, ending.attempts, due, ending.error or ""))
        self._alarm.after(ending.wait.total_seconds(), partial(self._return, seq, mailbox, lane.sender, lane.rank))

    def _return(self, seq: int, mailbox: Mailbox, sender: str, rank: int) -> None:
        mailbox.add(seq, sender, rank)
        mailbox.pump()

    def _expire(self, seq: int) -> None:
        # A handler that has begun may finish; if it fails, `failed` sees that the time is over.
        if seq not in self.out:
            mailbox = self._expiries[seq].mailbox
            mailbox.withdraw(seq)
            failed = self.attempts.get(seq, 0)
            self._end(seq, mailbox, Ending(MessageStatus.EXPIRED, failed, error="expired before it was handled"))

    def _end(self, seq: int, mailbox: Mailbox, ending: Ending) -> None:
        assert ending.status is not None
        if ending.status is MessageStatus.DEAD:
            self._figures.traffic.dead[mailbox.agent_id] += 1
        self.settled(
            mailbox,
            Settlement(
                seq,
                ending.status,
                self._clock.now().timestamp(),
                ending.attempts,
                ending.error,
                ending.reply,
                ending.family,
                ending.retry_after_seconds,
                ending.answer,
            ),
        )

    def settled(self, mailbox: Mailbox, settlement: Settlement[int]) -> None:
        """A message ended so, and takes no more room."""
        if self.attempts:
            self.attempts.pop(settlement.key, None)
        if self._expiries:
            expiry = self._expiries.pop(settlement.key, None)
            if expiry is not None:
                self._alarm.cancel(expiry.appointment)
        self._ledger.submit_settled(settlement)
        self._mailboxes.one_less(mailbox)
