"""A message that was accepted is handled: by whom, when, and in which order."""

import asyncio
from datetime import timedelta

import pytest

from folkmoot.messaging import AgentMessage, Broker, Delivery, Priority
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.errors import BrokerStoppedError
from tests.contracts.rigs import Rig, message
from tests.waiting import wait_until


class Desk:
    """A handler that notes what it got; a closed desk keeps whoever comes until it is opened."""

    def __init__(self) -> None:
        self.got: list[AgentMessage] = []
        self.busy = 0
        self.opened = asyncio.Event()
        self.opened.set()

    async def handle(self, delivery: Delivery) -> None:
        """Note the message, wait for the desk to open."""
        self.got.append(delivery.message)
        self.busy += 1
        await self.opened.wait()
        self.busy -= 1

    def numbers(self) -> list[int]:
        """The numbers in the messages, in the order of arrival."""
        return [item.payload.data["n"] for item in self.got]


async def handled(broker: Broker, count: int) -> None:
    async def enough() -> bool:
        return (await broker.stats()).handled == count

    await wait_until(enough)


async def test_a_message_reaches_the_handler_as_it_was_sent(broker: Broker) -> None:
    desk = Desk()
    await broker.subscribe("bob", desk.handle)
    sent = message(data={"text": "Grüße", "list": [1, 2.5, None]}, trace="00-ab-cd-01")
    receipt = await broker.publish(sent)
    await handled(broker, 1)
    assert desk.got == [sent]
    assert (receipt.message_id, receipt.recipient_id, receipt.duplicate) == (sent.message_id, "bob", False)


async def test_what_the_sender_changes_later_is_not_delivered(broker: Broker) -> None:
    desk, data = Desk(), {"n": 1}
    await broker.publish(message(data=data))
    data["n"] = 2
    await broker.subscribe("bob", desk.handle)
    await handled(broker, 1)
    assert desk.numbers() == [1]


async def test_mail_waits_for_an_agent_that_is_offline(broker: Broker) -> None:
    for number in range(5):
        await broker.publish(message(data={"n": number}))
    assert (await broker.stats()).mailboxes == {"bob": 5}
    desk = Desk()
    await broker.subscribe("bob", desk.handle)
    await handled(broker, 5)
    assert desk.numbers() == [0, 1, 2, 3, 4]


@pytest.mark.durable
async def test_accepted_mail_survives_a_crash(rig: Rig) -> None:
    for number in range(5):
        await rig.broker.publish(message(data={"n": number}))
    await rig.crash()
    desk = Desk()
    await rig.broker.subscribe("bob", desk.handle)
    await handled(rig.broker, 5)
    assert desk.numbers() == [0, 1, 2, 3, 4]


@pytest.mark.durable
async def test_a_message_in_a_handler_when_the_process_died_comes_again(rig: Rig) -> None:
    desk = Desk()
    desk.opened.clear()
    await rig.broker.subscribe("bob", desk.handle)
    sent = message()
    await rig.broker.publish(sent)
    await wait_until(lambda: desk.busy == 1)
    await rig.crash()
    again = Desk()
    await rig.broker.subscribe("bob", again.handle)
    await handled(rig.broker, 1)
    assert again.got == [sent]


@pytest.mark.durable
async def test_handled_mail_stays_handled_after_a_crash(rig: Rig) -> None:
    desk = Desk()
    await rig.broker.subscribe("bob", desk.handle)
    await rig.broker.publish(message())
    await handled(rig.broker, 1)
    await rig.crash()
    await rig.broker.subscribe("bob", desk.handle)
    await rig.broker.publish(message(data={"n": 2}))
    await handled(rig.broker, 2)
    assert len(desk.got) == 2


async def test_a_repeated_send_is_one_message(rig: Rig) -> None:
    desk, sent = Desk(), message()
    first = await rig.broker.publish(sent)
    waiting = await rig.broker.publish(sent)
    await rig.broker.subscribe("bob", desk.handle)
    await handled(rig.broker, 1)
    afterwards = await rig.broker.publish(sent)
    await rig.revive()
    await rig.broker.subscribe("bob", desk.handle)
    restarted = await rig.broker.publish(sent)
    assert [receipt.duplicate for receipt in (first, waiting, afterwards, restarted)] == [False, True, True, True]
    assert len(desk.got) == 1
    assert (await rig.broker.stats()).mailboxes == {}


async def test_sends_of_one_id_at_the_same_time_are_one_message(broker: Broker) -> None:
    sent = message()
    receipts = await asyncio.gather(*(broker.publish(sent) for _ in range(20)))
    assert sorted(receipt.duplicate for receipt in receipts) == [False] + [True] * 19
    assert (await broker.stats()).queued == 1


