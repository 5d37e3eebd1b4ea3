"""Who waits for a reply, and who reads one as it comes. Both live in this process; the replies are in the journal."""

import asyncio
import uuid
from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any, Final

import orjson

from folkmoot.kernel import Family, FolkmootError
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.journal import First, Settlement
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import (
    BrokerStoppedError,
    HandlingFailedError,
    HandlingForbiddenError,
    HandlingLimitedError,
    HandlingRefusedError,
)

_EMPTY_REPLY: Final = uuid.UUID("6f1b3f0e-54c5-4c0c-9d3a-5a0d5c9c6f11")
# What a stream carries: chunks, then what ends it.
StreamItem = dict[str, Any] | Settlement | First | Exception


class Publisher:
    """Waits for its message to be accepted."""

    __slots__ = ("receipt",)

    def __init__(self) -> None:
        self.receipt: asyncio.Future[First | None] = asyncio.get_running_loop().create_future()

    def accepted(self, first: First | None) -> None:
        """The journal has the message; `first` is the one that had this id before."""
        if not self.receipt.done():
            self.receipt.set_result(first)

    def failed(self, fault: Exception) -> None:
        """The message was not accepted."""
        if not self.receipt.done():
            self.receipt.set_exception(fault)


class Asker:
    """Waits for the end of one message, or to hear that another message had its id before."""

    __slots__ = ("answer", "seq")

    def __init__(self) -> None:
        self.seq = 0
        self.answer: asyncio.Future[Settlement | First] = asyncio.get_running_loop().create_future()

    async def next(self) -> Settlement | First | dict[str, Any]:
        """What is heard next."""
        heard = await self.answer
        if isinstance(heard, First):
            self.answer = asyncio.get_running_loop().create_future()
        return heard

    def accepted(self, first: First | None) -> None:
        """The journal has the message: of no interest, unless it repeats another."""
        if first is not None and not self.answer.done():
            self.answer.set_result(first)

    def settled(self, settlement: Settlement) -> None:
        """The message ended."""
        if not self.answer.done():
            self.answer.set_result(settlement)

    def failed(self, fault: Exception) -> None:
        """There will be no end to hear of."""
        if not self.answer.done():
            self.answer.set_exception(fault)

    def chunk(self, chunk: dict[str, Any]) -> None:
        """A part of the reply came: not asked for."""


class StreamReader(Asker):
    """Reads a reply as it comes: chunks, then the end."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        super().__init__()
        self.items: asyncio.Queue[StreamItem] = asyncio.Queue()

    async def next(self) -> Settlement | First | dict[str, Any]:
        """What is heard next."""
        item = await self.items.get()
        if isinstance(item, Exception):
            raise item
        return item

    def accepted(self, first: First | None) -> None:
        """The journal has the message: of no interest, unless it repeats another."""
        if first is not None:
            self.items.put_nowait(first)

    def settled(self, settlement: Settlement) -> None:
        """The message ended."""
        self.items.put_nowait(settlement)

    def failed(self, fault: Exception) -> None:
        """There will be no end to hear of."""
        self.items.put_nowait(fault)

    def chunk(self, chunk: dict[str, Any]) -> None:
        """A part of the reply came. It is a copy that went through JSON, as it would between processes."""
        self.items.put_nowait(orjson.loads(orjson.dumps(chunk)))


class Replies:
    """Askers by the `seq` of the message they asked with."""

    def __init__(self) -> None:
        self._askers: dict[int, list[Asker]] = {}

    def listen(self, asker: Asker, seq: int) -> None:
        """From now on `asker` hears of the message `seq`, and of no other."""
        if asker.seq:
            self.leave(asker)
        asker.seq = seq
        askers = self._askers.get(seq)
        if askers is None:
            self._askers[seq] = [asker]
        else:
            askers.append(asker)

    def leave(self, asker: Asker) -> None:
        """`asker` waits no more."""
        if asker.answer.done() and not asker.answer.cancelled():
            # A fault that nobody awaited is not worth the loop's complaint.
            asker.answer.exception()
        askers = self._askers.get(asker.seq)
        if askers and asker in askers:
            askers.remove(asker)
            if not askers:
                del self._askers[asker.seq]

    def chunk(self, seq: int, chunk: dict[str, Any]) -> None:
        """A part of a reply came."""
        for asker in self._askers.get(seq, ()):
            asker.chunk(chunk)

    def settled(self, settlement: Settlement) -> None:
        """A message ended, and the journal has it."""
        for asker in self._askers.pop(settlement.seq, ()):
            asker.settled(settlement)

    def stop(self) -> None:
        """Nobody will be answered any more."""
        for askers in self._askers.values():
            for asker in askers:
                asker.failed(
                    BrokerStoppedError("the broker was stopped before the reply came; the message stays accepted")
                )
        self._askers.clear()


def reply_of(message: AgentMessage, settlement: Settlement) -> AgentMessage:
    """The reply in a settlement; an empty one if the handler gave none. Raises `HandlingFailedError` for the rest."""
    if settlement.status is MessageStatus.HANDLED:
        if settlement.reply is not None:
            return AgentMessage.model_validate_json(settlement.reply)
        # The same id each time it is asked for, as a recorded reply has.
        return message.answer({}).model_copy(update={"message_id": str(uuid.uuid5(_EMPTY_REPLY, message.message_id))})
    fault = settlement.fault
    kind = _KINDS.get(fault.family, HandlingFailedError) if isinstance(fault, FolkmootError) else HandlingFailedError
    wait = fault.fields.get("retry_after_seconds") if isinstance(fault, FolkmootError) else None
    raise kind(
        f"{message.recipient_id} did not handle message {message.message_id}: {settlement.error or settlement.status}",
        message_id=message.message_id,
        recipient_id=message.recipient_id,
        status=settlement.status.value,
        error=settlement.error,
        **({} if wait is None else {"retry_after_seconds": wait}),
    )


_KINDS: Final[Mapping[Family, type[HandlingFailedError]]] = {
    Family.INVALID: HandlingRefusedError,
    Family.FORBIDDEN: HandlingForbiddenError,
    Family.LIMITED: HandlingLimitedError,
}


class ReplyWriter:
    """Writes replies as JSON without the model, which costs several times as much."""

    def __init__(self) -> None:
        # An id must be unique, not secret; asking the system for each lets the writing thread in between.
        self._random = Random()  # see above

    def encoded(self, message: AgentMessage, data: dict[str, Any], at: datetime) -> bytes:
        """The JSON of `message.answer(data)`, sent at `at`."""
        return _encoded(message, data, at, str(uuid.UUID(int=self._random.getrandbits(128), version=4)))


def _encoded(message: AgentMessage, data: dict[str, Any], at: datetime, reply_id: str) -> bytes:
    fields = {
        "message_id": reply_id,
        "conversation_id": message.conversation_id,
        "sender_id": message.recipient_id,
        "recipient_id": message.sender_id,
        "intent": message.intent,
        "payload": {"data": data, "priority": message.payload.priority.value},
        "timestamp": at,
        "reply_to": message.message_id,
        "correlation_id": message.correlation_id or message.message_id,
    }
    if message.trace is not None:
        fields["trace"] = message.trace
    try:
        return orjson.dumps(fields)
    except TypeError:
        # Values that only the model knows how to write, such as a Decimal or another model.
        return message.answer(data).to_bytes()
