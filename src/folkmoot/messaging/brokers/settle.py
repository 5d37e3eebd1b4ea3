"""How the handling of a message ends: handled, again later, given up, or too late."""

from dataclasses import dataclass
from functools import partial

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.alarm import Alarm, Appointment
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.journal import Postponement, Settlement
from folkmoot.messaging.brokers.mailboxes import Lane, Mailbox, Mailboxes
from folkmoot.messaging.brokers.writer import Writer
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.news import MESSAGE_DEAD, MESSAGE_HANDLED, Listener, MessageNews
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
_LONGEST_ERROR = 2000


@dataclass(slots=True)
class _Expiry:
    mailbox: Mailbox
    appointment: Appointment


class Settler:
    """Decides and records the end of each attempt. `out` are messages being handled, or ended and not yet recorded."""

    def __init__(
        self,
        *,
        writer: Writer,
        mailboxes: Mailboxes,
        alarm: Alarm,
        clock: Clock,
        retry: RetryPolicy,
        figures: Figures,
        tell: Listener,
    ) -> None:
        self._writer = writer
        self._mailboxes = mailboxes
        self._alarm = alarm
        self._clock = clock
        self._retry = retry
        self._figures = figures
        self._tell = tell
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

    def handled(self, seq: int, mailbox: Mailbox, lane: Lane, message: AgentMessage, reply: bytes | None) -> None:
        """The handler succeeded."""
        self._figures.handling_ended(message.intent, MessageStatus.HANDLED)
        self._end(seq, mailbox, MessageStatus.HANDLED, reply=reply, attempts=self.attempts.get(seq, 0) + 1)
        self._tell(_news(MESSAGE_HANDLED, message))
        mailbox.release(lane)

    def failed(self, seq: int, mailbox: Mailbox, lane: Lane, message: AgentMessage, error: Exception) -> None:
        """The handler raised `error`."""
        attempt = self.attempts.get(seq, 0) + 1
        said = _said(_in_words(error))
        given_up = self._retry.gives_up(attempt, error)
        _log.warning(
            "message_given_up" if given_up else "message_failed",
            agent_id=mailbox.agent_id,
            message_id=message.message_id,
            sender_id=message.sender_id,
            intent=message.intent,
            attempt=attempt,
            error=said,
            exc_info=error if given_up else None,
        )
        if given_up:
            self._figures.handling_ended(message.intent, MessageStatus.DEAD)
            self._end(seq, mailbox, MessageStatus.DEAD, error=said, attempts=attempt, fault=error)
            self._tell(_news(MESSAGE_DEAD, message))
        elif message.expires_at is not None and message.expires_at <= self._clock.now():
            self.expired(seq, mailbox, attempts=attempt, error=f"expired after a failed attempt: {said}")
        else:
            self._figures.repeated(message.intent)
            self._postpone(seq, mailbox, lane, attempt, said)
        mailbox.release(lane)

    def unread(self, seq: int, mailbox: Mailbox, lane: Lane, error: Exception) -> None:
        """The journal could not be read just now: the message steps aside for a moment, and no attempt is counted."""
        _log.error("journal_read_failed", agent_id=mailbox.agent_id, seq=seq, error=str(error))
        self.out.discard(seq)
        self._alarm.after(1.0, partial(self._return, seq, mailbox, lane.sender, lane.rank))
        mailbox.release(lane)

    def unreadable(self, seq: int, mailbox: Mailbox, lane: Lane, error: Exception) -> None:
        """The journal's body of a message is missing or broken: no handler can do anything with it."""
        said = _said(f"the journal's copy cannot be read: {error}")
        _log.error("message_unreadable", agent_id=mailbox.agent_id, seq=seq, error=said)
        self._end(seq, mailbox, MessageStatus.DEAD, error=said, attempts=self.attempts.get(seq, 0))
        mailbox.release(lane)

    def expired(
        self, seq: int, mailbox: Mailbox, *, attempts: int, error: str = "expired before it was handled"
    ) -> None:
        """The message's time was over."""
        self._end(seq, mailbox, MessageStatus.EXPIRED, error=error, attempts=attempts)

    def given_back(self, seq: int, mailbox: Mailbox, lane: Lane) -> None:
        """The handler was stopped from outside: the message was not tried."""
        self.out.discard(seq)
        mailbox.give_back(lane, seq)
        expiry = self._expiries.get(seq)
        if expiry is not None and expiry.appointment.act is None:
            # Its time came while the handler was running.
            self._expire(seq)

    def recorded(self, settlement: Settlement) -> None:
        """The journal has the end of a message."""
        self.out.discard(settlement.seq)
        self._figures.settled(settlement.status.value)

    def _postpone(self, seq: int, mailbox: Mailbox, lane: Lane, attempt: int, said: str) -> None:
        delay = self._retry.delay(attempt)
        self.attempts[seq] = attempt
        self.out.discard(seq)
        due = (self._clock.now() + delay).timestamp()
        self._writer.submit_postponed(Postponement(seq, attempt, due, said))
        self._alarm.after(delay.total_seconds(), partial(self._return, seq, mailbox, lane.sender, lane.rank))

    def _return(self, seq: int, mailbox: Mailbox, sender: str, rank: int) -> None:
        mailbox.add(seq, sender, rank)
        mailbox.pump()

    def _expire(self, seq: int) -> None:
        # A handler that has begun may finish; if it fails, `failed` sees that the time is over.
        if seq not in self.out:
            mailbox = self._expiries[seq].mailbox
            mailbox.withdraw(seq)
            self.expired(seq, mailbox, attempts=self.attempts.get(seq, 0))

    def _end(
        self,
        seq: int,
        mailbox: Mailbox,
        status: MessageStatus,
        *,
        attempts: int,
        error: str | None = None,
        reply: bytes | None = None,
        fault: Exception | None = None,
    ) -> None:
        self.attempts.pop(seq, None)
        if self._expiries:
            expiry = self._expiries.pop(seq, None)
            if expiry is not None:
                self._alarm.cancel(expiry.appointment)
        at = self._clock.now().timestamp()
        self._writer.submit_settled(Settlement(seq, status, at, attempts, error, reply, fault))
        self._mailboxes.one_less(mailbox)


def _news(what: str, message: AgentMessage) -> MessageNews:
    return MessageNews(
        type=what,
        message_id=message.message_id,
        sender_id=message.sender_id,
        recipient_id=message.recipient_id,
        intent=message.intent,
    )


def _in_words(error: Exception) -> str:
    """Our own faults by their code, whose meaning is written down; others by their class, which is all there is."""
    if isinstance(error, FolkmootError):
        return f"{error.code}: {error.message}"
    return f"{type(error).__name__}: {error}"


def _said(text: str) -> str:
    # An error may quote what no database takes, such as half of a surrogate pair in a file's name.
    return text[:_LONGEST_ERROR].encode("utf-8", "replace").decode()
