"""What is particular to the broker in memory: what it keeps, for how long, and whose copy that is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import AgentMessage, Delivery
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.memory.broker import InMemoryBroker
from folkmoot.messaging.errors import BrokerStoppedError, ReplyTimeoutError
from folkmoot.messaging.middleware import Retry
from folkmoot.messaging.middleware.encrypt import Encrypt
from folkmoot.messaging.middleware.keyring import Keyring
from folkmoot.messaging.retry import RetryPolicy
from tests.contracts.rigs import PATIENCE, message
from tests.waiting import wait_until

REMEMBERED = 5


@pytest.fixture
async def broker(clock: SimulatedClock) -> AsyncIterator[InMemoryBroker]:
    """One that remembers little, and tries twice."""
    policy = RetryPolicy(attempts=2, first_delay=timedelta(0), jitter=0)
    broker = InMemoryBroker(clock=clock, middleware=[Retry(policy)], remembered=REMEMBERED)
    await broker.start()
    yield broker
    await broker.stop()


async def echo(delivery: Delivery) -> dict[str, object]:
    return dict(delivery.message.payload.data)


async def refuse(_delivery: Delivery) -> None:
    raise RuntimeError("no")


async def test_only_the_latest_of_those_that_ended_are_remembered(broker: InMemoryBroker) -> None:
    await broker.subscribe("bob", echo)
    sent = [message(data={"n": number}) for number in range(REMEMBERED + 3)]
    for item in sent:
        await broker.request(item, timeout=PATIENCE)
    kept = await broker.messages()
    assert [record.message.payload.data["n"] for record in kept] == [7, 6, 5, 4, 3]
    assert await broker.find(sent[0].message_id) is None
    assert (await broker.stats()).handled == REMEMBERED
    assert not (await broker.publish(sent[0])).duplicate


async def test_only_the_latest_dead_letters_are_kept(broker: InMemoryBroker) -> None:
    await broker.subscribe("bob", refuse)
    for number in range(REMEMBERED + 2):
        await broker.publish(message(data={"n": number}))

    async def all_given_up() -> bool:
        dead = await broker.dead_letters()
        return bool(dead) and dead[0].message.payload.data["n"] == REMEMBERED + 1

    await wait_until(all_given_up)
    assert [record.message.payload.data["n"] for record in await broker.dead_letters()] == [6, 5, 4, 3, 2]
    (bob,) = await broker.mailbox_stats("bob")
    assert (bob.dead, (await broker.stats()).dead) == (REMEMBERED, REMEMBERED)


async def test_what_waits_is_never_forgotten(broker: InMemoryBroker) -> None:
    waiting = message("carol")
    await broker.publish(waiting)
    await broker.subscribe("bob", echo)
    for _ in range(REMEMBERED * 2):
        await broker.request(message(), timeout=PATIENCE)
    await broker.subscribe("carol", echo)
    await broker.request(waiting, timeout=PATIENCE)


async def test_each_attempt_and_each_look_gets_a_copy_of_its_own(broker: InMemoryBroker) -> None:
    seen: list[list[int]] = []

    async def scribble(delivery: Delivery) -> dict[str, object]:
        numbers = delivery.message.payload.data["numbers"]
        seen.append(list(numbers))
        numbers.append(len(seen))
        if delivery.attempt == 1:
            raise RuntimeError("once more")
        return {"numbers": numbers}

    await broker.subscribe("bob", scribble)
    question = message(data={"numbers": [0]})
    reply = await broker.request(question, timeout=PATIENCE)
    assert seen == [[0], [0]]
    reply.payload.data["numbers"].append(99)
    again = await broker.request(question, timeout=PATIENCE)
    record = await broker.find(question.message_id)
    assert record is not None
    assert record.reply is not None
    assert (again.payload.data, record.reply.payload.data) == ({"numbers": [0, 2]}, {"numbers": [0, 2]})
    record.message.payload.data["numbers"].append(99)
    assert question.payload.data == {"numbers": [0]}


async def test_a_stop_tells_those_who_wait_and_keeps_what_was_accepted(broker: InMemoryBroker) -> None:
    question = message()
    asker = asyncio.create_task(broker.request(question, timeout=PATIENCE))
    await asyncio.sleep(0)
    await broker.stop()
    with pytest.raises(BrokerStoppedError):
        await asker
    await broker.start()
    await broker.subscribe("bob", echo)
    assert (await broker.request(question, timeout=PATIENCE)).payload.data == {}


async def test_each_loses_patience_when_its_own_is_over(broker: InMemoryBroker, clock: SimulatedClock) -> None:
    async def ask(seconds: float) -> AgentMessage:
        return await broker.request(message(sender=f"after-{seconds}"), timeout=timedelta(seconds=seconds))

    early, other = asyncio.create_task(ask(10)), asyncio.create_task(ask(7))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=4))
    late = asyncio.create_task(ask(10))
    await asyncio.sleep(0)
    for task, seconds in ((other, 3), (early, 3), (late, 4)):
        assert not task.done()
        clock.advance(timedelta(seconds=seconds))
        await wait_until(task.done)
        with pytest.raises(ReplyTimeoutError):
            await task
    assert not broker._patience._rows


async def test_seals_are_kept_in_memory_too(clock: SimulatedClock) -> None:
    broker = InMemoryBroker(clock=clock, middleware=[Encrypt(Keyring.of("k" * 32))])
    await broker.start()
    await broker.subscribe("bob", echo)
    question = message(data={"secret": "plans"})
    reply = await broker.request(question, timeout=PATIENCE)
    assert reply.payload.data == {"secret": "plans"}
    kept = broker._shelf.known(question.message_id)
    assert kept is not None
    assert b"plans" not in kept.written.body
    record = await broker.find(question.message_id)
    assert record is not None
    assert (record.message, record.reply, record.status) == (question, reply, MessageStatus.HANDLED)
    await broker.stop()


async def test_replies_are_forgotten_by_intent(broker: InMemoryBroker) -> None:
    await broker.subscribe("bob", echo)
    question = message(data={"n": 1})
    await broker.request(question, timeout=PATIENCE)
    assert await broker.forget_replies("bob", ["consult"]) == 0
    assert await broker.forget_replies("bob", ["chat"]) == 1
    assert (await broker.request(question, timeout=PATIENCE)).payload.data == {}
