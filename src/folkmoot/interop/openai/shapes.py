"""What goes out: models, completions and the chunks of a stream, as OpenAI writes them.

`folkmoot` is ours: which agent answered, how sure the router was, what the answer rests on. Clients pass over it.
"""

from datetime import datetime
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, Field

from folkmoot.conversations import ChatMessage

AUTO: Final = "auto"
AGENT: Final = "agent:"
DONE: Final = b"data: [DONE]\n\n"
Ending = Literal["stop", "length"]


class ModelShown(BaseModel):
    """A model: an agent, or `auto`, whom the router finds. `name` and `description` are ours."""

    id: str = Field(examples=["agent:mira"])
    object: Literal["model"] = "model"
    created: int = Field(description="seconds since 1970")
    owned_by: str
    name: str
    description: str = ""


class ModelList(BaseModel):
    """All models that whoever asks may talk to."""

    object: Literal["list"] = "list"
    data: list[ModelShown]


class UsageShown(BaseModel):
    """What the models behind the answer read and wrote, in their tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class MessageSaid(BaseModel):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    """The one choice there is."""

    index: Literal[0] = 0
    message: MessageSaid
    logprobs: None = None
    finish_reason: Ending


class Completion(BaseModel):
    """An answer as OpenAI's clients read it."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: UsageShown
    folkmoot: dict[str, Any]


def model_of(one: ChatMessage, wanted: str) -> str:
    """Who answered, as a model is named."""
    return f"{AGENT}{one.agent_id}" if one.agent_id else wanted


def completion(one: ChatMessage, text: str, ending: Ending, *, wanted: str) -> Completion:
    """The answer at once."""
    return Completion(
        id=completion_id(one.message_id),
        created=seconds(one.created_at),
        model=model_of(one, wanted),
        choices=[Choice(message=MessageSaid(content=text), finish_reason=ending)],
        usage=usage_of(one),
        folkmoot=beside(one),
    )


def completion_id(answer_id: str) -> str:
    return f"chatcmpl-{answer_id}"


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def usage_of(one: ChatMessage) -> UsageShown:
    """Zero where no model was asked."""
    used = one.details.get("usage") or {}
    read, written = int(used.get("input_tokens") or 0), int(used.get("output_tokens") or 0)
    return UsageShown(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


def beside(one: ChatMessage) -> dict[str, Any]:
    """What is told of an answer that OpenAI has no field for."""
    routing = one.details.get("routing") or {}
    told = {
        "conversation_id": one.conversation_id,
        "message_id": one.message_id,
        "agent_id": one.agent_id,
        "agent": one.agent_name,
        "confidence": routing.get("confidence"),
        "method": routing.get("method"),
        **{name: one.details.get(name) for name in ("model", "disclosure", "notice", "sources")},
    }
    return {name: value for name, value in told.items() if value not in (None, "", [])}


class Chunks:
    """The chunks of one stream. `model` is what was asked for until it is known who answers."""

    def __init__(self, answer_id: str, *, model: str, created: int, with_usage: bool) -> None:
        self.model = model
        self._id = completion_id(answer_id)
        self._created = created
        # With it every chunk has the field, as OpenAI writes it: empty but in the last.
        self._usage: dict[str, Any] = {"usage": None} if with_usage else {}

    def role(self) -> bytes:
        return self._chunk({"role": "assistant", "content": "", "refusal": None}, None)

    def text(self, text: str) -> bytes:
        return self._chunk({"content": text}, None)

    def end(self, ending: Ending, **more: Any) -> bytes:
        return self._chunk({}, ending, **more)

    def usage(self, one: ChatMessage) -> bytes:
        return self._event({"choices": [], "usage": usage_of(one).model_dump()})

    def fault(self, error: dict[str, Any]) -> bytes:
        return b"data: " + orjson.dumps({"error": error}) + b"\n\n"

    def _chunk(self, delta: dict[str, Any], ending: Ending | None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ending}
        return self._event({"choices": [choice], **self._usage, **more})

    def _event(self, fields: dict[str, Any]) -> bytes:
        head = {"id": self._id, "object": "chat.completion.chunk", "created": self._created, "model": self.model}
        return b"data: " + orjson.dumps(head | fields, default=str) + b"\n\n"
