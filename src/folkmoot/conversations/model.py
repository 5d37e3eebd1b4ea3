"""The nouns of this room. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, Self

from folkmoot.conversations.errors import BadSayingError
from folkmoot.kernel import JsonValue

LONGEST: Final = 10_000
LONGEST_TITLE: Final = 200
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_OWNER: Final = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
Role = Literal["user", "assistant", "system"]


class Status(StrEnum):
    """Where a message is: a person's is `said`; an agent's is `answering` until it has settled as one of the rest."""

    SAID = "said"
    ANSWERING = "answering"
    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Who speaks. `owner` is whose conversations these are: an account's id, or the name by which a program that
    signed in as administrator knows one of its own users. `account` is who signed in, and whom the agents act for.
    `anywhere`: they may go on with anybody's conversation, as its owner.
    """

    owner: str
    account: str
    anywhere: bool = False

    def __post_init__(self) -> None:
        if not _OWNER.fullmatch(self.owner) or self.owner.strip() != self.owner:
            raise BadSayingError(
                f"user_id {self.owner[:60]!r} must be 1 to 200 characters without line breaks or blanks at its ends",
                field="user_id",
            )


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Something handed in with a message, as it came."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Saying:
    """One thing to be said. Without `conversation_id` it begins a new conversation; without `agent` the router picks.

    `client_key` is the client's own name for it: said twice within a conversation, it is one. `kind` is what a new
    conversation is: `chat`, `room`, `bridge`, `openai`, `studio`. `context` goes to the agent as it is.
    """

    speaker: Speaker
    text: str
    conversation_id: str | None = None
    agent: str | None = None
    model: str | None = None
    kind: str = "chat"
    context: dict[str, Any] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    client_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """`agent_id` is the agent that the person picked for it, `last_agent` the one that answered last."""

    conversation_id: str
    user_id: str
    account_id: str
    kind: str
    title: str
    agent_id: str | None
    last_agent: str | None
    created_at: datetime
    updated_at: datetime
    message_count: int = 0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChatMessage:
    """One message as it stands. `number` orders them; `seq` counts what happened to its user, in the order in which
    it became visible, and is None until the message has settled. `active`: it is in the branch that is shown.

    `attempt` counts how often its text was begun anew. `details` may hold `routing`, `sources`, `usage`, `model`,
    `attachments`, `context`, `error_code`.
    """

    number: int
    message_id: str
    conversation_id: str
    user_id: str
    account_id: str
    role: Role
    content: str
    parent_id: str | None
    active: bool
    status: Status
    seq: int | None = None
    agent_id: str | None = None
    agent_name: str | None = None
    attempt: int = 1
    error: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    created_at: datetime
    settled_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A turn that is kept, and will have its answer. `repeated`: it was, by its `client_key`."""

    conversation_id: str
    message_id: str
    answer_id: str
    repeated: bool = False


@dataclass(frozen=True)
class Mark:
    """How far into an answer somebody has heard: the attempt, and how many characters of it."""

    attempt: int = 0
    offset: int = 0

    def __str__(self) -> str:
        return f"{self.attempt}.{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2.140`; raises `BadSayingError`."""
        attempt, _, offset = text.partition(".")
        if not (attempt.isdecimal() and offset.isdecimal() and len(text) <= 40):  # noqa: PLR2004  # longer is none of ours
            raise BadSayingError(f"{text[:60]!r} is no place in an answer; give the last id you saw", field="id")
        return cls(int(attempt), int(offset))


MomentKind = Literal["said", "routed", "chunk", "reset", "settled"]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that happened to an answer, for whoever listens.

    `said`: the person's message is kept (`message`). `routed`: an agent was picked (`data` has `agent_id`, `agent`,
    `confidence`, `method`, `reasoning`, `alternatives`). `chunk`: `text` follows what came before, and `mark` is where
    it ends. `reset`: what came before is void, the text begins anew. `settled`: it is as `message` says.
    """

    kind: MomentKind
    user_id: str
    conversation_id: str
    answer_id: str
    text: str = ""
    mark: Mark = Mark()
    message: ChatMessage | None = None
    data: dict[str, JsonValue] = field(default_factory=dict)


def checked_id(conversation_id: str) -> str:
    """The id as given; raises `BadSayingError` for one that is none."""
    if not _ID.fullmatch(conversation_id):
        raise BadSayingError(
            f"conversation_id {conversation_id[:60]!r} must be 1 to 100 letters, digits, '-' or '_'",
            field="conversation_id",
        )
    return conversation_id


def checked_text(text: str) -> str:
    """What was said, as it is kept; raises `BadSayingError` for nothing and for too much."""
    if "\x00" in text:
        raise BadSayingError("the message holds a NUL character; leave it out", field="message")
    if not text.strip():
        raise BadSayingError("the message is empty; say something", field="message")
    if len(text) > LONGEST:
        raise BadSayingError(
            f"the message has {len(text)} characters, more than {LONGEST}; shorten it, or attach it as a text file",
            field="message",
        )
    return text
