"""The envelope: what it accepts, refuses, and how it travels."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from folkmoot.messaging import AgentMessage, MessageIntent, MessagePayload, Priority

FIELDS: dict[str, Any] = {"sender_id": "alice", "recipient_id": "bob", "intent": "chat"}
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    data=st.dictionaries(st.text(), json_values, max_size=4),
    priority=st.sampled_from(Priority),
    intent=st.sampled_from(MessageIntent),
    timestamp=st.datetimes(timezones=st.just(UTC)),
)
def test_a_message_survives_its_journey(
    data: dict[str, Any], priority: Priority, intent: MessageIntent, timestamp: datetime
) -> None:
    sent = AgentMessage(
        sender_id="alice",
        recipient_id="bob",
        intent=intent,
        payload=MessagePayload(data=data, priority=priority),
        timestamp=timestamp,
    )
    assert AgentMessage.model_validate_json(sent.to_bytes()) == sent


def test_ids_are_uuids_and_unique() -> None:
    first, second = AgentMessage(**FIELDS), AgentMessage(**FIELDS)
    assert UUID(first.message_id).version == 4
    assert first.message_id != second.message_id


def test_times_are_utc() -> None:
    noon_in_berlin = datetime(2026, 1, 5, 12, tzinfo=timezone(timedelta(hours=1)))
    sent = AgentMessage(**FIELDS, timestamp=noon_in_berlin)
    assert sent.timestamp.tzinfo is UTC
    assert sent.timestamp.hour == 11
    with pytest.raises(ValidationError, match="timezone"):
        AgentMessage(**FIELDS, timestamp=datetime(2026, 1, 5, 12))  # noqa: DTZ001  # the naive time is the case


@pytest.mark.parametrize(
    "wrong",
    [
        {"intent": "make_coffee"},
        {"intent": "custom:"},
        {"intent": "custom:UPPER"},
        {"sender_id": ""},
        {"recipient_id": "two words"},
        {"recipient_id": "a/b"},
        {"recipient_id": "x" * 201},
        {"recipient_id": "role:" + "x" * 200},
        {"recipient_id": "role: "},
        {"message_id": ""},
        {"timestamp": "0001-01-01T00:11:56+11:56"},
        {"surprise": 1},
        {"payload": {"surprise": 1}},
        {"payload": {"priority": "asap"}},
        {"payload": {"response_timeout": 0}},
        {"payload": {"data": []}},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AgentMessage(**{**FIELDS, **wrong})


def test_a_role_is_addressed_as_people_write_it() -> None:
    assert AgentMessage(**{**FIELDS, "recipient_id": "role:UX/UI designer"}).recipient_id == "role:UX/UI designer"


def test_an_application_has_intents_of_its_own() -> None:
    assert AgentMessage(**{**FIELDS, "intent": "custom:brew-coffee"}).intent == "custom:brew-coffee"


def test_an_answer_goes_back_the_way_the_question_came() -> None:
    question = AgentMessage(**FIELDS, trace="00-ab-cd-01")
    answer = question.answer({"yes": True})
    assert (answer.sender_id, answer.recipient_id) == ("bob", "alice")
    assert (answer.reply_to, answer.correlation_id) == (question.message_id, question.message_id)
    assert answer.conversation_id == question.conversation_id
    assert answer.answer({}).correlation_id == question.message_id
