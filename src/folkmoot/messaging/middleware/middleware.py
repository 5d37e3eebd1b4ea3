"""What a middleware may do, at each point of a message's way."""

from datetime import datetime, timedelta
from enum import StrEnum

from folkmoot.messaging.broker import Delivery, Handler, Reply
from folkmoot.messaging.envelope import AgentMessage


class Happening(StrEnum):
    """What became of a message in this process."""

    ACCEPTED = "accepted"
    HANDLED = "handled"
    REPEATED = "repeated"
    """An attempt failed, and there will be another."""
    DEAD = "dead"
    EXPIRED = "expired"


class Middleware:
    """Everything may be left as it is; a subclass overrides what it is about. Instances serve one broker."""

    async def sending(self, message: AgentMessage) -> AgentMessage:
        """The message as it is to be sent. Raise to refuse it: the sender gets that error, and nothing is accepted."""
        return message

    def storing(self, message: AgentMessage) -> AgentMessage:
        """The last look before a message, or a reply, becomes bytes: as it is to be kept and sent on."""
        return message

    def reading(self, message: AgentMessage) -> AgentMessage:
        """The undoing of `storing`. Raise where that is impossible: the message becomes a dead letter then."""
        return message

    def packing(self, chunk: bytes, message_id: str) -> bytes:  # noqa: ARG002  # for those that override it
        """What `storing` is for messages, for a part of a reply."""
        return chunk

    def unpacking(self, chunk: bytes, message_id: str) -> bytes:  # noqa: ARG002  # see `packing`
        """The undoing of `packing`."""
        return chunk

    async def handling(self, delivery: Delivery, handle: Handler) -> Reply:
        """Around an attempt: call `handle` with the delivery, or do not. What it raises is the attempt's failure."""
        return await handle(delivery)

    def too_late_at(self, message: AgentMessage) -> datetime | None:  # noqa: ARG002  # see `packing`
        """From when on the message must not be handled any more; the earliest of all middleware counts."""
        return None

    def trying_again(self, message: AgentMessage, attempt: int, error: Exception) -> timedelta | None:  # noqa: ARG002  # see `packing`
        """After how long a message whose `attempt` (from 1) failed is tried again; None: not for its sake.

        The first of the chain that names a time is followed; where none does the message is given up.
        """
        return None

    def happened(self, what: Happening, message: AgentMessage) -> None:
        """Told of what became of a message; must be quick and raise nothing."""
