"""Encryption: what is sealed, what a change of anything does, and how a key is replaced."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkmoot.messaging import AgentMessage, MessagePayload, Priority
from folkmoot.messaging.errors import (
    AlreadySealedError,
    BadSealKeyError,
    SealBrokenError,
    SealError,
    UnknownSealKeyError,
    UnsealedError,
)
from folkmoot.messaging.middleware.encrypt import open_, seal
from folkmoot.messaging.middleware.keyring import Keyring
from folkmoot.messaging.retry import RetryPolicy

OLD, NEW = "an-old-secret-of-enough-letters-1", "a-new-secret-of-enough-letters-22"
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
KEYS = Keyring.of(f"2026-01={OLD}")
MESSAGE = AgentMessage(
    message_id="m-1",
    conversation_id="c-1",
    sender_id="alice",
    recipient_id="bob",
    intent="chat",
    payload=MessagePayload(
        data={"text": "The launch is in May"},
        context={"on_behalf_of": "jonas"},
        attachments=[{"name": "plan.pdf"}],
        priority=Priority.HIGH,
        requires_response=True,
        response_timeout=30,
    ),
    timestamp=AT,
    expires_at=AT + timedelta(hours=1),
    reply_to="m-0",
    correlation_id="x-1",
    trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
CHANGES: dict[str, Any] = {
    "message_id": "m-2",
    "conversation_id": "c-2",
    "sender_id": "mallory",
    "recipient_id": "mallory",
    "intent": "notification",
    "timestamp": AT - timedelta(days=1),
    "expires_at": None,
    "reply_to": None,
    "correlation_id": None,
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(st.text(), json_values, max_size=4)


def stored(message: AgentMessage) -> AgentMessage:
    """The message as it comes back from where it is kept."""
    return AgentMessage.model_validate_json(message.to_bytes())


@settings(deadline=None)
@given(
    data=json_objects,
    context=json_objects,
    attachments=st.lists(json_objects, max_size=2),
    priority=st.sampled_from(Priority),
    patience=st.none() | st.integers(1, 86_400) | st.floats(0.001, 86_400),
    expires=st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_what_was_sealed_opens_as_it_was(
    data: dict[str, Any],
    context: dict[str, Any],
    attachments: list[dict[str, Any]],
    priority: Priority,
    patience: float | None,
    expires: datetime | None,
) -> None:
    payload = MessagePayload(
        data=data, context=context, attachments=attachments, priority=priority, response_timeout=patience
    )
    sent = AgentMessage(sender_id="alice", recipient_id="bob", intent="chat", payload=payload, expires_at=expires)
    assert open_(stored(seal(sent, KEYS)), KEYS) == stored(sent)


def test_nothing_of_the_payload_is_in_the_bytes_and_what_routes_is() -> None:
    sealed = seal(MESSAGE, KEYS)
    kept = sealed.to_bytes().decode()
    assert not [word for word in ("launch", "The", "jonas", "on_behalf_of", "plan.pdf") if word in kept]
    assert sealed.sealed_with == "2026-01"
    clear = {"payload", "sealed_with"}
    assert sealed.model_dump(exclude=clear) == MESSAGE.model_dump(exclude=clear)
    carried = {"data", "context", "attachments"}
    assert sealed.payload.model_dump(exclude=carried) == MESSAGE.payload.model_dump(exclude=carried)


def test_the_same_message_is_never_sealed_alike() -> None:
    assert seal(MESSAGE, KEYS).payload != seal(MESSAGE, KEYS).payload


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_envelope_is_found_out(field: str) -> None:
    changed = seal(MESSAGE, KEYS).model_copy(update={field: CHANGES[field]})
    with pytest.raises(SealBrokenError) as caught:
        open_(stored(changed), KEYS)
    assert RetryPolicy().gives_up(1, caught.value), "no time heals it: it is a dead letter at once"


@pytest.mark.parametrize(
    "change",
    [
        {"priority": Priority.URGENT},
        {"requires_response": False},
        {"response_timeout": 31.0},
        {"data": {}},
        {"data": {"sealed": 1}},
        {"data": {"sealed": ""}},
        {"data": {"sealed": "no base64"}},
        {"context": {"on_behalf_of": "admin"}},
        {"attachments": [{"name": "worm.exe"}]},
    ],
    ids=str,
)
def test_a_changed_payload_is_found_out(change: dict[str, Any]) -> None:
    sealed = seal(MESSAGE, KEYS)
    changed = sealed.model_copy(update={"payload": sealed.payload.model_copy(update=change)})
    with pytest.raises(SealBrokenError):
        open_(stored(changed), KEYS)


@settings(deadline=None, max_examples=50)
@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_changed_bit_is_found_out(place: int, bit: int) -> None:
    sealed = bytearray(KEYS.seal_bytes(b"a chunk", b"m-1 0"))
    place %= len(sealed)
    sealed[place] ^= 1 << bit
    # A first byte that says "not sealed" is what a strict keyring is for.
    strict = Keyring.of(f"2026-01={OLD}", strict=True)
    with pytest.raises(SealError):
        strict.open_bytes(bytes(sealed), b"m-1 0")


def test_a_payload_moved_to_another_envelope_is_found_out() -> None:
    other = MESSAGE.model_copy(update={"message_id": "m-9"})
    moved = seal(other, KEYS).model_copy(update={"payload": seal(MESSAGE, KEYS).payload})
    with pytest.raises(SealBrokenError):
        open_(moved, KEYS)


def test_a_key_is_replaced_without_loss() -> None:
    sealed = seal(MESSAGE, KEYS)
    added = Keyring.of(f"2026-01={OLD}, 2026-02={NEW}")
    moved = Keyring.of(f"2026-02={NEW}, 2026-01={OLD}")
    assert seal(MESSAGE, added).sealed_with == "2026-01", "the first seals"
    assert open_(seal(MESSAGE, moved), added) == MESSAGE, "who does not seal with the new key yet opens it already"
    assert open_(sealed, moved) == MESSAGE
    with pytest.raises(UnknownSealKeyError, match=r"'2026-01'.*ENCRYPTION_KEY") as caught:
        open_(sealed, Keyring.of(f"2026-02={NEW}"))
    assert RetryPolicy().gives_up(1, caught.value)


def test_another_secret_of_the_same_name_opens_nothing() -> None:
    with pytest.raises(SealBrokenError, match="another secret"):
        open_(seal(MESSAGE, KEYS), Keyring.of(f"2026-01={NEW}"))


def test_without_a_name_a_key_is_known_by_its_fingerprint() -> None:
    bare = Keyring.of(OLD)
    sealed = seal(MESSAGE, bare)
    assert sealed.sealed_with == next(iter(bare.keys))
    assert len(sealed.sealed_with or "") == 12
    assert open_(sealed, Keyring.of(f"{NEW},{OLD}")) == MESSAGE


def test_without_keys_nothing_is_sealed_and_nothing_sealed_is_read() -> None:
    assert seal(MESSAGE, Keyring()) is MESSAGE
    assert open_(MESSAGE, Keyring()) is MESSAGE
    with pytest.raises(UnknownSealKeyError, match="none"):
        open_(seal(MESSAGE, KEYS), Keyring())


def test_unsealed_messages_are_taken_unless_the_house_is_strict() -> None:
    assert open_(MESSAGE, KEYS) is MESSAGE
    strict = Keyring.of(OLD, strict=True)
    with pytest.raises(UnsealedError, match="ENCRYPTION_STRICT"):
        open_(MESSAGE, strict)
    with pytest.raises(UnsealedError):
        strict.open_bytes(b"{}", b"")


@pytest.mark.parametrize("keyring", [KEYS, Keyring()], ids=["with a key", "without"])
def test_nobody_outside_says_that_a_message_is_sealed(keyring: Keyring) -> None:
    with pytest.raises(AlreadySealedError):
        seal(MESSAGE.model_copy(update={"sealed_with": "2026-01"}), keyring)


def test_bytes_outside_a_message_are_bound_to_what_they_belong_to() -> None:
    sealed = KEYS.seal_bytes(b'{"chunk": "May"}', b"m-1 0")
    assert b"May" not in sealed
    assert KEYS.open_bytes(sealed, b"m-1 0") == b'{"chunk": "May"}'
    with pytest.raises(SealBrokenError):
        KEYS.open_bytes(sealed, b"m-1 1")
    with pytest.raises(UnknownSealKeyError):
        Keyring.of(NEW).open_bytes(sealed, b"m-1 0")
    assert Keyring().seal_bytes(b"{}", b"") == b"{}"


def test_a_seal_adds_little() -> None:
    for size in (500, 100_000):
        sent = AgentMessage(
            sender_id="alice", recipient_id="bob", intent="chat", payload=MessagePayload(data={"text": "x" * size})
        )
        # A third by base64, and what it is sealed with.
        assert len(seal(sent, KEYS).to_bytes()) <= len(sent.to_bytes()) + size / 3 + 120


@pytest.mark.parametrize(
    ("text", "said"),
    [("short", "5 characters"), ("2026-01=short", "named 2026-01 has 5"), (f"a={OLD},a={NEW}", "same name")],
)
def test_unusable_keys_are_refused_without_showing_them(text: str, said: str) -> None:
    with pytest.raises(BadSealKeyError, match=said) as caught:
        Keyring.of(text)
    assert "short" not in caught.value.message


def test_a_secret_in_base64_is_a_secret_and_no_name() -> None:
    padded = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
    assert [key.secret for key in Keyring.of(f"{padded},k={padded}").keys.values()] == [padded, padded]