async def test_one_sender_is_served_in_order_and_one_at_a_time(broker: Broker) -> None:
    desk = Desk()
    desk.opened.clear()
    await broker.subscribe("bob", desk.handle, concurrency=8)
    await asyncio.gather(*(broker.publish(message(data={"n": number})) for number in range(20)))
    await wait_until(lambda: desk.busy == 1)
    other = message(sender="carol", data={"n": 100})
    await broker.publish(other)
    await wait_until(lambda: desk.busy == 2)
    assert desk.numbers() == [0, 100]
    desk.opened.set()
    await handled(broker, 21)
    assert [number for number in desk.numbers() if number != 100] == list(range(20))


async def test_replicas_share_a_mailbox_and_its_order(broker: Broker) -> None:
    left, right, order = Desk(), Desk(), list[int]()

    async def note(desk: Desk, delivery: Delivery) -> None:
        order.append(delivery.message.payload.data["n"])
        await desk.handle(delivery)
        await asyncio.sleep(0)

    await broker.subscribe("bob", lambda delivery: note(left, delivery), concurrency=1)
    await broker.subscribe("bob", lambda delivery: note(right, delivery), concurrency=1)
    for number in range(20):
        await broker.publish(message(data={"n": number}))
    await handled(broker, 20)
    assert order == list(range(20))
    left.opened.clear()
    right.opened.clear()
    for sender in ("carol", "dave", "erin"):
        await broker.publish(message(sender=sender, data={"n": 0}))
    await wait_until(lambda: (left.busy, right.busy) == (1, 1))
    left.opened.set()
    right.opened.set()


@pytest.mark.parametrize("drain", [timedelta(0), timedelta(seconds=5)])
async def test_a_replica_goes_on_where_another_left(broker: Broker, drain: timedelta) -> None:
    leaving, staying = Desk(), Desk()
    leaving.opened.clear()
    subscription = await broker.subscribe("bob", leaving.handle)
    for number in range(5):
        await broker.publish(message(data={"n": number}))
    await wait_until(lambda: leaving.busy == 1)
    await broker.subscribe("bob", staying.handle)
    ending = asyncio.create_task(subscription.cancel(drain=drain))
    await asyncio.sleep(0)
    leaving.opened.set()
    await ending
    await handled(broker, 5)
    assert staying.numbers() == ([1, 2, 3, 4] if drain else [0, 1, 2, 3, 4])


async def test_urgent_and_high_overtake(broker: Broker) -> None:
    for number, priority in enumerate((Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)):
        await broker.publish(message(priority=priority, data={"n": number}))
    desk = Desk()
    await broker.subscribe("bob", desk.handle, concurrency=1)
    await handled(broker, 4)
    assert desk.numbers() == [3, 2, 1, 0]


async def test_no_more_than_the_agreed_number_at_once(broker: Broker) -> None:
    desk = Desk()
    desk.opened.clear()
    await broker.subscribe("bob", desk.handle, concurrency=3)
    for number in range(10):
        await broker.publish(message(sender=f"sender-{number}", data={"n": number}))
    await wait_until(lambda: desk.busy == 3)
    assert (await broker.stats()).in_flight == 3
    desk.opened.set()
    await handled(broker, 10)


async def test_a_slow_agent_does_not_hold_up_the_others(broker: Broker) -> None:
    slow, quick = Desk(), Desk()
    slow.opened.clear()
    await broker.subscribe("bob", slow.handle, concurrency=1)
    await broker.subscribe("carol", quick.handle)
    for number in range(10):
        await broker.publish(message(sender=f"sender-{number}"))
        await broker.publish(message("carol"))
    await handled(broker, 10)
    assert len(quick.got) == 10
    slow.opened.set()


async def test_a_long_queue_of_one_sender_does_not_hold_up_another(broker: Broker) -> None:
    for number in range(40):
        await broker.publish(message(data={"n": number}))
    await broker.publish(message(sender="carol", data={"n": 100}))
    desk = Desk()
    await broker.subscribe("bob", desk.handle, concurrency=1)
    await handled(broker, 41)
    assert desk.numbers().index(100) <= 1


async def test_whoever_stops_taking_leaves_the_rest_for_later(broker: Broker) -> None:
    desk = Desk()
    subscription = await broker.subscribe("bob", desk.handle)
    await broker.publish(message())
    await handled(broker, 1)
    await subscription.cancel()
    sent = message()
    await broker.publish(sent)
    found = await broker.find(sent.message_id)
    assert found is not None
    assert found.status is MessageStatus.QUEUED
    await broker.subscribe("bob", desk.handle)
    await handled(broker, 2)


async def test_a_stopped_broker_says_so(rig: Rig) -> None:
    await rig.broker.stop()
    with pytest.raises(BrokerStoppedError):
        await rig.broker.publish(message())
    with pytest.raises(BrokerStoppedError):
        await rig.broker.health_check()
    await rig.broker.start()
    await rig.broker.health_check()
    await rig.broker.publish(message())
