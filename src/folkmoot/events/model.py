"""An event, as it is told and as it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from folkmoot.kernel import JsonValue


@dataclass(frozen=True, kw_only=True)
class News:
    """Something to be told, as it is made: an event before the log has given it an id. `at` None: it happens now."""

    type: str
    subject: str
    data: Mapping[str, Any]
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened.

    `id` grows in the order in which events became visible, so that "everything after the last id I saw" misses
    nothing. `type` is a word in past tense or a status (`task_assigned`, `agent_status`); `subject` is the id of what
    it happened to; `data` is a JSON object; `timestamp` is aware, UTC.
    """

    id: int
    type: str
    subject: str
    data: dict[str, JsonValue]
    timestamp: datetime


class Announcer(Protocol):
    """Where news goes: the log itself, or a relay to it."""

    async def tell(self, news: Sequence[News]) -> None:
        """Keep it, in this order; it is kept when this returns. Raises `BadEventError`."""
        ...
