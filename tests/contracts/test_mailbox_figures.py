"""What an operator asks of the mailboxes: how full, how old, how fast; and the messages of one status."""

import asyncio
from datetime import timedelta

import pytest

from folkmoot.messaging import Broker, Delivery
from folkmoot.messaging.broker import MailboxStats, MessageStatus
from tests.contracts.rigs import PATIENCE, Rig, message
from tests.contracts.test_failure import BadRequestError, Failing, status, tried


async def answer(_delivery: Delivery) -> dict[str, bool]:
    return {"ok": True}


async def refuse(_delivery: Delivery) -> None:
    raise BadRequestError("no")


async def of(broker: Broker, agent_id: str) -> MailboxStats:
    (stats,) = await broker.mailbox_stats(agent_id)
    return stats


async def test_a_mailbox_tells_how_much_waits_and_how_long(rig: Rig) -> None:
    assert await rig.broker.mailbox_stats() == []
    assert await rig.broker.mailbox_stats("bob") == []
    await rig.broker.publish(message("bob"))
    rig.clock.advance(timedelta(seconds=20))
    await rig.broker.publish(message("bob", "dave"))
    await rig.broker.publish(message("carol"))
    rig.clock.advance(timedelta(seconds=10))
    assert [one.agent_id for one in await rig.broker.mailbox_stats()] == ["bob", "carol"]
    bob, carol = await of(rig.broker, "bob"), await of(rig.broker, "carol")
    assert (bob.queued, bob.in_flight, bob.dead, bob.oldest_seconds) == (2, 0, 0, 30.0)
    assert (carol.queued, carol.oldest_seconds) == (1, 10.0)
    await rig.revive()
    bob = await of(rig.broker, "bob")
    assert (bob.queued, bob.in_flight, bob.oldest_seconds) == (2, 0, 30.0)


async def test_rates_are_those_of_the_last_five_minutes(rig: Rig) -> None:
    await rig.broker.subscribe("bob", answer)
    for _ in range(10):
        await rig.broker.request(message(), timeout=PATIENCE)
    bob = await of(rig.broker, "bob")
    assert (bob.accepted_per_minute, bob.handled_per_minute, bob.retried_per_minute) == (2.0, 2.0, 0.0)
    assert (bob.queued, bob.in_flight, bob.oldest_seconds) == (0, 0, 0.0)
    rig.clock.advance(timedelta(minutes=3))
    await rig.broker.request(message(), timeout=PATIENCE)
    assert (await of(rig.broker, "bob")).handled_per_minute == pytest.approx(2.2)
    rig.clock.advance(timedelta(minutes=3))
    assert (await of(rig.broker, "bob")).handled_per_minute == pytest.approx(0.2)
    rig.clock.advance(timedelta(minutes=6))
    # It is taken from, so it is told; there is nothing to tell.
    bob = await of(rig.broker, "bob")
    assert (bob.accepted_per_minute, bob.handled_per_minute, bob.handler_seconds) == (0.0, 0.0, 0.0)


async def test_a_mailbox_is_told_for_five_minutes_after_its_mail(rig: Rig) -> None:
    subscription = await rig.broker.subscribe("bob", answer)
    await rig.broker.request(message(), timeout=PATIENCE)
    await subscription.cancel()
    assert [one.agent_id for one in await rig.broker.mailbox_stats()] == ["bob"]
    rig.clock.advance(timedelta(minutes=6))
    assert await rig.broker.mailbox_stats() == []


async def test_the_time_of_an_attempt_counts_while_it_runs_as_in_flight(rig: Rig) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def handle(_delivery: Delivery) -> None:
        begun.set()
        await go.wait()

    await rig.broker.subscribe("bob", handle)
    sent, behind = message(), message()
    await rig.broker.publish(sent)
    await begun.wait()
    await rig.broker.publish(behind)
    rig.clock.advance(timedelta(seconds=4))
    bob = await of(rig.broker, "bob")
    assert (bob.queued, bob.in_flight, bob.oldest_seconds, bob.handler_seconds) == (1, 1, 4.0, 0.0)
    go.set()
    await status(rig.broker, behind.message_id, MessageStatus.HANDLED)
    assert (await of(rig.broker, "bob")).handler_seconds == pytest.approx(2.0)  # 4 s, and no time at all


