"""Messages and their fates as memory knows them, each shown as a copy."""

from datetime import UTC, datetime

from folkmoot.messaging.broker import MessageRecord, MessageStatus
from folkmoot.messaging.brokers.archive import not_dead, opened, shown
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.memory.kept import Kept
from folkmoot.messaging.brokers.memory.shelf import Shelf
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware import Chain


class Archive:
    """Shows what is kept. `out` are the `seq` of those being handled."""

    def __init__(self, *, shelf: Shelf, out: set[int], chain: Chain) -> None:
        self._shelf = shelf
        self._out = out
        self._chain = chain

    def find(self, message_id: str) -> MessageRecord | None:
        """See `Broker.find`."""
        kept = self._shelf.known(message_id)
        return None if kept is None else self.record(kept)

    def messages(
        self,
        *,
        agent_id: str | None,
        conversation_id: str | None,
        status: MessageStatus | None,
        limit: int,
        before: int | None,
    ) -> list[MessageRecord]:
        """See `Broker.messages`."""

        def wanted(kept: Kept) -> bool:
            message = kept.message
            return (
                (agent_id is None or agent_id in {message.recipient_id, message.sender_id})
                and (conversation_id is None or conversation_id == message.conversation_id)
                and (status is None or status is self._status(kept))
            )

        return [self.record(kept) for kept in self._shelf.newest(wanted, limit=limit, before=before)]

    def dead_letters(self, *, agent_id: str | None, limit: int, offset: int) -> list[MessageRecord]:
        """See `Broker.dead_letters`."""
        first = max(offset, 0)
        return [self.record(kept) for kept in self._shelf.dead(agent_id, first, first + max(limit, 0))]

    def dead_letter(self, message_id: str) -> Kept:
        """One dead letter. Raises `UnknownMessageError`."""
        kept = self._shelf.known(message_id)
        if kept is None or self._status(kept) is not MessageStatus.DEAD:
            raise not_dead(message_id)
        return kept

    def record(self, kept: Kept) -> MessageRecord:
        """A message and its fate."""
        end = kept.settlement
        return MessageRecord(
            position=kept.seq,
            message=shown(self._chain, kept.copy()),
            status=self._status(kept),
            attempts=kept.attempts,
            accepted_at=datetime.fromtimestamp(kept.accepted, UTC),
            settled_at=None if end is None else datetime.fromtimestamp(end.at, UTC),
            error=kept.error,
            reply=self._reply(end),
        )

    def _reply(self, end: Settlement[int] | None) -> AgentMessage | None:
        if end is None:
            return None
        if end.answer is not None:
            return end.answer.message()
        return None if end.reply is None else opened(self._chain, end.reply)

    def _status(self, kept: Kept) -> MessageStatus:
        if kept.settlement is not None:
            return kept.settlement.status
        return MessageStatus.IN_FLIGHT if kept.seq in self._out else MessageStatus.QUEUED
