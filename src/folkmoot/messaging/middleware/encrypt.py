"""Encryption: what a message carries is readable by whoever has the key, and by nobody who only has the journal.

Sealed are the payload's `data`, `context` and `attachments`. Everything else stays clear, because messages are routed,
ordered, expired and found by it; but all of it except `trace` is bound to the seal, so that a payload moved to another
envelope, or an envelope rewritten around it, is found out. It is done last, on the envelope as it is stored: addressed
to one agent, each copy of a broadcast for itself. The keys are in `keyring.py`.
"""

import binascii
from datetime import datetime
from typing import Final

import orjson
from pydantic import ValidationError

from folkmoot.messaging.envelope import AgentMessage, MessagePayload
from folkmoot.messaging.errors import AlreadySealedError, SealBrokenError
from folkmoot.messaging.middleware.keyring import Keyring
from folkmoot.messaging.middleware.middleware import Middleware

_FORM: Final = 1
_SEALED_PARTS: Final = {"data", "context", "attachments"}


class Encrypt(Middleware):
    """Seals what is stored and sent, with the keys of a keyring; the innermost middleware, so that others see words."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def storing(self, message: AgentMessage) -> AgentMessage:
        return seal(message, self._keyring)

    def reading(self, message: AgentMessage) -> AgentMessage:
        return open_(message, self._keyring)

    def packing(self, chunk: bytes, message_id: str) -> bytes:
        return self._keyring.seal_bytes(chunk, message_id.encode())

    def unpacking(self, chunk: bytes, message_id: str) -> bytes:
        return self._keyring.open_bytes(chunk, message_id.encode())


def seal(message: AgentMessage, keyring: Keyring) -> AgentMessage:
    """The message with its payload unreadable; the message itself where there is no key.

    `payload.data` is then `{"sealed": <base64>}`. Raises `AlreadySealedError`: a seal comes from here, never from
    outside.
    """
    if message.sealed_with is not None:
        raise AlreadySealedError(
            "the message says that it is sealed already; leave out 'sealed_with'", message_id=message.message_id
        )
    key = keyring.sealing
    if key is None:
        return message
    # As pydantic writes it, for whatever may be in a payload is written so without a seal too.
    plain = message.payload.model_dump_json(include=_SEALED_PARTS, exclude_defaults=True).encode()
    sealed = key.close(plain, _about(message, key.id))
    payload = {"data": {"sealed": _text(sealed)}, "context": {}, "attachments": []}
    return message.model_copy(
        update={"payload": message.payload.model_copy(update=payload), "sealed_with": key.id},
    )


def open_(message: AgentMessage, keyring: Keyring) -> AgentMessage:
    """The message as it was before `seal`.

    Raises `SealBrokenError`, `UnknownSealKeyError`, and `UnsealedError` where the keyring refuses unsealed messages.
    """
    if message.sealed_with is None:
        keyring.check_unsealed()
        return message
    key = keyring.key(message.sealed_with)
    found = message.payload
    sealed = found.data.get("sealed")
    if len(found.data) != 1 or not isinstance(sealed, str) or found.context or found.attachments:
        raise _broken(message, "something was put beside what is sealed, or in its place")
    try:
        plain = key.open(binascii.a2b_base64(sealed, strict_mode=True), _about(message, key.id))
        opened = MessagePayload.model_validate_json(plain)
    except binascii.Error as error:
        raise _broken(message, "what is sealed is no base64") from error
    except ValidationError as error:
        raise _broken(message, "its payload has a form that is not known here") from error
    payload = {"data": opened.data, "context": opened.context, "attachments": opened.attachments}
    return message.model_copy(update={"payload": found.model_copy(update=payload), "sealed_with": None})


def _about(message: AgentMessage, key_id: str) -> bytes:
    """Everything that stays clear, in one form, however the message was made."""
    payload = message.payload
    return orjson.dumps(
        [
            _FORM,
            key_id,
            message.message_id,
            message.conversation_id,
            message.sender_id,
            message.recipient_id,
            message.intent,
            payload.priority,
            payload.requires_response,
            None if payload.response_timeout is None else float(payload.response_timeout),
            _time(message.timestamp),
            _time(message.expires_at),
            message.reply_to,
            message.correlation_id,
        ]
    )


def _time(value: datetime | None) -> float | None:
    return None if value is None else value.timestamp()


def _text(sealed: bytes) -> str:
    return binascii.b2a_base64(sealed, newline=False).decode()


def _broken(message: AgentMessage, why: str) -> SealBrokenError:
    return SealBrokenError(
        f"the seal of message {message.message_id} is broken: {why}; it was changed on its way",
        message_id=message.message_id,
    )