async def test_repeated_attempts_are_counted_and_what_is_in_backoff_waits(rig: Rig) -> None:
    await rig.broker.subscribe("bob", Failing(1).handle)
    sent, young = message(), message(data={"n": 1})
    await rig.broker.publish(sent)
    await tried(rig.broker, sent.message_id, 1)
    rig.clock.advance(timedelta(seconds=0.5))
    await rig.broker.publish(young)
    await tried(rig.broker, young.message_id, 1)
    bob = await of(rig.broker, "bob")
    assert (bob.queued, bob.in_flight, bob.oldest_seconds) == (2, 0, 0.5)
    assert bob.retried_per_minute == pytest.approx(0.4)
    rig.clock.advance(timedelta(seconds=1))
    await status(rig.broker, sent.message_id, MessageStatus.HANDLED)
    await status(rig.broker, young.message_id, MessageStatus.HANDLED)
    assert (await of(rig.broker, "bob")).queued == 0


async def test_a_message_that_came_back_behind_younger_ones_is_still_the_oldest(rig: Rig) -> None:
    subscription = await rig.broker.subscribe("bob", Failing(9).handle)
    await rig.broker.publish(sent := message())
    await tried(rig.broker, sent.message_id, 1)
    await subscription.cancel()
    rig.clock.advance(timedelta(seconds=0.5))
    await rig.broker.publish(message())
    rig.clock.advance(timedelta(seconds=9))
    assert (await of(rig.broker, "bob")).oldest_seconds == 9.5


async def test_dead_letters_are_counted_where_they_lie(rig: Rig) -> None:
    subscription = await rig.broker.subscribe("bob", refuse)
    sent = [message() for _ in range(3)]
    for item in sent:
        await rig.broker.publish(item)
        await status(rig.broker, item.message_id, MessageStatus.DEAD)
    await subscription.cancel()
    rig.clock.advance(timedelta(minutes=6))
    bob = await of(rig.broker, "bob")
    assert (bob.queued, bob.in_flight, bob.dead, bob.oldest_seconds) == (0, 0, 3, 0.0)
    await rig.broker.drop_dead_letter(sent[0].message_id)
    await rig.broker.retry_dead_letter(sent[1].message_id)
    bob = await of(rig.broker, "bob")
    assert (bob.queued, bob.dead) == (1, 1)
    await rig.revive()
    bob = await of(rig.broker, "bob")
    assert (bob.queued, bob.dead) == (1, 1)
    await rig.broker.drop_dead_letter(sent[2].message_id)
    assert (await of(rig.broker, "bob")).dead == 0


async def test_messages_of_a_status(rig: Rig) -> None:
    begun = asyncio.Event()

    async def never_ends(_delivery: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    await rig.broker.subscribe("bob", answer)
    await rig.broker.subscribe("carol", refuse)
    await rig.broker.subscribe("dave", never_ends)
    late = message("erin", expires_at=rig.clock.now() - timedelta(seconds=1))
    sent = {
        MessageStatus.HANDLED: message("bob"),
        MessageStatus.DEAD: message("carol"),
        MessageStatus.IN_FLIGHT: message("dave"),
        MessageStatus.EXPIRED: late,
        MessageStatus.QUEUED: message("erin", conversation_id="talk"),
    }
    for expected, item in sent.items():
        await rig.broker.publish(item)
        await status(rig.broker, item.message_id, expected)
    for expected, item in sent.items():
        found = await rig.broker.messages(status=expected)
        assert [(one.message.message_id, one.status) for one in found] == [(item.message_id, expected)]
    assert await rig.broker.messages(status=MessageStatus.HANDLED, agent_id="erin") == []
    assert len(await rig.broker.messages(status=MessageStatus.QUEUED, agent_id="erin")) == 1
    assert len(await rig.broker.messages(status=MessageStatus.QUEUED, conversation_id="talk")) == 1
    assert len(await rig.broker.messages(status=MessageStatus.EXPIRED, agent_id="alice", limit=1)) == 1


async def test_messages_of_a_status_in_pages(broker: Broker) -> None:
    for number in range(5):
        await broker.publish(message(data={"n": number}))
    first = await broker.messages(status=MessageStatus.QUEUED, agent_id="bob", limit=3)
    rest = await broker.messages(status=MessageStatus.QUEUED, agent_id="bob", limit=3, before=first[-1].position)
    assert [one.message.payload.data["n"] for one in first + rest] == [4, 3, 2, 1, 0]
