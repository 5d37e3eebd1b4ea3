"""The nouns of shared memory, and what may be written. Pure."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from folkmoot.kernel import JsonValue
from folkmoot.memory.errors import InvalidMemoryError, MemoryTooLargeError

WORKPLACE: Final = "workplace"  # the space that everybody shares
VALUE_BYTES: Final = 64 * 1024
SPACE_KEYS: Final = 1000
LONGEST: Final = timedelta(days=3650)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,199}")


class MemoryScope(StrEnum):
    """Who sees a value: one agent, whoever takes part in the conversation or the workflow, or everybody."""

    AGENT = "agent"
    CONVERSATION = "conversation"
    WORKFLOW = "workflow"
    WORKPLACE = "workplace"


# What programs of other systems call them.
_ALSO: Final = {"session": MemoryScope.CONVERSATION, "global": MemoryScope.WORKPLACE, "private": MemoryScope.AGENT}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One value. `version` counts changes from 1; `agent_id` is empty unless one agent alone sees it."""

    space_id: str
    key: str
    value: JsonValue
    scope: MemoryScope
    version: int
    agent_id: str
    updated_by: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Place:
    """Where a value is: space, who sees it, whose it is alone, key."""

    space_id: str
    scope: MemoryScope
    agent_id: str
    key: str


def checked_place(space_id: str, key: str, *, scope: MemoryScope | str | None, agent_id: str | None) -> Place:
    """The place of a value, or `InvalidMemoryError`. Without a scope it is the conversation's."""
    space = checked_space(space_id)
    if not _KEY.fullmatch(key):
        raise InvalidMemoryError(
            f"'{key[:60]}' is not a key; it is 1 to 200 letters, digits and . _ : @ -, as in 'lead.budget'",
            field="key",
        )
    seen = checked_scope(scope) if scope is not None else default_scope(space)
    if (seen is MemoryScope.WORKPLACE) != (space == WORKPLACE):
        raise InvalidMemoryError(
            f"what everybody shares is in the space '{WORKPLACE}' with the scope '{MemoryScope.WORKPLACE}', "
            "and nothing else is",
            field="scope",
        )
    if seen is MemoryScope.AGENT and not agent_id:
        raise InvalidMemoryError("what one agent alone sees needs its 'agent_id'", field="agent_id")
    return Place(space, seen, (agent_id or "")[:100] if seen is MemoryScope.AGENT else "", key)


def default_scope(space_id: str) -> MemoryScope:
    """Who sees a value where nobody says."""
    return MemoryScope.WORKPLACE if space_id == WORKPLACE else MemoryScope.CONVERSATION


def checked_space(space_id: str) -> str:
    """The id of a space, or `InvalidMemoryError`."""
    if not _KEY.fullmatch(space_id):
        raise InvalidMemoryError(
            f"'{space_id[:60]}' is not the id of a conversation or workflow: 1 to 200 letters, digits and . _ : @ -",
            field="space_id",
        )
    return space_id


def checked_scope(scope: MemoryScope | str) -> MemoryScope:
    """The scope, in our words or another system's, or `InvalidMemoryError`."""
    name = str(scope).strip().casefold()
    try:
        return _ALSO.get(name) or MemoryScope(name)
    except ValueError as error:
        raise InvalidMemoryError(
            f"'{name[:40]}' is not a scope; choose among {', '.join(MemoryScope)}", field="scope"
        ) from error


def checked_value(value: Any) -> JsonValue:
    """A copy of the value, or `InvalidMemoryError` if it is not JSON, `MemoryTooLargeError` beyond `VALUE_BYTES`."""
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size = len(written.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidMemoryError(f"the value is not JSON: {error}", field="value") from error
    if size > VALUE_BYTES:
        raise MemoryTooLargeError(
            f"the value has {size} bytes, more than {VALUE_BYTES}; keep a file and share its name", size=size
        )
    if "\\u0000" in written:
        raise InvalidMemoryError("the value holds the character NUL, which no database keeps", field="value")
    copy: JsonValue = json.loads(written)
    return copy


def checked_expiry(after: timedelta | None, now: datetime) -> datetime | None:
    """When a value expires, or `InvalidMemoryError`."""
    if after is None:
        return None
    if not timedelta() < after <= LONGEST:
        raise InvalidMemoryError("a value expires after more than nothing and at most ten years", field="expires_in")
    return now + after
