"""What a broker can be asked: one message, lists, figures, its health; and what it may forget."""

import asyncio
from datetime import timedelta

from folkmoot.messaging import Broker, Delivery
from folkmoot.messaging.broker import MessageStatus
from tests.contracts.rigs import PATIENCE, Rig, message
from tests.waiting import wait_until


async def answer(_delivery: Delivery) -> dict[str, bool]:
    return {"ok": True}


async def test_a_record_follows_the_message(rig: Rig) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def handle(delivery: Delivery) -> dict[str, bool]:
        begun.set()
        await go.wait()
        return await answer(delivery)

    assert await rig.broker.find("never-sent") is None
    accepted_at = rig.clock.now()
    sent = message()
    await rig.broker.publish(sent)
    queued = await rig.broker.find(sent.message_id)
    assert queued is not None
    assert (queued.message, queued.status, queued.attempts) == (sent, MessageStatus.QUEUED, 0)
    assert (queued.accepted_at, queued.settled_at, queued.reply) == (accepted_at, None, None)
    await rig.broker.subscribe("bob", handle)
    await begun.wait()
    busy = await rig.broker.find(sent.message_id)
    assert busy is not None
    assert busy.status is MessageStatus.IN_FLIGHT
    rig.clock.advance(timedelta(seconds=5))
    go.set()
    await rig.broker.request(sent, timeout=PATIENCE)
    done = await rig.broker.find(sent.message_id)
    assert done is not None
    assert (done.status, done.attempts) == (MessageStatus.HANDLED, 1)
    assert (done.accepted_at, done.settled_at) == (accepted_at, rig.clock.now())
    assert done.reply is not None
    assert done.reply.payload.data == {"ok": True}


async def test_messages_by_agent_and_conversation_in_pages(broker: Broker) -> None:
    for number in range(10):
        await broker.publish(message("bob", "alice", data={"n": number}, conversation_id=f"talk-{number % 2}"))
    await broker.publish(message("carol", "bob", data={"n": 10}, conversation_id="talk-0"))
    await broker.publish(message("carol", "dave", data={"n": 11}, conversation_id="talk-9"))

    async def numbers(**question: object) -> list[int]:
        return [record.message.payload.data["n"] for record in await broker.messages(**question)]  # type: ignore[arg-type]  # the keywords under test

    assert await numbers() == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await numbers(agent_id="bob", limit=3) == [10, 9, 8]
    assert await numbers(agent_id="carol") == [11, 10]
    assert await numbers(conversation_id="talk-1") == [9, 7, 5, 3, 1]
    assert await numbers(agent_id="carol", conversation_id="talk-0") == [10]
    assert await numbers(agent_id="nobody") == []
    page = await broker.messages(agent_id="bob", limit=4)
    assert await numbers(agent_id="bob", limit=4, before=page[-1].position) == [6, 5, 4, 3]


async def test_figures(rig: Rig) -> None:
    assert (await rig.broker.stats()).oldest_seconds == 0.0
    await rig.broker.publish(message("carol"))
    rig.clock.advance(timedelta(seconds=30))
    await rig.broker.publish(message("bob"))
    await rig.broker.subscribe("bob", answer)
    await rig.broker.request(message("bob"), timeout=PATIENCE)

    async def both_handled() -> bool:
        return (await rig.broker.stats()).handled == 2

    await wait_until(both_handled)
    for _ in range(2):
        stats = await rig.broker.stats()
        assert (stats.queued, stats.in_flight, stats.handled, stats.dead, stats.expired) == (1, 0, 2, 0, 0)
        assert stats.mailboxes == {"carol": 1}
        assert stats.oldest_seconds == 30.0
        await rig.revive()


async def test_old_messages_are_forgotten_and_waiting_ones_are_not(rig: Rig) -> None:
    await rig.broker.subscribe("bob", answer)
    old, young, waiting = message(), message(), message("carol")
    await rig.broker.publish(waiting)
    await rig.broker.request(old, timeout=PATIENCE)
    rig.clock.advance(timedelta(days=8))
    await rig.broker.request(young, timeout=PATIENCE)
    assert await rig.broker.prune(timedelta(days=7)) == 1
    assert await rig.broker.find(old.message_id) is None
    assert await rig.broker.find(young.message_id) is not None
    assert {record.message.message_id for record in await rig.broker.messages()} == {
        young.message_id,
        waiting.message_id,
    }
    stats = await rig.broker.stats()
    assert (stats.handled, stats.queued) == (1, 1)
    await rig.revive()
    await rig.broker.subscribe("carol", answer)
    assert (await rig.broker.request(waiting, timeout=PATIENCE)).payload.data == {"ok": True}


async def test_a_healthy_broker(broker: Broker) -> None:
    await broker.health_check()
