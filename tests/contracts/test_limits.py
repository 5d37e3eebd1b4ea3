"""What is refused is refused aloud, and changes nothing."""

import asyncio

import pytest

from folkmoot.messaging import Broker, Delivery
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.errors import HandlingFailedError, MailboxFullError, MessageTooLargeError
from tests.contracts.rigs import MAILBOX_LIMIT, MAX_BYTES, PATIENCE, Rig, message
from tests.waiting import wait_until


async def test_a_full_mailbox_refuses_and_others_do_not(rig: Rig) -> None:
    sent = [message() for _ in range(MAILBOX_LIMIT)]
    for item in sent:
        await rig.broker.publish(item)
    refused = message()
    with pytest.raises(MailboxFullError) as caught:
        await rig.broker.publish(refused)
    assert caught.value.fields == {"agent_id": "bob", "limit": MAILBOX_LIMIT}
    with pytest.raises(MailboxFullError):
        await rig.broker.request(message(), timeout=PATIENCE)
    assert await rig.broker.find(refused.message_id) is None
    await rig.broker.publish(message("carol"))
    assert (await rig.broker.publish(sent[0])).duplicate
    await rig.revive()
    with pytest.raises(MailboxFullError):
        await rig.broker.publish(refused)


async def test_there_is_room_again_when_mail_was_handled(broker: Broker) -> None:
    async def handle(_delivery: Delivery) -> None:
        return None

    for _ in range(MAILBOX_LIMIT):
        await broker.publish(message())
    await broker.subscribe("bob", handle)

    async def empty() -> bool:
        return (await broker.stats()).mailboxes == {}

    await wait_until(empty)
    await broker.publish(message())


async def test_sends_at_the_same_time_do_not_overfill(broker: Broker) -> None:
    outcomes = await asyncio.gather(
        *(broker.publish(message()) for _ in range(MAILBOX_LIMIT + 10)), return_exceptions=True
    )
    assert sum(isinstance(outcome, MailboxFullError) for outcome in outcomes) == 10
    assert (await broker.stats()).queued == MAILBOX_LIMIT


async def test_repeated_sends_take_no_room(broker: Broker) -> None:
    sent = message()
    for _ in range(MAILBOX_LIMIT * 2):
        await broker.publish(sent)
    assert (await broker.stats()).mailboxes == {"bob": 1}


async def test_a_message_may_be_as_large_as_the_limit_and_no_larger(broker: Broker) -> None:
    frame = len(message(data={"text": ""}, conversation_id="c", message_id="1").to_bytes())
    text = "x" * (MAX_BYTES - frame)
    fits = message(data={"text": text}, conversation_id="c", message_id="1")
    if len(fits.to_bytes()) != MAX_BYTES:  # the time of day may be written shorter by its microseconds
        fits = message(data={"text": text[:-8]}, conversation_id="c", message_id="1")
    await broker.publish(fits)
    with pytest.raises(MessageTooLargeError, match=str(MAX_BYTES)):
        await broker.publish(message(data={"text": text + "x" * 20}, conversation_id="c", message_id="2"))
    assert await broker.find("2") is None


async def test_a_reply_that_is_too_large_is_a_failure(broker: Broker) -> None:
    async def talk(_delivery: Delivery) -> dict[str, str]:
        return {"text": "x" * MAX_BYTES}

    await broker.subscribe("bob", talk)
    question = message()
    with pytest.raises(HandlingFailedError, match="message_too_large"):
        await broker.request(question, timeout=PATIENCE)
    record = await broker.find(question.message_id)
    assert record is not None
    assert record.status is MessageStatus.DEAD
