"""Writing messages as JSON without the model, and handing over within this process what reading that JSON would give.

Both halves of the model's work cost more than everything else that is done with a message. Where a message stays in
the process, nothing of it need be read again: its envelope is made of values that cannot change, and its payload is
copied by way of the JSON that is kept. So a handler, or an asker, holds what another process would hold, and what the
sender changes afterwards reaches nobody.

This holds for payloads of plain JSON. Whatever else the model can write (a date, a Decimal, another model) takes its
way through the model, out and in.
"""

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
# Shared by all that are made here: a frozen model does not change its set, and a copy of it copies the set.
_NAMES: Final = set(AgentMessage.model_fields)
_PAYLOAD_NAMES: Final = set(MessagePayload.model_fields)
# What a message takes besides the text in it, about.
_OBJECT_BYTES: Final = 1_500
# The slots of a model, set directly: by name it takes twice as long.
_new: Final = object.__new__
_set_dict, _set_names, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
M = TypeVar("M", bound=BaseModel)


class Written:
    """A message as JSON: `body` is what is kept of it, `message()` what that would be read as."""

    __slots__ = ("_inside", "_source", "body")

    def __init__(self, message: AgentMessage) -> None:
        self._source = message
        self._inside: bytes | None = None
        if type(message) is AgentMessage and type(message.payload) is MessagePayload:
            try:
                said = message.payload.__dict__.copy()
                if said["response_timeout"] is None:
                    del said["response_timeout"]
                self._inside = inside = orjson.dumps(said, option=_PLAIN)
                said = message.__dict__.copy()
                for name in _OPTIONAL:
                    if said[name] is None:
                        del said[name]
                said["payload"] = orjson.Fragment(inside)
                self.body = orjson.dumps(said, option=orjson.OPT_UTC_Z)
            except TypeError:
                self._inside = None
        if self._inside is None:
            self.body = message.to_bytes()

    def message(self) -> AgentMessage:
        """One that nobody else holds. Raises `ValidationError` if it could not be read."""
        if self._inside is None:
            return AgentMessage.model_validate_json(self.body)
        # In the order of the fields, which the values replaced keep.
        fields, inside = self._source.__dict__.copy(), self._source.payload.__dict__.copy()
        priority, timeout = inside["priority"], inside["response_timeout"]
        inside.update(orjson.loads(self._inside))
        inside["priority"], inside["response_timeout"] = priority, timeout
        fields["payload"] = _made(MessagePayload, _PAYLOAD_NAMES, inside)
        return _made(AgentMessage, _NAMES, fields)

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return 2 * len(self.body) + _OBJECT_BYTES


class Answer:
    """A reply that was written here: `body` is its JSON, `message` what that would be read as, made when asked for."""

    __slots__ = ("_data", "_fields", "_priority", "_trace", "body")

    def __init__(self, question: AgentMessage, data: dict[str, Any], *, at: datetime, reply_id: str) -> None:
        self._priority = question.payload.priority
        self._trace = question.trace
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
        if question.trace is None:
            self.body = orjson.dumps(self._fields)
        else:
            self.body = orjson.dumps({**self._fields, "trace": question.trace})

    def message(self) -> AgentMessage:
        """One that nobody else holds."""
        inside = {
            "data": orjson.loads(self._data),
            "priority": self._priority,
            "requires_response": False,
            "response_timeout": None,
            "context": {},
            "attachments": [],
        }
        fields = {**self._fields, "expires_at": None, "trace": self._trace, "sealed_with": None}
        fields["payload"] = _made(MessagePayload, _PAYLOAD_NAMES, inside)
        return _made(AgentMessage, _NAMES, fields)


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


def _made(model: type[M], names: set[str], fields: dict[str, Any]) -> M:
    """A model of values that were validated before, in the way of its own `__copy__`: nothing is looked at again."""
    made = _new(model)
    _set_dict(made, fields)
    _set_names(made, names)
    _set_extra(made, None)
    _set_private(made, None)
    return made
