"""What stays in the process is what reading its JSON would give."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from folkmoot.messaging import AgentMessage, MessagePayload
from folkmoot.messaging.brokers.write import Answer, ReplyWriter, Written
from folkmoot.messaging.envelope import MessageIntent, Priority

AT = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)


class Point(BaseModel):
    """Something that only the model knows how to write."""

    x: int
    y: int | None = None


PAYLOADS = [
    MessagePayload(),
    MessagePayload(data={"text": "Grüße 🙂 \u2028", "none": None, "list": [1, 2.5, -0.0, 1e300, True, {"deep": [[]]}]}),
    MessagePayload(data={"not a number": float("nan"), "endless": float("inf")}),
    MessagePayload(data={"tuple": (1, 2)}, priority=Priority.URGENT, requires_response=True, response_timeout=5),
    MessagePayload(context={"on_behalf_of": "user"}, attachments=[{"name": "a.txt", "bytes": 3}]),
    MessagePayload(data={"large": 10**30}),
    MessagePayload(data={"at": AT, "price": Decimal("1.50"), "wait": timedelta(seconds=3)}),
    MessagePayload(data={"set": {1}, "bytes": b"abc", "point": Point(x=1)}),
]


def message(payload: MessagePayload, **fields: Any) -> AgentMessage:
    return AgentMessage(sender_id="alice", recipient_id="bob", intent=MessageIntent.CHAT, payload=payload, **fields)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize(
    "fields", [{}, {"reply_to": "m-1", "correlation_id": "m-0", "expires_at": AT, "trace": "00-1-2-01"}]
)
def test_a_written_message_is_what_reading_it_gives(payload: MessagePayload, fields: dict[str, Any]) -> None:
    sent = message(payload, **fields)
    written = Written(sent)
    read = AgentMessage.model_validate_json(written.body)
    assert written.message() == read == AgentMessage.model_validate_json(sent.to_bytes())
    assert repr(written.message()) == repr(read)
    assert written.message().to_bytes() == read.to_bytes()


def test_what_the_sender_changes_later_is_not_delivered() -> None:
    data: dict[str, Any] = {"list": [1], "deep": {"a": 1}}
    sent = message(MessagePayload(data=data))
    written = Written(sent)
    sent.payload.data["list"].append(2)
    sent.payload.data["deep"]["a"] = 2
    sent.payload.context["new"] = True
    taken = written.message()
    assert taken.payload.data == {"list": [1], "deep": {"a": 1}}
    assert taken.payload.context == {}
    taken.payload.data["list"].append(3)
    assert written.message().payload.data["list"] == [1], "each has one of its own"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("fields", [{}, {"correlation_id": "m-0", "trace": "00-1-2-01"}])
def test_an_answer_is_what_reading_it_gives(payload: MessagePayload, fields: dict[str, Any]) -> None:
    question = message(payload, **fields)
    answer = ReplyWriter().write(question, payload.data, AT)
    read = AgentMessage.model_validate_json(answer if isinstance(answer, bytes) else answer.body)
    assert read.reply_to == question.message_id
    if not isinstance(answer, bytes):
        assert read.timestamp == AT
        assert answer.message() == read
        assert repr(answer.message()) == repr(read)
        assert answer.message().to_bytes() == read.to_bytes()


def test_only_plain_values_are_spared_the_model() -> None:
    writer = ReplyWriter()
    question, cases = message(MessagePayload()), list[tuple[Any, bool]]()
    cases += [({"ok": True}, True), ({"price": Decimal(1)}, False), ({"point": Point(x=1)}, False)]
    for data, plain in cases:
        assert isinstance(writer.write(question, data, AT), Answer) is plain


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("fields", [{}, {"correlation_id": "\N{BELL}" * 9_000, "trace": "00-1-2-01"}])
def test_a_length_is_exact_near_the_limit_and_no_less_than_it_is_elsewhere(
    payload: MessagePayload, fields: dict[str, Any]
) -> None:
    sent = message(payload, **fields)
    for one in (Written(sent), ReplyWriter().write(sent, payload.data, AT)):
        if not isinstance(one, bytes):
            exact = len(one.body)
            assert one.length(exact) == exact
            assert one.length(10_000_000) >= exact


def test_replies_have_ids_of_their_own() -> None:
    writer, question = ReplyWriter(), message(MessagePayload())
    replies = [writer.write(question, {}, AT) for _ in range(100)]
    ids = {reply.message().message_id for reply in replies if isinstance(reply, Answer)}
    assert len(ids) == 100
    assert all(str(uuid.UUID(one)) == one and uuid.UUID(one).version == 4 for one in ids)


def test_a_copy_of_what_was_handed_over_may_be_changed() -> None:
    first, second = Written(message(MessagePayload())).message(), Written(message(MessagePayload())).message()
    changed = first.model_copy(update={"trace": "00-1-2-01"})
    assert changed.trace == "00-1-2-01"
    assert first.model_fields_set == second.model_fields_set == set(AgentMessage.model_fields)
