"""Each middleware alone: what it does at its point of a message's way."""

from datetime import UTC, datetime, timedelta

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload
from folkmoot.messaging.brokers.attempt import Attempt
from folkmoot.messaging.errors import NotReachableError, SendingTooFastError
from folkmoot.messaging.middleware import Expiry, Happening, Retry
from folkmoot.messaging.middleware.deduplicate import Deduplicate
from folkmoot.messaging.middleware.limit_rate import LimitRate
from folkmoot.messaging.middleware.measure import Measure
from folkmoot.messaging.middleware.permit import Permit
from folkmoot.messaging.middleware.tell import Tell
from folkmoot.messaging.middleware.trace import Trace
from folkmoot.messaging.news import MessageNews
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.telemetry import Metrics, Tracing


def message(sender: str = "alice", recipient: str = "bob", **context: object) -> AgentMessage:
    return AgentMessage(
        sender_id=sender, recipient_id=recipient, intent="chat", payload=MessagePayload(context=dict(context))
    )


def delivery() -> Delivery:
    async def nowhere(_chunk: dict[str, object]) -> None:
        return None

    return Attempt(message=message(), attempt=1, inbox=None, stream=nowhere)


def test_retry_names_a_growing_wait_and_gives_up_at_the_end() -> None:
    retry = Retry(RetryPolicy(attempts=3, first_delay=timedelta(seconds=1), factor=2, jitter=0))
    fault = RuntimeError("not now")
    waits = [retry.trying_again(message(), attempt, fault) for attempt in (1, 2, 3)]
    assert waits == [timedelta(seconds=1), timedelta(seconds=2), None]


def test_expiry_is_the_sender_s_word() -> None:
    end = datetime(2026, 1, 5, tzinfo=UTC)
    assert Expiry().too_late_at(message().model_copy(update={"expires_at": end})) == end
    assert Expiry().too_late_at(message()) is None


async def test_deduplicate_makes_one_message_of_one_key() -> None:
    once = Deduplicate()
    first, again = message(idempotency_key="order 7"), message(idempotency_key="order 7")
    assert first.message_id != again.message_id
    ids = {(await once.sending(one)).message_id for one in (first, again)}
    assert len(ids) == 1
    others = [message(idempotency_key="order 8"), message("carol", idempotency_key="order 7")]
    others.append(message(recipient="dave", idempotency_key="order 7"))
    assert len({(await once.sending(one)).message_id for one in others} | ids) == 4
    assert (await once.sending(plain := message())) is plain


async def test_limit_rate_slows_one_sender_and_no_other(clock: SimulatedClock) -> None:
    limit = LimitRate(most=3, interval=timedelta(seconds=10), clock=clock)
    for _ in range(3):
        await limit.sending(message())
        clock.advance(timedelta(seconds=1))
    with pytest.raises(SendingTooFastError, match=r"alice sent 3 messages within 10 s") as caught:
        await limit.sending(message())
    assert caught.value.fields["retry_after_seconds"] == 7.0
    await limit.sending(message("carol"))
    clock.advance(timedelta(seconds=7))
    await limit.sending(message())


async def test_permit_asks_who_may_send_to_whom() -> None:
    async def may(sender: str, recipient: str) -> bool:
        return (sender, recipient) != ("mallory", "bob")

    permit = Permit(may)
    await permit.sending(message())
    with pytest.raises(NotReachableError, match="mallory may not send to bob"):
        await permit.sending(message("mallory"))


async def test_trace_leaves_messages_alone_where_nothing_is_traced() -> None:
    trace = Trace(Tracing())
    assert (await trace.sending(plain := message())) is plain

    async def handle(_delivery: Delivery) -> dict[str, object]:
        return {"ok": True}

    assert await trace.handling(delivery(), handle) == {"ok": True}


async def test_measure_counts_what_happens_and_times_attempts_that_fail_too() -> None:
    metrics = Metrics()
    measure = Measure(metrics)
    for what in Happening:
        measure.happened(what, message())

    async def fail(_delivery: Delivery) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await measure.handling(delivery(), fail)
    shown = metrics.exposition().decode()
    for line in (
        'folkmoot_messages_sent_total{intent="chat"} 1.0',
        'folkmoot_messages_retried_total{intent="chat"} 1.0',
        'folkmoot_messages_handled_total{intent="chat",outcome="handled"} 1.0',
        'folkmoot_messages_handled_total{intent="chat",outcome="dead"} 1.0',
        'folkmoot_messages_handled_total{intent="chat",outcome="expired"} 1.0',
        'folkmoot_message_handler_seconds_count{intent="chat"} 1.0',
    ):
        assert line in shown, shown


def test_tell_passes_on_acceptance_handling_and_giving_up() -> None:
    heard: list[MessageNews] = []
    tell = Tell(heard.append)
    for what in Happening:
        tell.happened(what, message())
    assert [news.type for news in heard] == ["message_sent", "message_handled", "message_dead"]
    assert {(news.sender_id, news.recipient_id, news.intent) for news in heard} == {("alice", "bob", "chat")}
