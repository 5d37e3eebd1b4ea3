"""The handler's transaction: its effect and the mark "handled" commit together, whatever happens after."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import Delivery
from folkmoot.messaging.broker import MessageStatus
from folkmoot.storage import Database
from tests.contracts.rigs import PATIENCE, Rig, message
from tests.waiting import wait_until


@pytest.fixture
async def effects(database: Database) -> Database:
    """A database with a table that has a row for each effect."""
    async with database.write() as session:
        await session.execute(text("CREATE TABLE effects (message_id TEXT)"))
    return database


async def count(database: Database, table: str = "effects") -> int:
    async with database.read() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def book(delivery: Delivery, reply: dict[str, Any] | None = None) -> None:
    async with delivery.transaction(reply) as session:
        await session.execute(
            text("INSERT INTO effects VALUES (:message_id)"), {"message_id": delivery.message.message_id}
        )


async def test_effect_and_mark_commit_together(rig: Rig, effects: Database) -> None:
    async def handle(delivery: Delivery) -> dict[str, bool]:
        await book(delivery)
        return {"booked": True}

    await rig.broker.subscribe("bob", handle)
    reply = await rig.broker.request(message(), timeout=PATIENCE)
    assert reply.payload.data == {"booked": True}
    assert (await count(effects), await count(effects, "handled_messages")) == (1, 1)


async def test_a_block_that_fails_leaves_neither(rig: Rig, effects: Database, clock: SimulatedClock) -> None:
    async def handle(delivery: Delivery) -> None:
        async with delivery.transaction() as session:
            await session.execute(text("INSERT INTO effects VALUES ('x')"))
            if delivery.attempt == 1:
                raise RuntimeError("after the effect, before the commit")

    sent = message()
    await rig.broker.subscribe("bob", handle)
    await rig.broker.publish(sent)

    async def failed_once() -> bool:
        record = await rig.broker.find(sent.message_id)
        return record is not None and record.attempts == 1

    await wait_until(failed_once)
    assert (await count(effects), await count(effects, "handled_messages")) == (0, 0)
    clock.advance(timedelta(seconds=2))
    await rig.broker.request(sent, timeout=PATIENCE)
    assert (await count(effects), await count(effects, "handled_messages")) == (1, 1)


async def test_an_effect_that_committed_is_not_repeated(rig: Rig, effects: Database, clock: SimulatedClock) -> None:
    attempts: list[int] = []

    async def handle(delivery: Delivery) -> dict[str, int]:
        attempts.append(delivery.attempt)
        reply: dict[str, Any] = {}
        async with delivery.transaction(reply) as session:
            await session.execute(text("INSERT INTO effects VALUES ('x')"))
            reply["number"] = 42
        raise RuntimeError("the process dies between the commit and the acknowledgement")

    sent = message()
    await rig.broker.subscribe("bob", handle)
    await rig.broker.publish(sent)

    async def failed_once() -> bool:
        record = await rig.broker.find(sent.message_id)
        return record is not None and record.attempts == 1

    await wait_until(failed_once)
    clock.advance(timedelta(seconds=2))
    reply = await rig.broker.request(sent, timeout=PATIENCE)
    assert reply.payload.data == {"number": 42}
    assert attempts == [1, 2]
    assert await count(effects) == 1
    record = await rig.broker.find(sent.message_id)
    assert record is not None
    assert record.status is MessageStatus.HANDLED


@pytest.mark.durable
async def test_a_crash_after_the_commit_does_not_repeat_the_effect(rig: Rig, effects: Database) -> None:
    committed: list[str] = []

    async def handle(delivery: Delivery) -> None:
        await book(delivery, {"number": 7})
        committed.append(delivery.message.message_id)
        if len(committed) == 1:
            await rig.clock.sleep(timedelta(days=1))

    sent = message()
    await rig.broker.subscribe("bob", handle)
    await rig.broker.publish(sent)
    await wait_until(lambda: bool(committed))
    await rig.crash()
    await rig.broker.subscribe("bob", handle)
    assert (await rig.broker.request(sent, timeout=PATIENCE)).payload.data == {"number": 7}
    assert await count(effects) == 1


async def test_marks_are_kept_as_long_as_their_message_may_come_again(rig: Rig, effects: Database) -> None:
    async def handle(delivery: Delivery) -> None:
        await book(delivery)

    await rig.broker.subscribe("bob", handle)
    waiting = message("carol")
    await rig.broker.publish(waiting)
    await rig.broker.request(message(), timeout=PATIENCE)
    rig.clock.advance(timedelta(days=8))
    await rig.broker.prune(timedelta(days=7))
    assert await count(effects, "handled_messages") == 1
    await rig.broker.subscribe("carol", handle)
    await rig.broker.request(waiting, timeout=PATIENCE)
    await rig.broker.prune(timedelta(days=7))
    assert await count(effects, "handled_messages") == 1
