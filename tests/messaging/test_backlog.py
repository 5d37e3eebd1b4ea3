"""A long backlog: bodies stay in the journal and are paged in, memory stays bounded, order is kept."""

import asyncio
import tracemalloc
from pathlib import Path

import pytest

from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database
from tests.waiting import wait_until

MESSAGES = 20_000


@pytest.mark.slow
async def test_twenty_thousand_wait_in_little_memory_and_come_in_order(tmp_path: Path, database: Database) -> None:
    clock = SystemClock()
    broker = EmbeddedBroker(journal=tmp_path / "j.db", clock=clock, inbox=Inbox(database=database, clock=clock))
    await broker.start()

    async def send(sender: int) -> None:
        for number in range(MESSAGES // 10):
            await broker.publish(
                AgentMessage(
                    sender_id=f"sender-{sender}",
                    recipient_id="bob",
                    intent="chat",
                    payload=MessagePayload(data={"n": number, "text": "x" * 1000}),
                )
            )

    await asyncio.gather(*(send(sender) for sender in range(10)))
    await broker.stop()

    tracemalloc.start()
    await broker.start()
    waiting, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert waiting / MESSAGES < 150  # bytes a message, of more than 1,200 that each has

    got: dict[str, list[int]] = {}

    async def handle(delivery: Delivery) -> None:
        got.setdefault(delivery.message.sender_id, []).append(delivery.message.payload.data["n"])

    await broker.subscribe("bob", handle)

    async def all_handled() -> bool:
        return (await broker.stats()).handled == MESSAGES

    await wait_until(all_handled, seconds=60)
    assert len(got) == 10
    assert all(numbers == list(range(MESSAGES // 10)) for numbers in got.values())
    await broker.stop()
