"""A message whose handling fails: tried again, given up with the error, or too late. Nothing is silent."""

import asyncio
from datetime import timedelta

import pytest

from folkmoot.kernel import Family, FolkmootError
from folkmoot.messaging import Broker, Delivery, Subscription
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.errors import UnknownMessageError
from tests.contracts.rigs import Rig, message
from tests.waiting import wait_until


class Failing:
    """A handler that fails the first `times` times for each message."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.attempts: list[tuple[int, int]] = []

    async def handle(self, delivery: Delivery) -> None:
        """Note `(n of the message, attempt)`; fail or succeed."""
        self.attempts.append((delivery.message.payload.data.get("n", 0), delivery.attempt))
        if delivery.attempt <= self.times:
            raise RuntimeError(f"attempt {delivery.attempt} went wrong")


class BadRequestError(FolkmootError):
    """No time heals this."""

    family = Family.INVALID


async def status(broker: Broker, message_id: str, expected: MessageStatus) -> None:
    async def reached() -> bool:
        record = await broker.find(message_id)
        return record is not None and record.status is expected

    await wait_until(reached)


async def tried(broker: Broker, message_id: str, attempts: int) -> None:
    async def reached() -> bool:
        record = await broker.find(message_id)
        return record is not None and record.attempts == attempts

    await wait_until(reached)


async def test_a_failed_message_is_tried_again_after_a_growing_while(rig: Rig) -> None:
    failing, sent = Failing(2), message()
    await rig.broker.subscribe("bob", failing.handle)
    await rig.broker.publish(sent)
    await tried(rig.broker, sent.message_id, 1)
    rig.clock.advance(timedelta(seconds=0.9))
    await rig.broker.health_check()
    assert failing.attempts == [(0, 1)]
    rig.clock.advance(timedelta(seconds=0.2))
    await tried(rig.broker, sent.message_id, 2)
    rig.clock.advance(timedelta(seconds=1.9))
    await rig.broker.health_check()
    assert failing.attempts == [(0, 1), (0, 2)]
    rig.clock.advance(timedelta(seconds=0.2))
    await status(rig.broker, sent.message_id, MessageStatus.HANDLED)
    assert failing.attempts == [(0, 1), (0, 2), (0, 3)]


@pytest.mark.durable
async def test_attempts_and_backoff_survive_a_crash(rig: Rig) -> None:
    failing, sent = Failing(9), message()
    await rig.broker.subscribe("bob", failing.handle)
    await rig.broker.publish(sent)
    await tried(rig.broker, sent.message_id, 1)
    await rig.crash()
    await rig.broker.subscribe("bob", failing.handle)
    await rig.broker.publish(message(sender="carol", data={"n": 1}))
    await wait_until(lambda: (1, 1) in failing.attempts)
    assert (0, 2) not in failing.attempts
    rig.clock.advance(timedelta(seconds=2))
    await tried(rig.broker, sent.message_id, 2)
    rig.clock.advance(timedelta(seconds=3))
    await status(rig.broker, sent.message_id, MessageStatus.DEAD)
    assert [attempt for number, attempt in failing.attempts if number == 0] == [1, 2, 3]


async def test_a_message_in_backoff_steps_aside(rig: Rig) -> None:
    order: list[tuple[int, int]] = []

    async def handle(delivery: Delivery) -> None:
        number = delivery.message.payload.data["n"]
        order.append((number, delivery.attempt))
        if number == 0 and delivery.attempt == 1:
            raise RuntimeError("not now")

    await rig.broker.subscribe("bob", handle)
    for number in range(3):
        await rig.broker.publish(message(data={"n": number}))
    await wait_until(lambda: len(order) == 3)
    await rig.broker.health_check()
    rig.clock.advance(timedelta(seconds=1.1))
    await wait_until(lambda: len(order) == 4)
    assert order == [(0, 1), (1, 1), (2, 1), (0, 2)]


async def test_the_dead_letter_box_has_the_error(rig: Rig) -> None:
    failing, sent = Failing(9), message()
    await rig.broker.subscribe("bob", failing.handle)
    await rig.broker.publish(sent)
    for attempt in (1, 2):
        await tried(rig.broker, sent.message_id, attempt)
        rig.clock.advance(timedelta(seconds=5))
    await status(rig.broker, sent.message_id, MessageStatus.DEAD)
    (dead,) = await rig.broker.dead_letters(agent_id="bob")
    assert dead.message == sent
    assert (dead.status, dead.attempts) == (MessageStatus.DEAD, 3)
    assert dead.error is not None
    assert "RuntimeError: attempt 3 went wrong" in dead.error
    assert (await rig.broker.stats()).dead == 1
    assert await rig.broker.dead_letters(agent_id="alice") == []


async def test_a_fault_that_no_time_heals_is_not_tried_again(broker: Broker) -> None:
    async def refuse(_delivery: Delivery) -> None:
        raise BadRequestError("this intent is not for me")

    sent = message()
    await broker.subscribe("bob", refuse)
    await broker.publish(sent)
    await status(broker, sent.message_id, MessageStatus.DEAD)
    record = await broker.find(sent.message_id)
    assert record is not None
    assert record.attempts == 1


async def test_poison_does_not_hold_up_the_others(broker: Broker) -> None:
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        if delivery.message.payload.data["n"] % 2:
            raise RuntimeError("poison")
        done.append(delivery.message.payload.data["n"])

    await broker.subscribe("bob", handle, concurrency=1)
    for number in range(20):
        await broker.publish(message(data={"n": number}))
    await wait_until(lambda: len(done) == 10)


async def test_a_dead_letter_can_be_retried_and_dropped(rig: Rig) -> None:
    async def refuse(_delivery: Delivery) -> None:
        raise BadRequestError("no")

    first, second = message(data={"n": 1}), message(data={"n": 2})
    subscription = await rig.broker.subscribe("bob", refuse)
    for sent in (first, second):
        await rig.broker.publish(sent)
        await status(rig.broker, sent.message_id, MessageStatus.DEAD)
    await subscription.cancel()
    record = await rig.broker.retry_dead_letter(first.message_id)
    assert (record.status, record.attempts, record.error) == (MessageStatus.QUEUED, 0, None)
    await rig.broker.drop_dead_letter(second.message_id)
    await rig.revive()
    assert await rig.broker.dead_letters() == []
    assert await rig.broker.find(second.message_id) is None
    healed = Failing(0)
    await rig.broker.subscribe("bob", healed.handle)
    await status(rig.broker, first.message_id, MessageStatus.HANDLED)
    assert healed.attempts == [(1, 1)]
    stats = await rig.broker.stats()
    assert (stats.queued, stats.handled, stats.dead) == (0, 1, 0)


async def test_only_dead_letters_can_be_retried_or_dropped(broker: Broker) -> None:
    sent = message()
    await broker.publish(sent)
    for message_id in (sent.message_id, "never-sent"):
        with pytest.raises(UnknownMessageError, match=message_id):
            await broker.retry_dead_letter(message_id)
        with pytest.raises(UnknownMessageError, match=message_id):
            await broker.drop_dead_letter(message_id)
    assert (await broker.stats()).queued == 1


async def test_dead_letters_are_listed_newest_first_and_in_pages(rig: Rig) -> None:
    async def refuse(_delivery: Delivery) -> None:
        raise BadRequestError("no")

    await rig.broker.subscribe("bob", refuse)
    sent = [message(data={"n": number}) for number in range(4)]
    for item in sent:
        await rig.broker.publish(item)
        await status(rig.broker, item.message_id, MessageStatus.DEAD)
        rig.clock.advance(timedelta(seconds=1))
    newest = await rig.broker.dead_letters(limit=3)
    rest = await rig.broker.dead_letters(limit=3, offset=3)
    assert [record.message.payload.data["n"] for record in newest + rest] == [3, 2, 1, 0]


async def test_an_expired_message_is_never_handled(rig: Rig) -> None:
    sent = message(expires_at=rig.clock.now() + timedelta(seconds=10))
    late = message(expires_at=rig.clock.now() - timedelta(seconds=1))
    await rig.broker.publish(sent)
    await rig.broker.publish(late)
    await status(rig.broker, late.message_id, MessageStatus.EXPIRED)
    rig.clock.advance(timedelta(seconds=10))
    await status(rig.broker, sent.message_id, MessageStatus.EXPIRED)
    handler = Failing(0)
    await rig.broker.subscribe("bob", handler.handle)
    await rig.broker.publish(message(data={"n": 1}))
    await wait_until(lambda: bool(handler.attempts))
    assert handler.attempts == [(1, 1)]
    stats = await rig.broker.stats()
    assert (stats.expired, stats.mailboxes) == (2, {})


async def test_a_message_that_expired_while_nothing_ran_is_not_handled(rig: Rig) -> None:
    sent = message(expires_at=rig.clock.now() + timedelta(seconds=10))
    await rig.broker.publish(sent)
    await rig.broker.stop()
    rig.clock.advance(timedelta(seconds=11))
    await rig.broker.start()
    handler = Failing(0)
    await rig.broker.subscribe("bob", handler.handle)
    await status(rig.broker, sent.message_id, MessageStatus.EXPIRED)
    assert handler.attempts == []


async def test_a_message_can_expire_in_backoff(rig: Rig) -> None:
    failing, sent = Failing(9), message(expires_at=rig.clock.now() + timedelta(seconds=0.5))
    await rig.broker.subscribe("bob", failing.handle)
    await rig.broker.publish(sent)
    await tried(rig.broker, sent.message_id, 1)
    rig.clock.advance(timedelta(seconds=0.6))
    await status(rig.broker, sent.message_id, MessageStatus.EXPIRED)
    rig.clock.advance(timedelta(seconds=9))
    await rig.broker.health_check()
    assert failing.attempts == [(0, 1)]


async def test_a_handler_that_began_in_time_may_finish(rig: Rig) -> None:
    go, begun = asyncio.Event(), asyncio.Event()

    async def handle(_delivery: Delivery) -> None:
        begun.set()
        await go.wait()

    sent = message(expires_at=rig.clock.now() + timedelta(seconds=1))
    await rig.broker.subscribe("bob", handle)
    await rig.broker.publish(sent)
    await begun.wait()
    rig.clock.advance(timedelta(seconds=2))
    go.set()
    await status(rig.broker, sent.message_id, MessageStatus.HANDLED)


async def test_a_cancelled_subscription_gives_its_mail_back_untried(rig: Rig) -> None:
    begun = asyncio.Event()

    async def never_ends(_delivery: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    subscription = await rig.broker.subscribe("bob", never_ends)
    sent = [message(data={"n": number}) for number in range(3)]
    for item in sent:
        await rig.broker.publish(item)
    await begun.wait()
    await subscription.cancel()
    handler = Failing(0)
    await rig.broker.subscribe("bob", handler.handle)
    await status(rig.broker, sent[2].message_id, MessageStatus.HANDLED)
    assert handler.attempts == [(0, 1), (1, 1), (2, 1)]


async def test_a_draining_subscription_finishes_what_it_began(rig: Rig) -> None:
    go, begun = asyncio.Event(), asyncio.Event()

    async def handle(_delivery: Delivery) -> None:
        begun.set()
        await go.wait()

    first, second = message(), message()
    subscription = await rig.broker.subscribe("bob", handle)
    await rig.broker.publish(first)
    await begun.wait()
    ending = asyncio.create_task(subscription.cancel(drain=timedelta(seconds=5)))
    await asyncio.sleep(0)
    await rig.broker.publish(second)
    go.set()
    await ending
    await status(rig.broker, first.message_id, MessageStatus.HANDLED)
    await status(rig.broker, second.message_id, MessageStatus.QUEUED)


async def test_draining_ends_when_its_time_is_over(rig: Rig) -> None:
    begun = asyncio.Event()

    async def never_ends(_delivery: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    sent = message()
    subscription = await rig.broker.subscribe("bob", never_ends)
    await rig.broker.publish(sent)
    await begun.wait()
    ending = asyncio.create_task(subscription.cancel(drain=timedelta(seconds=5)))
    await wait_until(lambda: bool(rig.clock._sleepers))
    rig.clock.advance(timedelta(seconds=6))
    await ending
    await status(rig.broker, sent.message_id, MessageStatus.QUEUED)


async def test_a_handler_may_end_its_own_subscription(rig: Rig) -> None:
    subscriptions: list[Subscription] = []

    async def leave(_delivery: Delivery) -> None:
        await subscriptions[0].cancel(drain=timedelta(seconds=1))

    first, second = message(), message()
    subscriptions.append(await rig.broker.subscribe("bob", leave))
    await rig.broker.publish(first)
    await status(rig.broker, first.message_id, MessageStatus.HANDLED)
    await rig.broker.publish(second)
    await status(rig.broker, second.message_id, MessageStatus.QUEUED)
