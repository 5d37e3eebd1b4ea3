"""Writing messages as JSON without the model, and handing over within this process what reading that JSON would give.

Both halves of the model's work cost more than everything else that is done with a message. Where a message stays in
the process, nothing of it need be read again: its envelope is made of values that cannot change, and its payload is
copied by way of the JSON that is kept. So a handler, or an asker, holds what another process would hold, and what the
sender changes afterwards reaches nobody.

This holds for payloads of plain JSON. Whatever else the model can write (a date, a Decimal, another model) takes its
way through the model, out and in.
"""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel

from folkmoot.messaging.envelope import AgentMessage, MessagePayload

# What is not plain is refused here, as the model writes it in another way.
_PLAIN: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_OPTIONAL: Final = ("reply_to", "correlation_id", "expires_at", "trace", "sealed_with")
_VERSION_4: Final = 0x4 << 76 | 0x8 << 60
_RANDOM_BITS: Final = (1 << 128) - 1 ^ (0xF << 76 | 0xC << 60)
_PAYLOAD: Final = MessagePayload().__dict__
_set: Final = object.__setattr__
M = TypeVar("M", bound=BaseModel)


def written(message: AgentMessage, *, taken: bool = True) -> tuple[bytes, AgentMessage | None]:
    """The JSON of a message; and the message that it would be read as, if it is `taken` and that is known."""
    payload = message.payload
    if type(message) is not AgentMessage or type(payload) is not MessagePayload:
        return message.to_bytes(), None
    inside, envelope = dict(payload.__dict__), dict(message.__dict__)
    if inside["response_timeout"] is None:
        del inside["response_timeout"]
    for name in _OPTIONAL:
        if envelope[name] is None:
            del envelope[name]
    try:
        inner = orjson.dumps(inside, option=_PLAIN)
        envelope["payload"] = orjson.Fragment(inner)
        body = orjson.dumps(envelope, option=orjson.OPT_UTC_Z)
    except TypeError:
        return message.to_bytes(), None
    if not taken:
        return body, None
    contents = {**payload.__dict__, **orjson.loads(inner), "priority": payload.priority}
    fields = {**message.__dict__, "payload": _made(MessagePayload, contents, inside)}
    return body, _made(AgentMessage, fields, envelope)


class Answer:
    """A reply that was written here: `body` is its JSON, `message` what that would be read as, made when asked for."""

    __slots__ = ("_data", "_fields", "_priority", "body")

    def __init__(self, question: AgentMessage, data: dict[str, Any], *, at: datetime, reply_id: str) -> None:
        self._priority = question.payload.priority
        self._data = orjson.dumps(data)
        self._fields: dict[str, Any] = {
            "message_id": reply_id,
            "conversation_id": question.conversation_id,
            "sender_id": question.recipient_id,
            "recipient_id": question.sender_id,
            "intent": question.intent,
            "payload": {"data": orjson.Fragment(self._data), "priority": self._priority},
            "timestamp": at,
            "reply_to": question.message_id,
            "correlation_id": question.correlation_id or question.message_id,
        }
        if question.trace is not None:
            self._fields["trace"] = question.trace
        self.body = orjson.dumps(self._fields)

    def message(self) -> AgentMessage:
        """One that nobody else holds."""
        inside = {"data": orjson.loads(self._data), "priority": self._priority}
        payload = _made(MessagePayload, {**_PAYLOAD, "context": {}, "attachments": [], **inside}, inside)
        fields = {"expires_at": None, "trace": None, "sealed_with": None, **self._fields, "payload": payload}
        return _made(AgentMessage, fields, self._fields)


class ReplyWriter:
    """Writes replies, each with an id of its own."""

    def __init__(self) -> None:
        # An id must be unique, not secret; asking the system for each lets the writing thread in between.
        self._random = Random()  # see above

    def write(self, question: AgentMessage, data: dict[str, Any], at: datetime) -> tuple[bytes, Answer | None]:
        """The JSON of `question.answer(data)`, sent at `at`; and the answer itself if its data is of plain values."""
        try:
            answer = Answer(question, data, at=at, reply_id=self._id())
        except TypeError:
            # Values that only the model knows how to write, such as a Decimal or another model.
            return question.answer(data).to_bytes(), None
        return answer.body, answer

    def _id(self) -> str:
        """A UUID of version 4; the standard library takes several times as long to write one."""
        bits = self._random.getrandbits(128) & _RANDOM_BITS | _VERSION_4
        digits = f"{bits:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _made(model: type[M], fields: dict[str, Any], named: Mapping[str, object]) -> M:
    """A model of values that were validated before, in the way of its own `__copy__`: nothing is looked at again."""
    made = model.__new__(model)
    _set(made, "__dict__", fields)
    _set(made, "__pydantic_fields_set__", set(named))
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made
