"""How long messages wait: sent at a pace that leaves the machine room, timed from the send to the handler's begin."""

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from folkmoot.kernel import new_id
from folkmoot.messaging import AgentMessage, Broker, Delivery, MessagePayload
from tests.waiting import wait_until

SENDERS: Final = 20
PER_SECOND: Final = 200


def letter(recipient: str, sender: str = "someone", **data: Any) -> AgentMessage:
    """A message with that data."""
    return AgentMessage(
        message_id=new_id(),
        sender_id=sender,
        recipient_id=recipient,
        intent="chat",
        payload=MessagePayload(data=data),
    )


class Pace:
    """Sends to one agent and takes the times. `handle` is the agent's handler, to be subscribed."""

    def __init__(self, recipient: str) -> None:
        self._recipient = recipient
        self._sent: dict[str, float] = {}
        self._waits: list[float] = []

    async def handle(self, delivery: Delivery) -> None:
        """Take the time of a message that `send` sent."""
        sent = self._sent.pop(delivery.message.message_id, None)
        if sent is not None:
            self._waits.append(time.perf_counter() - sent)

    async def p99(self, broker: Broker, count: int, *, between: Callable[[int], AgentMessage | None]) -> float:
        """Seconds that 99 of 100 messages waited at most; `between` may send another message after each."""
        self._waits.clear()
        for number in range(count):
            sent = letter(self._recipient, f"sender-{number % SENDERS}", n=number)
            self._sent[sent.message_id] = time.perf_counter()
            await broker.publish(sent)
            if (other := between(number)) is not None:
                await broker.publish(other)
            await asyncio.sleep(1 / PER_SECOND)
        await wait_until(lambda: not self._sent, seconds=30)
        return statistics.quantiles(self._waits, n=100)[98]


def nothing(_number: int) -> None:
    """No other message."""
