"""Messages and their fates as the journal knows them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from folkmoot.kernel import FolkmootError
from folkmoot.messaging.broker import MessageRecord, MessageStatus
from folkmoot.messaging.brokers.ending import First
from folkmoot.messaging.brokers.journal import seq_list
from folkmoot.messaging.brokers.reader import Reader, RecordRow
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import UnknownMessageError
from folkmoot.messaging.middleware import Chain

_TO_OR_FROM: Final = """m.seq IN (
    SELECT seq FROM (
        SELECT seq FROM listed WHERE kind = 'mailbox' AND name = ? AND seq < ? AND STATUS ORDER BY seq DESC LIMIT ?
    ) UNION SELECT seq FROM (
        SELECT seq FROM listed WHERE kind = 'sender' AND name = ? AND seq < ? AND STATUS ORDER BY seq DESC LIMIT ?
    )
)"""
# Most are handled, so the newest are found at once; few are dead or expired, so those are looked up first.
_OF_STATUS: Final[Mapping[MessageStatus, str]] = {
    MessageStatus.QUEUED: "SEQ IN (SELECT seq FROM waiting) AND SEQ NOT IN (SELECT value FROM json_each(?))",
    MessageStatus.IN_FLIGHT: "SEQ IN (SELECT value FROM json_each(?) WHERE value NOT IN (SELECT seq FROM settled))",
    MessageStatus.HANDLED: "EXISTS (SELECT 1 FROM settled AS e WHERE e.seq = SEQ AND e.status = 'handled')",
    MessageStatus.DEAD: "SEQ IN (SELECT seq FROM settled WHERE status = 'dead')",
    MessageStatus.EXPIRED: "SEQ IN (SELECT seq FROM settled WHERE status = 'expired')",
}
_IN_CONVERSATION: Final = "m.seq IN (SELECT seq FROM listed WHERE kind = 'conversation' AND name = ? AND seq < ?)"


class Archive:
    """Looks messages up. `out` are the `seq` of those being handled, which only the process knows."""

    def __init__(self, *, reader: Reader, out: set[int], chain: Chain) -> None:
        self._reader = reader
        self._out = out
        self._chain = chain

    async def find(self, message_id: str) -> MessageRecord | None:
        """See `Broker.find`."""
        row = await self._reader.by_id(message_id)
        return self._record(row) if row else None

    async def first(self, message_id: str) -> First[int] | None:
        """The accepted message with this id."""
        row = await self._reader.by_id(message_id)
        return First(row[0], AgentMessage.model_validate_json(row[2]).recipient_id) if row else None

    async def messages(
        self,
        *,
        agent_id: str | None,
        conversation_id: str | None,
        status: MessageStatus | None,
        limit: int,
        before: int | None,
    ) -> list[MessageRecord]:
        """See `Broker.messages`."""
        conditions, values = ["1"], list[object]()
        if agent_id is not None:
            # Two searches by index and their union: an OR over both columns would read the whole table.
            condition, wanted = self._of_status("listed.seq", status)
            conditions.append(_TO_OR_FROM.replace("STATUS", condition))
            enough = limit if conversation_id is None else -1
            values += [agent_id, _below(before), *wanted, enough] * 2
        else:
            condition, wanted = self._of_status("m.seq", status)
            conditions.append(condition)
            values += wanted
        if conversation_id is not None:
            conditions.append(_IN_CONVERSATION)
            values += [conversation_id, _below(before)]
        conditions.append("m.seq < ?")
        values.append(_below(before))
        rows = await self._reader.records(" AND ".join(conditions), values, limit=max(limit, 0))
        return self._records(rows)

    async def dead_letters(self, *, agent_id: str | None, limit: int, offset: int) -> list[MessageRecord]:
        """See `Broker.dead_letters`."""
        where, values = "s.status = 'dead'", list[object]()
        if agent_id is not None:
            where, values = f"{where} AND m.mailbox = ?", [agent_id]
        rows = await self._reader.records(
            where, values, order=" ORDER BY s.at DESC, s.seq DESC", limit=max(limit, 0), offset=max(offset, 0)
        )
        return self._records(rows)

    async def dead_letter(self, message_id: str) -> MessageRecord:
        """One dead letter. Raises `UnknownMessageError`."""
        record = await self.find(message_id)
        if record is None or record.status is not MessageStatus.DEAD:
            raise not_dead(message_id)
        return record

    def _of_status(self, seq: str, status: MessageStatus | None) -> tuple[str, list[object]]:
        """A condition for the message whose number is in the column `seq`, and its values."""
        if status is None:
            return "1", []
        values: list[object] = []
        if status in {MessageStatus.QUEUED, MessageStatus.IN_FLIGHT}:
            values = [seq_list(self._out)]
        return _OF_STATUS[status].replace("SEQ", seq), values

    def _records(self, rows: Sequence[RecordRow]) -> list[MessageRecord]:
        return [self._record(row) for row in rows]

    def _record(self, row: RecordRow) -> MessageRecord:
        seq, accepted, body, tried, last_error, status, at, attempts, error, reply = row
        return MessageRecord(
            position=seq,
            message=opened(self._chain, body),
            status=self._status(seq, status),
            attempts=(tried if attempts is None else attempts) or 0,
            accepted_at=_moment(accepted),
            settled_at=None if at is None else _moment(at),
            error=last_error if status is None else error,
            reply=None if reply is None else opened(self._chain, reply),
        )

    def _status(self, seq: int, status: str | None) -> MessageStatus:
        if status is not None:
            return MessageStatus(status)
        return MessageStatus.IN_FLIGHT if seq in self._out else MessageStatus.QUEUED


def opened(chain: Chain, body: bytes) -> AgentMessage:
    """A message as it was sent; as it is kept where it cannot be opened, so that an operator sees it at all."""
    return shown(chain, AgentMessage.model_validate_json(body))


def shown(chain: Chain, message: AgentMessage) -> AgentMessage:
    """The same of a message that was read."""
    try:
        return chain.reading(message)
    except FolkmootError:
        return message


def not_dead(message_id: str) -> UnknownMessageError:
    """Nothing with this id is in the dead-letter box."""
    return UnknownMessageError(
        f"there is no dead letter '{message_id}'; it may have been retried or dropped", message_id=message_id
    )


def _moment(posix: float) -> datetime:
    return datetime.fromtimestamp(posix, UTC)


def _below(before: int | None) -> int:
    return before if before is not None else 2**62
