"""One message in memory, and what keeps its words apart from those of whoever sent it.

An envelope never changes, so it is shared. What it carries may change in the hands of its sender or of a handler, so
that is kept as JSON, and everyone who is shown the message gets a copy of their own.
"""

from typing import Any, Final

import orjson

from folkmoot.kernel import Clock
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.mailboxes import Mailbox
from folkmoot.messaging.brokers.replies import Asker
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import BrokerStoppedError

# What pydantic writes in a form of its own must not be written in another because it stayed in the process.
_OURS_ALONE: Final = (
    orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
)
# The most that ids, addresses, intent and names of fields take as JSON; an id has 200 characters of at most 6 bytes.
_ENVELOPE: Final = 7000
_WORST: Final = 6


class Kept:
    """An accepted message. `body` is the JSON of what it carries; `accepted` and `due` are POSIX times.

    `attempts`, `due` and `error` are those of the last attempt that failed. `askers` wait for `settlement`.
    """

    __slots__ = (
        "accepted",
        "askers",
        "attempts",
        "body",
        "due",
        "error",
        "expires",
        "mailbox",
        "message",
        "seq",
        "settlement",
    )

    def __init__(self, seq: int, message: AgentMessage, body: bytes, mailbox: Mailbox, accepted: float) -> None:
        self.seq = seq
        self.message = message
        self.body = body
        self.mailbox = mailbox
        self.accepted = accepted
        self.expires: float | None = None
        self.attempts = 0
        self.due: float | None = None
        self.error: str | None = None
        self.settlement: Settlement[int] | None = None
        self.askers: list[Asker[int]] | None = None

    def copy(self) -> AgentMessage:
        """The message, with a copy of what it carries."""
        return self.message.carrying(*orjson.loads(self.body))

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


def packed(message: AgentMessage) -> bytes:
    """The JSON of what a message carries. Raises what pydantic raises for what is no JSON."""
    payload = message.payload
    try:
        return orjson.dumps((payload.data, payload.context, payload.attachments), option=_OURS_ALONE)
    except TypeError:
        # Values that only the model knows how to write, such as a Decimal or another model.
        written = orjson.loads(payload.model_dump_json(include={"data", "context", "attachments"}))
        return orjson.dumps((written["data"], written["context"], written["attachments"]))


def size(message: AgentMessage, body: bytes, limit: int) -> int:
    """The bytes of a message as JSON; where it is far below `limit`, no less than those."""
    loose = len(message.trace or "") + len(message.reply_to or "") + len(message.correlation_id or "")
    bound = len(body) + _ENVELOPE + loose * _WORST
    return bound if bound <= limit else len(message.to_bytes())


class ReplyData:
    """Writes of a reply what its question does not say already. See `ReplyForm`."""

    def encoded(self, message: AgentMessage, data: dict[str, Any], clock: Clock) -> bytes:  # noqa: ARG002  # the end of a message has its time
        """The JSON of `data`."""
        try:
            return orjson.dumps(data)
        except TypeError:
            return orjson.dumps(orjson.loads(message.answer(data).to_bytes())["payload"]["data"])
