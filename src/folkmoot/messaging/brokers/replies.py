"""Who waits for a reply, and who reads one as it comes. Both live in this process; the broker keeps the replies."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic

import orjson

from folkmoot.kernel import Family
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.ending import First, K, Settlement
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
StreamItem = dict[str, Any] | Settlement[K] | First[K] | Exception


class Publisher(Generic[K]):
    """Waits for its message to be accepted."""

    __slots__ = ("receipt",)

    def __init__(self) -> None:
        self.receipt: asyncio.Future[First[K] | None] = asyncio.get_running_loop().create_future()

    def accepted(self, first: First[K] | None) -> None:
        """The journal has the message; `first` is the one that had this id before."""
        if not self.receipt.done():
            self.receipt.set_result(first)

    def failed(self, fault: Exception) -> None:
        """The message was not accepted."""
        if not self.receipt.done():
            self.receipt.set_exception(fault)


class Asker(Generic[K]):
    """Waits for the end of one message, or to hear that another message had its id before."""

    __slots__ = ("answer", "key")

    def __init__(self) -> None:
        self.key: K | None = None
        self.answer: asyncio.Future[Settlement[K] | First[K]] = asyncio.get_running_loop().create_future()

    async def next(self) -> Settlement[K] | First[K] | dict[str, Any]:
        """What is heard next."""
        heard = await self.answer
        if isinstance(heard, First):
            self.answer = asyncio.get_running_loop().create_future()
        return heard

    def accepted(self, first: First[K] | None) -> None:
        """The journal has the message: of no interest, unless it repeats another."""
        if first is not None and not self.answer.done():
            self.answer.set_result(first)

    def settled(self, settlement: Settlement[K]) -> None:
        """The message ended."""
        if not self.answer.done():
            self.answer.set_result(settlement)

    def failed(self, fault: Exception) -> None:
        """There will be no end to hear of."""
        if not self.answer.done():
            self.answer.set_exception(fault)

    def chunk(self, chunk: dict[str, Any]) -> None:
        """A part of the reply came: not asked for."""


class StreamReader(Asker[K]):
    """Reads a reply as it comes: chunks, then the end."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        super().__init__()
        self.items: asyncio.Queue[StreamItem[K]] = asyncio.Queue()

    async def next(self) -> Settlement[K] | First[K] | dict[str, Any]:
        """What is heard next."""
        item = await self.items.get()
        if isinstance(item, Exception):
            raise item
        return item

    def accepted(self, first: First[K] | None) -> None:
        """The journal has the message: of no interest, unless it repeats another."""
        if first is not None:
            self.items.put_nowait(first)

    def settled(self, settlement: Settlement[K]) -> None:
        """The message ended."""
        self.items.put_nowait(settlement)

    def failed(self, fault: Exception) -> None:
        """There will be no end to hear of."""
        self.items.put_nowait(fault)

    def chunk(self, chunk: dict[str, Any]) -> None:
        """A part of the reply came. It is a copy that went through JSON, as it would between processes."""
        self.items.put_nowait(orjson.loads(orjson.dumps(chunk)))


class Replies(Generic[K]):
    """Askers by what the broker knows the message by that they asked with."""

    def __init__(self) -> None:
        self._askers: dict[K, list[Asker[K]]] = {}

    def listen(self, asker: Asker[K], key: K) -> None:
        """From now on `asker` hears of the message `key`, and of no other."""
        if asker.key is not None:
            self.leave(asker)
        asker.key = key
        askers = self._askers.get(key)
        if askers is None:
            self._askers[key] = [asker]
        else:
            askers.append(asker)

    def leave(self, asker: Asker[K]) -> None:
        """`asker` waits no more."""
        if asker.answer.done() and not asker.answer.cancelled():
            # A fault that nobody awaited is not worth the loop's complaint.
            asker.answer.exception()
        if asker.key is None:
            return
        askers = self._askers.get(asker.key)
        if askers and asker in askers:
            askers.remove(asker)
            if not askers:
                del self._askers[asker.key]

    def has(self, key: K) -> bool:
        """Whether somebody waits for that."""
        return key in self._askers

    def waited_for(self) -> list[K]:
        """What somebody waits for."""
        return list(self._askers)

    def chunk(self, key: K, chunk: dict[str, Any]) -> None:
        """A part of a reply came."""
        for asker in self._askers.get(key, ()):
            asker.chunk(chunk)

    def settled(self, settlement: Settlement[K]) -> None:
        """A message ended, and the journal has it."""
        for asker in self._askers.pop(settlement.key, ()):
            asker.settled(settlement)

    def failed(self, key: K, fault: Exception) -> None:
        """There will be no end to hear of."""
        for asker in self._askers.pop(key, ()):
            asker.failed(fault)

    def stop(self) -> None:
        """Nobody will be answered any more."""
        for askers in self._askers.values():
            for asker in askers:
                asker.failed(
                    BrokerStoppedError("the broker was stopped before the reply came; the message stays accepted")
                )
        self._askers.clear()


def reply_of(message: AgentMessage, settlement: Settlement[K], read: Callable[[bytes], AgentMessage]) -> AgentMessage:
    """The reply in a settlement; an empty one if the handler gave none. Raises `HandlingFailedError` for the rest.

    `read` makes a message of its bytes.
    """
    if settlement.status is MessageStatus.HANDLED:
        if settlement.answer is not None:
            return settlement.answer.message()
        if settlement.reply:
            return read(settlement.reply)
        # The same id each time it is asked for, as a recorded reply has.
        return message.answer({}).model_copy(update={"message_id": str(uuid.uuid5(_EMPTY_REPLY, message.message_id))})
    kind = _KINDS.get(settlement.family, HandlingFailedError) if settlement.family else HandlingFailedError
    wait = settlement.retry_after_seconds
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
