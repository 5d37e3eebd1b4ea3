"""The nouns of sessions and the gallery. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from folkmoot.conversations.errors import BadSayingError
from folkmoot.conversations.model import ChatMessage, Status
from folkmoot.telemetry.masking import MASK

KIND: Final = "studio"
MOST_TAGS: Final = 20
LONGEST_TAG: Final = 60
_SECRET: Final = re.compile(r"key|token|secret|passw|authorization|credential|cookie", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class StudioSession:
    """A conversation in which a flow answers; `flow_config` has no secrets."""

    session_id: str
    user_id: str
    flow_config: dict[str, Any]
    timestamp: datetime


@dataclass(frozen=True, kw_only=True)
class GalleryItem:
    """A session as it was when it was published."""

    id: str
    user_id: str
    session: dict[str, Any]
    messages: list[dict[str, Any]]
    tags: list[str]
    timestamp: datetime


@dataclass(frozen=True, kw_only=True)
class FlowAnswer:
    """What a flow came to: the combined answer, and for the record what each said, what it used and what went amiss."""

    text: str
    record: dict[str, Any] = field(default_factory=dict)


def without_secrets(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it may be kept and shown: every text under a secret's name is `***`."""
    return {name: _shown(name, value) for name, value in document.items()}


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown(str(key), one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shown(name, one) for one in value]
    return MASK if isinstance(value, str) and value and _SECRET.search(name) else value


def row_of(one: ChatMessage, turn: str) -> dict[str, Any]:
    """A message in the shape of AutoGen Studio. `turn` is the id of the query that its turn began with.

    An answer that failed says so in its content: clients show nothing else.
    """
    content = one.content
    if one.status is Status.FAILED:
        content = f"This could not be answered: {one.error}"
    elif one.status is Status.CANCELLED and not content:
        content = "This was cancelled."
    metadata = dict(one.details.get("flow", {}))
    if one.role == "assistant":
        metadata |= {"status": one.status.value, **({"error": one.error} if one.error else {})}
        if one.agent_name:
            metadata |= {"agent": one.agent_name, "agent_id": one.agent_id}
    return {
        "user_id": one.user_id,
        "session_id": one.conversation_id,
        "msg_id": one.message_id,
        "root_msg_id": turn,
        "role": one.role,
        "content": content,
        "timestamp": (one.settled_at or one.created_at).isoformat(),
        "personalize": False,
        "ra": None,
        "code": None,
        "metadata": metadata,
    }


def rows_of(messages: list[ChatMessage]) -> list[dict[str, Any]]:
    """Everything that was said, one row for each query and one for each answer that is there, oldest first."""
    rows: list[dict[str, Any]] = []
    turn = ""
    for one in messages:
        turn = one.message_id if one.role == "user" or not turn else turn
        if one.status is not Status.ANSWERING:
            rows.append(row_of(one, turn))
    return rows


def checked_tags(tags: list[str]) -> list[str]:
    """Each once, without blanks around it; raises `BadSayingError`."""
    kept = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(kept) > MOST_TAGS or any(len(tag) > LONGEST_TAG or not tag.isprintable() for tag in kept):
        raise BadSayingError(f"at most {MOST_TAGS} tags of at most {LONGEST_TAG} characters", field="tags")
    return kept
