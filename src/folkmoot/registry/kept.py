"""What a registry keeps of one agent, whatever keeps it: a row of a table, or an entry in Redis; and how it reads.

How it changes is in `change.py`.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Protocol, cast

from folkmoot.kernel import JsonValue
from folkmoot.registry.model import AgentInfo, AgentRecord, AgentType, Availability, Owner, Presence, utilization

# The fields of an agent that are kept under the same name.
SAME_NAME: Final = frozenset(AgentInfo.model_fields) - {"metadata", "supported_intents", "visible_to", "reachable_by"}
LISTS: Final = ("supported_intents", "visible_to", "reachable_by")


class Kept(Protocol):
    """What an agent is by its definition, what people chose instead, and where it stands.

    `present` is what was announced last; who was silent for too long is offline whatever it says. `restricted`:
    whether not everybody may see it or address it.
    """

    agent_id: str
    name: str
    type: str
    role: str
    department: str
    description: str
    person: str | None
    capabilities: dict[str, float]
    supported_intents: list[str]
    max_capacity: int
    details: dict[str, JsonValue]
    owner: str
    visible_to: list[str]
    reachable_by: list[str]
    restricted: bool

    chosen_name: str | None
    chosen_capacity: int | None
    availability: str
    until: datetime | None

    silenced_at: datetime | None
    silenced_by: str | None
    silenced_reason: str | None

    present: bool
    current_workload: int
    registered_at: datetime
    last_seen: datetime | None
    last_active: datetime | None


def defined(kept: Kept) -> dict[str, Any]:
    """What an agent is by its definition, without what people chose instead."""
    values: dict[str, Any] = {name: getattr(kept, name) for name in SAME_NAME}
    return values | {"metadata": kept.details} | {name: tuple(getattr(kept, name)) for name in LISTS}


def presence(kept: Kept, *, now: datetime, silence: timedelta) -> Presence:
    """Whether an agent is there now: `silence` after its last heartbeat it is not."""
    if kept.silenced_at is not None:
        return "silenced"
    seen = kept.present and kept.last_seen is not None and now - kept.last_seen < silence
    return "online" if seen else "offline"


def availability(kept: Kept, *, now: datetime) -> Availability:
    """Whether an agent may be given work now: what people said may have run out."""
    over = kept.until is not None and kept.until <= now
    return cast("Availability", "available" if over else kept.availability)


def load(kept: Kept) -> tuple[float, int]:
    """How much an agent has to do, as a share of its capacity and in tasks: the less, the sooner it is chosen."""
    capacity = kept.max_capacity if kept.chosen_capacity is None else kept.chosen_capacity
    return utilization(kept.current_workload, capacity), kept.current_workload


def as_record(kept: Kept, *, now: datetime, silence: timedelta) -> AgentRecord:
    """An agent as of now."""
    return AgentRecord.model_construct(
        agent_id=kept.agent_id,
        name=kept.chosen_name or kept.name,
        type=cast("AgentType", kept.type),
        role=kept.role,
        department=kept.department,
        description=kept.description,
        person=kept.person,
        capabilities=kept.capabilities,
        supported_intents=tuple(kept.supported_intents),
        max_capacity=kept.max_capacity if kept.chosen_capacity is None else kept.chosen_capacity,
        metadata=kept.details,
        owner=cast("Owner", kept.owner),
        visible_to=tuple(kept.visible_to),
        reachable_by=tuple(kept.reachable_by),
        presence=presence(kept, now=now, silence=silence),
        availability=availability(kept, now=now),
        until=kept.until if kept.until is not None and kept.until > now else None,
        current_workload=kept.current_workload,
        registered_at=kept.registered_at,
        last_seen=kept.last_seen,
        last_active=kept.last_active,
        silenced_at=kept.silenced_at,
        silenced_by=kept.silenced_by,
        silenced_reason=kept.silenced_reason,
    )
