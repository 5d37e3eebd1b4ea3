"""The envelope in which everything between agents travels (SPEC A1, A2)."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from folkmoot.kernel import new_id

MAX_MESSAGE_BYTES: Final = 1024 * 1024
EVERYBODY: Final = "everybody"
GROUPS: Final = ("role:", "capability:", "department:")
_CUSTOM = re.compile(r"custom:[a-z0-9][a-z0-9_.-]{0,63}")
# Roles and departments are written as people write them: `role:Backend engineer`.
_ADDRESS = re.compile(r"(?:role|capability|department):[^\s](?:[^\t\r\n]*[^\s])?|[^\s/?#]+")
_LONGEST_ADDRESS = 200


class MessageIntent(StrEnum):
    """What a message asks for. An application adds its own as the plain string `custom:<name>`."""

    GET_ROADMAP = "get_roadmap"
    ASSIGN_TASK = "assign_task"
    UPDATE_TASK_STATUS = "update_task_status"
    REQUEST_TASK_HELP = "request_task_help"
    SHARE_INSIGHTS = "share_insights"
    REQUEST_KNOWLEDGE = "request_knowledge"
    REQUEST_REVIEW = "request_review"
    PROVIDE_FEEDBACK = "provide_feedback"
    HEALTH_CHECK = "health_check"
    CAPABILITY_QUERY = "capability_query"
    AGENT_STATUS = "agent_status"
    CONSULT = "consult"
    NEGOTIATE = "negotiate"
    AWARD = "award"
    HANDOFF = "handoff"
    NOTIFICATION = "notification"
    CHAT = "chat"


class Priority(StrEnum):
    """How urgent a message is; `urgent` and `high` overtake."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for low to 3 for urgent."""
        return _RANKS[self]


_RANKS = {Priority.LOW: 0, Priority.NORMAL: 1, Priority.HIGH: 2, Priority.URGENT: 3}


# Every message passes both several times with the same few values: looking them up costs a sixth of reading them.
@lru_cache(maxsize=1024)
def _known_intent(intent: str) -> str:
    if intent in _INTENTS or _CUSTOM.fullmatch(intent):
        return intent
    raise ValueError(
        f"unknown intent '{intent}'; use one of {', '.join(sorted(_INTENTS))}, or 'custom:<name>' for one of your own"
    )


@lru_cache(maxsize=4096)
def _address(value: str) -> str:
    if len(value) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(value):
        raise ValueError(
            "an address is an agent's id, 1 to 200 characters without blanks, '/', '?' or '#', "
            "or role:…, capability:…, department:… with a name"
        )
    return value


_INTENTS: Final = frozenset(str(intent) for intent in MessageIntent)
Intent = Annotated[str, AfterValidator(_known_intent)]
Address = Annotated[str, AfterValidator(_address)]


class MessagePayload(BaseModel):
    """What a message carries. `response_timeout` is in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: dict[str, Any] = Field(default_factory=dict)
    priority: Priority = Priority.NORMAL
    requires_response: bool = False
    response_timeout: float | None = Field(default=None, gt=0, le=86_400)
    context: dict[str, Any] = Field(default_factory=dict)
    attachments: list[dict[str, Any]] = Field(default_factory=list)


class AgentMessage(BaseModel):
    """One message.

    `recipient_id` is an agent id, or `role:cso`, `capability:seo`, `department:sales` for one fitting agent.
    `reply_to` is the `message_id` that this one answers; `correlation_id` ties a whole exchange together.
    `sealed_with` is the id of the key with which the payload was sealed; it is set where messages are kept, and a
    handler never sees it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    message_id: str = Field(default_factory=new_id, min_length=1, max_length=200)
    conversation_id: str = Field(default_factory=new_id, min_length=1, max_length=200)
    sender_id: Address
    recipient_id: Address
    intent: Intent
    payload: MessagePayload = Field(default_factory=MessagePayload)
    timestamp: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    reply_to: str | None = None
    correlation_id: str | None = None
    expires_at: AwareDatetime | None = None
    trace: str | None = None
    sealed_with: str | None = Field(default=None, min_length=1, max_length=24)

    @field_validator("timestamp", "expires_at")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        try:
            return value.astimezone(UTC) if value else None
        except OverflowError as error:
            raise ValueError("in UTC it is not within the years 1 to 9999") from error

    def to_bytes(self) -> bytes:
        """The JSON form that is stored and sent."""
        return self.model_dump_json(exclude_none=True).encode()

    def answer(self, data: dict[str, Any], *, sender_id: str | None = None) -> "AgentMessage":
        """A reply to this message: same conversation, intent and correlation, the way back."""
        return AgentMessage(
            conversation_id=self.conversation_id,
            sender_id=sender_id or self.recipient_id,
            recipient_id=self.sender_id,
            intent=self.intent,
            payload=MessagePayload(data=data, priority=self.payload.priority),
            reply_to=self.message_id,
            correlation_id=self.correlation_id or self.message_id,
            trace=self.trace,
        )


def selects(address: str) -> bool:
    """Whether an address means whoever fits, rather than one agent by its id."""
    return address == EVERYBODY or address.startswith(GROUPS)
