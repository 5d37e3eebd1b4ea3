"""One message in memory. Everyone who is shown it gets a copy of their own, as if it had come from a journal."""

from typing import Any

from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.mailboxes import Mailbox
from folkmoot.messaging.brokers.replies import Asker
from folkmoot.messaging.brokers.write import Written
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import BrokerStoppedError


class Kept:
    """An accepted message: `written` as it is kept, `message` its envelope; `accepted` and `due` are POSIX times.

    `attempts`, `due` and `error` are those of the last attempt that failed. `askers` wait for `settlement`.
    """

    __slots__ = (
        "accepted",
        "askers",
        "attempts",
        "due",
        "error",
        "expires",
        "mailbox",
        "message",
        "seq",
        "settlement",
        "written",
    )

    def __init__(self, seq: int, message: AgentMessage, written: Written, mailbox: Mailbox, accepted: float) -> None:
        self.seq = seq
        self.message = message
        self.written = written
        self.mailbox = mailbox
        self.accepted = accepted
        self.expires: float | None = None
        self.attempts = 0
        self.due: float | None = None
        self.error: str | None = None
        self.settlement: Settlement[int] | None = None
        self.askers: list[Asker[int]] | None = None

    def copy(self) -> AgentMessage:
        """The message, as nobody else holds it."""
        return self.written.message()

    def listen(self, asker: Asker[int]) -> None:
        """Let `asker` hear of the end, now if it has come."""
        if self.settlement is not None:
            asker.settled(self.settlement)
        elif self.askers is None:
            self.askers = [asker]
        else:
            self.askers.append(asker)

    async def stream(self, chunk: dict[str, Any]) -> None:
        """A part of the reply came."""
        for asker in self.askers or ():
            asker.chunk(chunk)

    def leave(self, asker: Asker[int]) -> None:
        """`asker` waits no more."""
        if self.askers and asker in self.askers:
            self.askers.remove(asker)

    def ask_no_more(self) -> None:
        """The broker stops: nobody will be answered any more."""
        askers, self.askers = self.askers, None
        for asker in askers or ():
            asker.failed(BrokerStoppedError("the broker was stopped before the reply came; repeat the request"))

    def settled(self, settlement: Settlement[int]) -> None:
        """The message ended."""
        self.settlement = settlement
        self.attempts = settlement.attempts
        self.error = settlement.error
        askers, self.askers = self.askers, None
        if askers is not None:
            for asker in askers:
                asker.settled(settlement)

    def revived(self) -> None:
        """A dead letter waits again with fresh attempts."""
        self.settlement, self.error, self.attempts, self.due = None, None, 0, None
