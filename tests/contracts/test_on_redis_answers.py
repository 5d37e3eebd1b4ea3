"""Sends, replies and retries on Redis whose answer was lost, or that Redis refuses: each is done once and said once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.link import Link, LinkDownError, Place
from folkmoot.link.pipe import Command
from folkmoot.messaging import AgentMessage, Delivery, Receipt
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.redis.broker import RedisBroker
from folkmoot.messaging.errors import HandlingRefusedError, UnknownMessageError
from folkmoot.storage import Database
from tests.contracts.rigs import PATIENCE, RedisRig, message
from tests.waiting import wait_until


@pytest.fixture
async def rig(redis_url: str, clock: SimulatedClock, database: Database) -> AsyncIterator[RedisRig]:
    """A broker on Redis."""
    rig = RedisRig(redis_url, clock, database)
    await rig.start()
    yield rig
    await rig.stop()


async def status_of(broker: RedisBroker, message_id: str) -> MessageStatus | None:
    record = await broker.find(message_id)
    return None if record is None else record.status


def lose_an_answer(broker: RedisBroker, script: str) -> list[Command]:
    """Break the connection after Redis has run a script and before its answer came; what was lost, once it is."""
    pipe, lost = broker._pipe, list[Command]()
    ask, wanted = pipe._ask, {broker._scripts.call(script, [], [])[1], broker._scripts._texts[script]}

    async def lose(commands: Sequence[Command]) -> list[Any]:
        answers = await ask(commands)
        if not lost and commands[0][1] in wanted and not isinstance(answers[0], Exception):
            lost.append(commands[0])
            raise ConnectionError("the answer was lost")
        return answers

    pipe._ask = lose  # type: ignore[method-assign]  # such a moment cannot be met otherwise
    return lost


async def test_a_part_of_a_reply_that_cannot_be_read_deafens_nobody(rig: RedisRig) -> None:
    free = asyncio.Event()

    async def answer(delivery: Delivery) -> dict[str, object]:
        await delivery.stream({"n": 1})
        await free.wait()
        return {}

    asked = message()
    reading = asyncio.ensure_future(_read(rig._redis, asked))
    await wait_until(lambda: rig._redis._answers.replies.has(asked.message_id))
    me = rig._redis._names.answers(rig._redis.consumer)
    part = f"5:chunk{len(asked.message_id)}:{asked.message_id}1:03:{{{{["
    client: Any = rig.link.client
    await client.publish(me, part)
    with pytest.raises(ValueError, match="unexpected"):
        await reading
    await rig.broker.subscribe("bob", answer)
    free.set()
    other = await asyncio.wait_for(rig.broker.request(message(), timeout=timedelta(seconds=20)), 1.5)
    assert other.payload.data == {}


async def _read(broker: RedisBroker, asked: AgentMessage) -> list[object]:
    return [one async for one in broker.request_stream(asked, timeout=timedelta(seconds=20))]


async def test_a_claim_without_its_message_swallows_no_repeated_send(rig: RedisRig) -> None:
    rig.directory.staff["role:cso"] = ["carol", "bob"]
    lost = message("role:cso")
    await rig.link.client.set(rig._redis._names.claim(lost.message_id), "bob")  # in a Cluster it is set before
    receipt = await rig.broker.publish(lost)
    assert (receipt.recipient_id, receipt.duplicate) == ("bob", False)
    assert (await rig.broker.publish(lost)).duplicate
    assert await status_of(rig._redis, lost.message_id) is MessageStatus.QUEUED
    await rig.broker.subscribe("bob", _nothing)
    claimed = message("role:cso")
    await rig.link.client.set(rig._redis._names.claim(claimed.message_id), "bob")
    assert (await rig.broker.request(claimed, timeout=PATIENCE)).sender_id == "bob"


async def _nothing(_delivery: Delivery) -> None:
    return None


async def test_parts_of_a_reply_are_not_doubled_by_a_lost_answer(rig: RedisRig) -> None:
    async def answer(delivery: Delivery) -> dict[str, object]:
        for number in range(3):
            await delivery.stream({"n": number})
        return {}

    await rig.broker.subscribe("bob", answer)
    lost = lose_an_answer(rig._redis, "chunk")
    heard = await _read(rig._redis, message())
    assert lost
    assert heard[:-1] == [{"n": 0}, {"n": 1}, {"n": 2}]


async def test_a_send_whose_answer_was_lost_is_no_duplicate(rig: RedisRig) -> None:
    lost = lose_an_answer(rig._redis, "publish")
    sent = message()
    receipt = await rig.broker.publish(sent)
    assert lost
    assert not receipt.duplicate
    assert (await rig.broker.publish(sent)).duplicate


async def test_a_dead_letter_whose_retry_was_not_answered_is_retried_once(rig: RedisRig) -> None:
    broker = rig._redis

    async def refuse(_delivery: Delivery) -> None:
        raise HandlingRefusedError("never")

    async def dead() -> bool:
        return (await broker.stats()).dead == 1

    subscription = await broker.subscribe("bob", refuse)
    await broker.publish(refused := message())
    await wait_until(dead)
    await subscription.cancel()
    lost = lose_an_answer(broker, "again")
    await broker.retry_dead_letter(refused.message_id)
    assert len(lost) == 1
    assert (await broker.stats()).queued == 1
    await broker.subscribe("bob", refuse)
    await wait_until(dead)
    lost = lose_an_answer(broker, "again")
    await broker.drop_dead_letter(refused.message_id)
    assert len(lost) == 1
    assert not await broker._archive.first(refused.message_id)
    with pytest.raises(UnknownMessageError):
        await broker.drop_dead_letter(refused.message_id)


async def test_a_mailbox_that_redis_refuses_holds_up_no_send_to_another(redis_url: str, clock: SimulatedClock) -> None:
    link = Link(Place.of(redis_url))
    broker = RedisBroker(link=link, clock=clock, patience=timedelta(seconds=1))
    await broker.start()
    client: Any = link.client
    await client.set(f"{broker._names.base('bob')}meta", "not what it was")
    refused, sent = await asyncio.gather(
        broker.publish(message("bob")), broker.publish(message("carol")), return_exceptions=True
    )
    assert isinstance(refused, LinkDownError)
    assert isinstance(sent, Receipt)
    await broker.stop()
    await link.close()
