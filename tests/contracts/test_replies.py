"""Asking: the reply comes back to whoever asked, once, also to whoever asks again."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from folkmoot.kernel import Family, FolkmootError
from folkmoot.messaging import AgentMessage, Broker, Delivery
from folkmoot.messaging.errors import HandlingFailedError, ReplyTimeoutError
from tests.contracts.rigs import PATIENCE, Rig, message
from tests.waiting import wait_until


class RefusedError(FolkmootError):
    """No time heals this."""

    family = Family.INVALID


class Oracle:
    """Answers with what it was asked and how often it was asked at all; may be made to wait."""

    def __init__(self) -> None:
        self.asked = 0
        self.opened = asyncio.Event()
        self.opened.set()

    async def handle(self, delivery: Delivery) -> dict[str, Any]:
        """Answer."""
        self.asked += 1
        await self.opened.wait()
        return {"echo": delivery.message.payload.data, "asked": self.asked}


async def test_the_reply_answers_the_message(broker: Broker) -> None:
    await broker.subscribe("bob", Oracle().handle)
    question = message(data={"q": 1}, correlation_id="thread-7", trace="00-ab-cd-01")
    reply = await broker.request(question, timeout=PATIENCE)
    assert reply.payload.data == {"echo": {"q": 1}, "asked": 1}
    assert (reply.sender_id, reply.recipient_id) == ("bob", "alice")
    assert (reply.reply_to, reply.correlation_id) == (question.message_id, "thread-7")
    assert (reply.conversation_id, reply.intent, reply.trace) == (question.conversation_id, "chat", "00-ab-cd-01")
    record = await broker.find(question.message_id)
    assert record is not None
    assert record.reply == reply


async def test_many_askers_each_get_their_own_reply(broker: Broker) -> None:
    await broker.subscribe("bob", Oracle().handle, concurrency=10)
    questions = [message(sender=f"asker-{number % 7}", data={"n": number}) for number in range(40)]
    replies = await asyncio.gather(*(broker.request(question, timeout=PATIENCE) for question in questions))
    assert [reply.payload.data["echo"]["n"] for reply in replies] == list(range(40))


async def test_a_handler_without_a_reply_answers_with_nothing(broker: Broker) -> None:
    async def handle(_delivery: Delivery) -> None:
        return None

    await broker.subscribe("bob", handle)
    question = message()
    reply = await broker.request(question, timeout=PATIENCE)
    assert reply.payload.data == {}
    assert (await broker.request(question, timeout=PATIENCE)).message_id == reply.message_id


async def test_a_repeated_request_gets_the_recorded_reply(rig: Rig) -> None:
    oracle, question = Oracle(), message()
    await rig.broker.subscribe("bob", oracle.handle)
    first = await rig.broker.request(question, timeout=PATIENCE)
    again = await rig.broker.request(question, timeout=PATIENCE)
    await rig.revive()
    await rig.broker.subscribe("bob", oracle.handle)
    after_a_crash = await rig.broker.request(question, timeout=PATIENCE)
    assert first == again == after_a_crash
    assert oracle.asked == 1


async def test_a_repeated_request_waits_with_the_first(broker: Broker) -> None:
    oracle, question = Oracle(), message()
    oracle.opened.clear()
    await broker.subscribe("bob", oracle.handle)
    askers = [asyncio.create_task(broker.request(question, timeout=PATIENCE)) for _ in range(3)]
    await wait_until(lambda: oracle.asked == 1)
    askers.append(asyncio.create_task(broker.request(question, timeout=PATIENCE)))
    oracle.opened.set()
    replies = await asyncio.gather(*askers)
    assert all(reply == replies[0] for reply in replies)
    assert oracle.asked == 1


async def test_an_asker_that_was_killed_finds_the_reply_when_it_asks_again(rig: Rig) -> None:
    oracle, question = Oracle(), message()
    oracle.opened.clear()
    await rig.broker.subscribe("bob", oracle.handle)
    asker = asyncio.create_task(rig.broker.request(question, timeout=PATIENCE))
    await wait_until(lambda: oracle.asked == 1)
    asker.cancel()
    oracle.opened.set()
    reply = await rig.broker.request(question, timeout=PATIENCE)
    assert reply.payload.data["asked"] == 1


@pytest.mark.durable
async def test_a_request_that_was_waiting_when_the_process_died_can_be_joined(rig: Rig) -> None:
    question = message()
    await rig.broker.publish(question)
    await rig.crash()
    asker = asyncio.create_task(rig.broker.request(question, timeout=PATIENCE))
    oracle = Oracle()
    await rig.broker.subscribe("bob", oracle.handle)
    assert (await asker).reply_to == question.message_id
    assert oracle.asked == 1


async def test_no_reply_in_time(rig: Rig) -> None:
    question = message()
    asker = asyncio.create_task(rig.broker.request(question, timeout=timedelta(seconds=3)))

    async def accepted() -> bool:
        return await rig.broker.find(question.message_id) is not None

    await wait_until(accepted)
    rig.clock.advance(timedelta(seconds=3))
    with pytest.raises(ReplyTimeoutError, match="3 s"):
        await asker
    oracle = Oracle()
    await rig.broker.subscribe("bob", oracle.handle)
    assert (await rig.broker.request(question, timeout=PATIENCE)).payload.data["asked"] == 1


async def test_an_asker_hears_that_the_message_was_given_up(broker: Broker) -> None:
    async def refuse(_delivery: Delivery) -> None:
        raise RefusedError("bob does not do that")

    await broker.subscribe("bob", refuse)
    question = message()
    for _ in range(2):
        with pytest.raises(HandlingFailedError, match="bob does not do that") as caught:
            await broker.request(question, timeout=PATIENCE)
        assert caught.value.fields["status"] == "dead"


@pytest.mark.parametrize("refused", [Family.INVALID, Family.FORBIDDEN, Family.LIMITED])
async def test_who_waits_hears_what_kind_of_refusal_it_was_and_it_is_not_tried_again(
    broker: Broker, refused: Family
) -> None:
    class WontError(FolkmootError):
        family = refused
        passing = False

    tried = 0

    async def refuse(_delivery: Delivery) -> None:
        nonlocal tried
        tried += 1
        raise WontError("not now", retry_after_seconds=60)

    await broker.subscribe("bob", refuse)
    with pytest.raises(HandlingFailedError, match="not now") as caught:
        await broker.request(message(), timeout=PATIENCE)
    assert tried == 1
    assert caught.value.family is refused
    assert caught.value.fields["retry_after_seconds"] == 60
    assert "WontError" not in caught.value.message


async def test_an_asker_hears_that_the_message_expired(rig: Rig) -> None:
    question = message(expires_at=rig.clock.now() + timedelta(seconds=1))
    asker = asyncio.create_task(rig.broker.request(question, timeout=PATIENCE))

    async def accepted() -> bool:
        return await rig.broker.find(question.message_id) is not None

    await wait_until(accepted)
    rig.clock.advance(timedelta(seconds=1))
    with pytest.raises(HandlingFailedError, match="expired"):
        await asker


async def test_a_reply_may_hold_whatever_json_can(broker: Broker) -> None:
    async def handle(_delivery: Delivery) -> dict[str, Any]:
        return {"text": "日本 🎉", "deep": [{"a": [1, 2.5, None, True]}], "price": Decimal("1.50")}

    await broker.subscribe("bob", handle)
    reply = await broker.request(message(), timeout=PATIENCE)
    assert reply.payload.data["text"] == "日本 🎉"
    assert reply.payload.data["deep"] == [{"a": [1, 2.5, None, True]}]
    assert reply.payload.data["price"] == "1.50"


async def collect(broker: Broker, question: AgentMessage) -> list[dict[str, Any] | AgentMessage]:
    return [item async for item in broker.request_stream(question, timeout=PATIENCE)]


async def test_a_streamed_reply_is_chunks_then_the_reply(broker: Broker) -> None:
    async def tell(delivery: Delivery) -> dict[str, Any]:
        for number in range(5):
            await delivery.stream({"n": number})
        return {"whole": "01234"}

    await broker.subscribe("bob", tell)
    *chunks, reply = await collect(broker, message())
    assert chunks == [{"n": number} for number in range(5)]
    assert isinstance(reply, AgentMessage)
    assert reply.payload.data == {"whole": "01234"}


async def test_streams_of_many_askers_do_not_mix(broker: Broker) -> None:
    async def tell(delivery: Delivery) -> dict[str, Any]:
        for _ in range(5):
            await delivery.stream({"for": delivery.message.sender_id})
            await asyncio.sleep(0)
        return {}

    await broker.subscribe("bob", tell)
    streams = await asyncio.gather(*(collect(broker, message(sender=f"asker-{n}")) for n in range(8)))
    for number, items in enumerate(streams):
        assert items[:-1] == [{"for": f"asker-{number}"}] * 5


async def test_a_repeated_stream_gets_the_recorded_reply(broker: Broker) -> None:
    async def tell(delivery: Delivery) -> dict[str, Any]:
        await delivery.stream({"n": 1})
        return {"whole": "1"}

    await broker.subscribe("bob", tell)
    question = message()
    first = await collect(broker, question)
    assert await collect(broker, question) == first[-1:]


async def test_a_stream_ends_with_the_fault(broker: Broker) -> None:
    async def break_off(delivery: Delivery) -> None:
        await delivery.stream({"n": 1})
        raise RefusedError("lost the thread")

    await broker.subscribe("bob", break_off)
    stream = broker.request_stream(message(), timeout=PATIENCE)
    assert await anext(stream) == {"n": 1}
    with pytest.raises(HandlingFailedError, match="lost the thread"):
        await anext(stream)


async def test_patience_with_a_stream_is_for_each_part(rig: Rig) -> None:
    step = asyncio.Event()

    async def tell(delivery: Delivery) -> dict[str, Any]:
        await delivery.stream({"n": 1})
        await step.wait()
        return {}

    await rig.broker.subscribe("bob", tell)
    stream = rig.broker.request_stream(message(), timeout=timedelta(seconds=2))
    assert await anext(stream) == {"n": 1}
    waiting = asyncio.ensure_future(anext(stream))

    async def over() -> bool:
        rig.clock.advance(timedelta(seconds=1))
        await asyncio.sleep(0)
        return waiting.done()

    await wait_until(over)
    with pytest.raises(ReplyTimeoutError):
        await waiting
    step.set()
