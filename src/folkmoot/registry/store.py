"""How agents get into their table and out of it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.registry.errors import UnknownAgentError
from folkmoot.registry.model import AgentInfo, AgentRecord, AgentType, Availability, Owner, Silence
from folkmoot.registry.tables import AgentRow

# The fields of an agent that are columns of the same name.
_COLUMNS = set(AgentInfo.model_fields) - {"metadata", "supported_intents"}

Transaction: TypeAlias = AsyncSession
"""What `Database.write()` gives."""


async def insert_agent(session: Transaction, info: AgentInfo, *, moment: datetime, online: bool) -> AgentRow:
    """A new agent."""
    row = AgentRow(
        agent_id=info.agent_id,
        chosen_name=None,
        chosen_capacity=None,
        availability="available",
        until=None,
        present=online,
        current_workload=0,
        registered_at=moment,
        last_seen=moment if online else None,
        last_active=None,
        silenced_at=None,
        silenced_by=None,
        silenced_reason=None,
    )
    _set_info(row, info)
    session.add(row)
    await session.flush()
    return row


def write_info(row: AgentRow, info: AgentInfo) -> None:
    """Say anew what an agent is. What people chose instead stays, until the definition itself says otherwise."""
    if row.name != info.name:
        row.chosen_name = None
    if row.max_capacity != info.max_capacity:
        row.chosen_capacity = None
    _set_info(row, info)


def defined(row: AgentRow) -> dict[str, Any]:
    """What an agent is by its definition, without what people chose instead."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    return values | {"metadata": row.details, "supported_intents": tuple(row.supported_intents)}


def _set_info(row: AgentRow, info: AgentInfo) -> None:
    for field, value in info.model_dump(include=_COLUMNS).items():
        setattr(row, field, value)
    row.details = dict(info.metadata)
    row.supported_intents = list(info.supported_intents)


async def find_row(session: Transaction, agent_id: str) -> AgentRow | None:
    """One agent's row, locked until the end of a write transaction where rows are locked at all."""
    return cast(
        "AgentRow | None", await session.scalar(select(AgentRow).where(AgentRow.agent_id == agent_id).with_for_update())
    )


async def need_row(session: Transaction, agent_id: str) -> AgentRow:
    """Like `find_row`; raises `UnknownAgentError`."""
    row = await find_row(session, agent_id)
    if row is None:
        raise UnknownAgentError(
            f"there is no agent '{agent_id}'; `folkmoot agent list` shows who is", agent_id=agent_id
        )
    return row


async def select_rows(
    session: Transaction,
    *,
    agent_id: str | None = None,
    type: str | None = None,  # noqa: A002  # the column's name
    role: str | None = None,
    department: str | None = None,
) -> list[AgentRow]:
    """Agents by columns, in the order of their ids. Roles and departments are compared without case."""
    query = select(AgentRow).order_by(AgentRow.agent_id)
    if agent_id is not None:
        query = query.where(AgentRow.agent_id == agent_id)
    if type is not None:
        query = query.where(AgentRow.type == type)
    if role is not None:
        query = query.where(func.lower(AgentRow.role) == role.lower())
    if department is not None:
        query = query.where(func.lower(AgentRow.department) == department.lower())
    return list(await session.scalars(query))


async def delete_agent(session: Transaction, agent_id: str) -> bool:
    """Delete an agent; whether there was one."""
    deleted = await session.execute(delete(AgentRow).where(AgentRow.agent_id == agent_id).returning(AgentRow.agent_id))
    return deleted.first() is not None


async def mark_seen(
    session: Transaction, agent_ids: Collection[str], moment: datetime
) -> tuple[set[str], list[AgentRow]]:
    """A heartbeat of these agents, in one UPDATE: which of them exist, and who of them was offline before."""
    back = list(await session.scalars(select(AgentRow).where(AgentRow.agent_id.in_(agent_ids), ~AgentRow.present)))
    known = await session.scalars(
        update(AgentRow)
        .where(AgentRow.agent_id.in_(agent_ids))
        .values(last_seen=moment, present=True)
        .returning(AgentRow.agent_id)
        .execution_options(synchronize_session=False)
    )
    return set(known), back


async def mark_active(session: Transaction, agent_ids: Collection[str], moment: datetime) -> None:
    """These agents had something to do."""
    await session.execute(
        update(AgentRow)
        .where(AgentRow.agent_id.in_(agent_ids))
        .values(last_active=moment)
        .execution_options(synchronize_session=False)
    )


async def mark_absent(
    session: Transaction, *, silent_since: datetime | None = None, agent_ids: Collection[str] | None = None
) -> list[AgentRow]:
    """Who was online and is not: by silence or by name. Each is told of once, also among several processes."""
    query = update(AgentRow).where(AgentRow.present)
    if silent_since is not None:
        query = query.where(AgentRow.last_seen <= silent_since)
    if agent_ids is not None:
        query = query.where(AgentRow.agent_id.in_(agent_ids))
    gone = await session.scalars(query.values(present=False).returning(AgentRow))
    return list(gone)


async def end_chosen_times(session: Transaction, moment: datetime) -> list[AgentRow]:
    """Whose `until` has passed becomes available."""
    query = update(AgentRow).where(AgentRow.until <= moment)
    back = await session.scalars(query.values(availability="available", until=None).returning(AgentRow))
    return list(back)


async def select_silenced(session: Transaction) -> frozenset[str]:
    """The ids of agents that are silenced."""
    return frozenset(await session.scalars(select(AgentRow.agent_id).where(AgentRow.silenced_at.is_not(None))))


def set_silence(row: AgentRow, silence: Silence) -> None:
    """Silence an agent, or let it speak again."""
    row.silenced_at = silence.at
    row.silenced_by, row.silenced_reason = (silence.by, silence.reason) if silence.at is not None else (None, None)


def as_record(row: AgentRow, *, now: datetime, silence: timedelta) -> AgentRecord:
    """An agent as of now: neither a stale presence nor an availability that has run out is shown."""
    seen = row.present and row.last_seen is not None and now - row.last_seen < silence
    over = row.until is not None and row.until <= now
    return AgentRecord.model_construct(
        agent_id=row.agent_id,
        name=row.chosen_name or row.name,
        type=cast("AgentType", row.type),
        role=row.role,
        department=row.department,
        description=row.description,
        person=row.person,
        capabilities=row.capabilities,
        supported_intents=tuple(row.supported_intents),
        max_capacity=row.max_capacity if row.chosen_capacity is None else row.chosen_capacity,
        metadata=row.details,
        owner=cast("Owner", row.owner),
        presence="silenced" if row.silenced_at is not None else "online" if seen else "offline",
        availability=cast("Availability", "available" if over else row.availability),
        until=None if over else row.until,
        current_workload=row.current_workload,
        registered_at=row.registered_at,
        last_seen=row.last_seen,
        last_active=row.last_active,
        silenced_at=row.silenced_at,
        silenced_by=row.silenced_by,
        silenced_reason=row.silenced_reason,
    )


def as_status(record: AgentRecord) -> dict[str, Any]:
    """What an `agent_status` event says."""
    return {
        "agent_id": record.agent_id,
        "name": record.name,
        "status": record.presence,
        "availability_status": record.availability,
        "current_workload": record.current_workload,
        "max_capacity": record.max_capacity,
        "utilization": record.utilization,
    }
