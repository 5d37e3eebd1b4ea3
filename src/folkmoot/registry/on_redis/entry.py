"""What is kept of an agent, as a text in Redis. Presence is not in it: that is a matter of heartbeats. Pure."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from folkmoot.kernel import JsonValue
from folkmoot.registry.change import describe
from folkmoot.registry.model import AgentInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(kw_only=True)
class Entry:
    """See `folkmoot.registry.kept.Kept`."""

    agent_id: str
    name: str = ""
    type: str = "specialist"
    role: str = ""
    department: str = ""
    description: str = ""
    person: str | None = None
    capabilities: dict[str, float]
    supported_intents: list[str]
    max_capacity: int = 0
    details: dict[str, JsonValue]
    owner: str = "database"
    visible_to: list[str]
    reachable_by: list[str]
    restricted: bool = False

    chosen_name: str | None = None
    chosen_capacity: int | None = None
    availability: str = "available"
    until: datetime | None = None

    silenced_at: datetime | None = None
    silenced_by: str | None = None
    silenced_reason: str | None = None

    current_workload: int = 0
    registered_at: datetime

    present: bool = False
    last_seen: datetime | None = None
    last_active: datetime | None = None


_KEPT_ELSEWHERE: Final = frozenset({"present", "last_seen", "last_active"})
_TEXT_FIELDS: Final = tuple(one.name for one in fields(Entry) if one.name not in _KEPT_ELSEWHERE)
_MOMENTS: Final = ("until", "silenced_at", "registered_at")


def new_entry(info: AgentInfo, *, now: datetime) -> Entry:
    """A new agent."""
    entry = Entry(
        agent_id=info.agent_id,
        capabilities={},
        supported_intents=[],
        details={},
        visible_to=[],
        reachable_by=[],
        registered_at=now,
    )
    describe(entry, info)
    return entry


def to_text(entry: Entry) -> bytes:
    """The same text for the same entry, so that a change can be told from none."""
    return orjson.dumps({name: getattr(entry, name) for name in _TEXT_FIELDS}, option=orjson.OPT_SORT_KEYS)


def from_text(text: bytes, *, online: bytes, seen: bytes, active: bytes) -> Entry:
    """An entry with what is kept beside its text: microseconds, or nothing."""
    values: dict[str, Any] = orjson.loads(text)
    for name in _MOMENTS:
        if values[name] is not None:
            values[name] = datetime.fromisoformat(values[name])
    return Entry(**values, present=bool(online), last_seen=_moment(online or seen), last_active=_moment(active))


def index_of(entry: Entry) -> set[str]:
    """The sets that an agent is in."""
    sets = {f"type:{entry.type}", f"role:{entry.role.casefold()}", f"department:{entry.department.casefold()}"}
    sets |= {f"capability:{name.casefold()}" for name, level in entry.capabilities.items() if level > 0}
    sets |= {f"intent:{intent.casefold()}" for intent in entry.supported_intents}
    marks = {"restricted": entry.restricted, "silenced": entry.silenced_at, "limited": entry.until}
    return sets | {f"is:{mark}" for mark, holds in marks.items() if holds}


def microseconds(moment: datetime) -> int:
    """A moment as Redis sorts it."""
    return (moment - _EPOCH) // _MICROSECOND


def _moment(text: bytes) -> datetime | None:
    return _EPOCH + _MICROSECOND * int(text) if text else None
