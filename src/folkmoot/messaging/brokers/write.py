"""Writing messages as JSON without the model, and handing over within this process what reading that JSON would give.

Both halves of the model's work cost more than everything else that is done with a message. Where a message stays in
the process, nothing of it need be read again: its envelope is made of values that cannot change, and its payload is
copied by way of the JSON that is kept. So a handler, or an asker, holds what another process would hold, and what the
sender changes afterwards reaches nobody.

This holds for payloads of plain JSON. Whatever else the model can write (a date, a Decimal, another model) takes its
way through the model, out and in.
"""

import uuid
from datetime import datetime
from itertools import count
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel

from folkmoot.messaging.envelope import AgentMessage, MessagePayload

# What is not plain is refused here, as the model writes it in another way.
_PLAIN: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_OPTIONAL: Final = ("reply_to", "correlation_id", "expires_at", "trace", "sealed_with")
# The most that an envelope takes as JSON besides what has no longest form; a character has `_WORST` bytes at most.
_ENVELOPE_BYTES: Final = 7_000
_WORST: Final = 6
_UNSAID: Final = ("response_timeout",)
_COUNTED: Final = 12  # the last digits of a UUID, with no dash in them
# Shared by all that are made here: a frozen model does not change its set, and a copy of it copies the set.
_NAMES: Final = set(AgentMessage.model_fields)
_PAYLOAD_NAMES: Final = set(MessagePayload.model_fields)
# What a message takes besides the text in it, about.
_OBJECT_BYTES: Final = 1_500
# What a model consists of, set past its being frozen.
_set_fields: Final = BaseModel.__dict__["__dict__"].__set__
_set_names: Final = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra: Final = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private: Final = BaseModel.__dict__["__pydantic_private__"].__set__
M = TypeVar("M", bound=BaseModel)


class Written:
    """A message as JSON: `body` is what is kept of it, `message()` what that would be read as.

    Making one fixes what the message carries. The whole `body` is written when it is asked for first.
    """

    __slots__ = ("_body", "_inside", "_source")

    def __init__(self, message: AgentMessage) -> None:
        self._source = message
        self._inside: bytes | None = None
        self._body: bytes | None = None
        if type(message) is AgentMessage and type(message.payload) is MessagePayload:
            try:
                self._inside = orjson.dumps(_without(message.payload.__dict__, _UNSAID), option=_PLAIN)
            except TypeError:
                self._body = message.to_bytes()
        else:
            self._body = message.to_bytes()

    @property
    def body(self) -> bytes:
        """The JSON of the message."""
        if self._body is None:
            assert self._inside is not None
            envelope = _without(self._source.__dict__, _OPTIONAL)
            envelope["payload"] = orjson.Fragment(self._inside)
            self._body = orjson.dumps(envelope, option=orjson.OPT_UTC_Z)
        return self._body

    def length(self, limit: int) -> int:
        """How long `body` is; where that is clearly within `limit`, no less than that, and nothing is written."""
        if self._inside is not None:
            source = self._source
            loose = f"{source.reply_to}{source.correlation_id}{source.trace}"
            bound = len(self._inside) + _ENVELOPE_BYTES + _WORST * len(loose)
            if bound <= limit:
                return bound
        return len(self.body)

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
    """A reply that was written here: `body` is its JSON, `message` what that would be read as; made when asked for."""

    __slots__ = ("_at", "_data", "_id", "_question")

    def __init__(self, question: AgentMessage, data: dict[str, Any], *, at: datetime, reply_id: str) -> None:
        self._data = orjson.dumps(data)
        self._question = question
        self._at = at
        self._id = reply_id

    @property
    def body(self) -> bytes:
        """The JSON of the reply."""
        fields = self._fields()
        fields["payload"] = {"data": orjson.Fragment(self._data), "priority": self._question.payload.priority}
        return orjson.dumps(_without(fields, _OPTIONAL))

    def length(self, limit: int) -> int:
        """How long `body` is; where that is clearly within `limit`, no less than that, and nothing is written."""
        question = self._question
        bound = len(self._data) + _ENVELOPE_BYTES + _WORST * len(f"{question.correlation_id}{question.trace}")
        return bound if bound <= limit else len(self.body)

    def message(self) -> AgentMessage:
        """One that nobody else holds."""
        inside = {
            "data": orjson.loads(self._data),
            "priority": self._question.payload.priority,
            "requires_response": False,
            "response_timeout": None,
            "context": {},
            "attachments": [],
        }
        fields = self._fields()
        fields["payload"] = _made(MessagePayload, _PAYLOAD_NAMES, inside)
        return _made(AgentMessage, _NAMES, fields)

    def _fields(self) -> dict[str, Any]:
        question = self._question
        message_id = question.message_id
        return {
            "message_id": self._id,
            "conversation_id": question.conversation_id,
            "sender_id": question.recipient_id,
            "recipient_id": question.sender_id,
            "intent": question.intent,
            "payload": None,
            "timestamp": self._at,
            "reply_to": message_id,
            "correlation_id": question.correlation_id or message_id,
            "expires_at": None,
            "trace": question.trace,
            "sealed_with": None,
        }


class ReplyWriter:
    """Writes replies, each with an id of its own."""

    def __init__(self) -> None:
        # Each is a UUID with random digits of this writer's own in front and a count behind: making one anew for each
        # reply would cost as much as writing the reply.
        first = str(uuid.uuid4())
        self._mine, self._count = first[:-_COUNTED], count(int(first[-_COUNTED:], 16) >> 1)

    def write(self, question: AgentMessage, data: dict[str, Any], at: datetime) -> Answer | bytes:
        """What `question.answer(data)` gives, sent at `at`; as JSON where only the model knows how to write it."""
        try:
            return Answer(question, data, at=at, reply_id=f"{self._mine}{next(self._count):012x}")
        except TypeError:
            # There are such values in it as a Decimal or another model.
            return question.answer(data).to_bytes()


def _without(fields: dict[str, Any], optional: tuple[str, ...]) -> dict[str, Any]:
    """The fields without those of the optional ones that are None."""
    said = fields.copy()
    for name in optional:
        if said[name] is None:
            del said[name]
    return said


def _made(model: type[M], names: set[str], fields: dict[str, Any]) -> M:
    """A model of values that were validated before, in the way of its own `__copy__`: nothing is looked at again."""
    made = object.__new__(model)
    _set_fields(made, fields)
    _set_names(made, names)
    _set_extra(made, None)
    _set_private(made, None)
    return made
