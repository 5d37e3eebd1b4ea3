"""What is said to agents and what they answer, as clients send and get it."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from folkmoot.conversations import ChatMessage, Saying, Upload
from folkmoot.conversations.errors import BadSayingError
from folkmoot.conversations.model import LONGEST
from folkmoot.security import Principal
from folkmoot.web.speaking import speaker

ConversationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class AttachmentWanted(BaseModel):
    """A file that comes with a message: its bytes in base64, or its text."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, examples=["plan.md"])
    media_type: str = Field(
        default="", max_length=100, validation_alias=AliasChoices("media_type", "content_type", "type", "mime_type")
    )
    data: str | None = Field(default=None, description="base64; a data: URL will do")
    text: str | None = None


class ChatWanted(BaseModel):
    """What is said. Without `conversation_id` a new conversation begins; without `agent` the router picks one.

    `client_id` is your own id of this message: sent twice within a conversation, it is said once. `user_id` names whom
    an administrator's program speaks for. `context` goes to the agent as it is.
    """

    model_config = ConfigDict(extra="ignore")

    message: str = Field(
        min_length=1, max_length=LONGEST, validation_alias=AliasChoices("message", "content"), examples=["Hello!"]
    )
    conversation_id: ConversationId | None = Field(
        default=None, validation_alias=AliasChoices("conversation_id", "session_id")
    )
    user_id: UserId | None = None
    agent: str | None = Field(
        default=None, max_length=200, validation_alias=AliasChoices("agent", "agent_id", "agent_type")
    )
    model: str | None = Field(default=None, max_length=300)
    context: dict[str, Any] | None = None
    attachments: list[AttachmentWanted] = Field(default_factory=list, max_length=10)
    client_id: str | None = Field(default=None, min_length=1, max_length=200)


class AnswerMetadata(BaseModel):
    """Why this agent, what it rests on, and what it took."""

    model_config = ConfigDict(extra="allow")

    confidence: float = Field(ge=0, le=1)
    method: str = Field(examples=["classifier"])
    reasoning: str = ""
    usage: dict[str, Any] = Field(default_factory=dict)
    sources: list[dict[str, Any]] = Field(default_factory=list)


class Answered(BaseModel):
    """An answer. `agent_type` is the agent's id; `user_message_id` is what was said."""

    response: str
    conversation_id: str
    message_id: str
    user_message_id: str
    agent_type: str
    agent: str
    metadata: AnswerMetadata
    timestamp: AwareDatetime


class OnTheWay(BaseModel):
    """A message that is kept; its answer is on the way and is found in the history, or followed as a stream."""

    status: Literal["accepted"] = "accepted"
    conversation_id: str
    message_id: str = Field(description="of the answer")
    user_message_id: str


class MessageShown(BaseModel):
    """A message of the history. `status` is said, answering, answered, failed or cancelled."""

    message_id: str
    role: str
    content: str
    agent: str | None
    agent_id: str | None
    status: str
    error: str | None
    timestamp: AwareDatetime
    versions: list[str] = Field(default_factory=list, description="ids of all versions, where there are several")
    metadata: dict[str, Any]


class HistoryShown(BaseModel):
    """What was said, oldest first: the latest messages, and `next` for those before them."""

    conversation_id: str
    messages: list[MessageShown]
    total: int
    next: str | None


class RoutingShown(BaseModel):
    """Why an agent was picked. `evidence` is what each stage of the router said; `same`: it leads to the very decision
    again; `now`: who would be picked now, by what the router has learned since and who is there, null if nobody is.
    """

    agent_id: str
    confidence: float
    in_scope_confidence: float
    method: str
    reasoning: str
    alternatives: list[dict[str, Any]]
    evidence: dict[str, Any]
    same: bool
    now: str | None


class Deleted(BaseModel):
    """It is gone, and can be brought back for a week by `POST /api/conversations/{conversation_id}/restore`."""

    deleted: bool = True


class Stopped(BaseModel):
    """The answers that were stopped, as they stand."""

    cancelled: list[MessageShown]


class AgainWanted(BaseModel):
    """Who is to answer again; without `agent` the router picks."""

    model_config = ConfigDict(extra="forbid")
    agent: str | None = Field(default=None, max_length=200)


class EditWanted(BaseModel):
    """What is said instead."""

    model_config = ConfigDict(extra="forbid")
    message: str = Field(min_length=1, max_length=LONGEST, validation_alias=AliasChoices("message", "content"))


def shown(one: ChatMessage, versions: list[str] | None = None) -> MessageShown:
    """A message as clients get it."""
    return MessageShown(
        message_id=one.message_id,
        role=one.role,
        content=one.content,
        agent=one.agent_name,
        agent_id=one.agent_id,
        status=one.status,
        error=one.error,
        timestamp=one.settled_at or one.created_at,
        versions=versions or [],
        metadata=metadata_of(one),
    )


def metadata_of(one: ChatMessage) -> dict[str, Any]:
    """What is told of a message beside its words. What the router saw of others is not among it."""
    details = one.details
    routing = {
        name: value for name, value in details.get("routing", {}).items() if name not in ("evidence", "agent_id")
    }
    rest = {name: value for name, value in details.items() if name not in ("routing", "chosen", "context", "before")}
    if "attachments" in rest:
        rest["attachments"] = [{k: v for k, v in file.items() if k != "text"} for file in rest["attachments"]]
    return routing | rest


def saying_of(principal: Principal, wanted: ChatWanted, model: str | None) -> Saying:
    return Saying(
        speaker=speaker(principal, wanted.user_id),
        text=wanted.message,
        conversation_id=wanted.conversation_id,
        agent=wanted.agent,
        model=wanted.model or model,
        context=wanted.context or {},
        uploads=tuple(uploaded(one, number) for number, one in enumerate(wanted.attachments)),
        client_key=wanted.client_id,
    )


def uploaded(one: AttachmentWanted, number: int = 0) -> Upload:
    """An attachment as it came; raises `BadSayingError` that names it."""
    if (one.data is None) == (one.text is None):
        raise BadSayingError(
            f"attachments[{number}] ('{one.name[:60]}') needs either 'data' in base64 or 'text'", field="attachments"
        )
    if one.text is not None:
        return Upload(name=one.name, media_type=one.media_type or "text/plain", data=one.text.encode())
    given, media_type = one.data or "", one.media_type
    if given.startswith("data:"):
        head, _, given = given.partition(",")
        media_type = media_type or head.removeprefix("data:").partition(";")[0]
    try:
        data = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSayingError(
            f"attachments[{number}] ('{one.name[:60]}') is not base64: {error}", field="attachments"
        ) from error
    return Upload(name=one.name, media_type=media_type, data=data)
