"""How agents get into their table and out of it."""

from collections.abc import Collection
from datetime import datetime
from typing import TypeAlias, cast

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.registry.change import describe
from folkmoot.registry.errors import agent_exists, unknown_agent
from folkmoot.registry.model import AgentInfo
from folkmoot.registry.tables import AgentRow

Transaction: TypeAlias = AsyncSession
"""What `Database.write()` gives."""


async def insert_agent(session: Transaction, info: AgentInfo, *, moment: datetime, online: bool) -> AgentRow:
    """A new agent. Raises `AgentExistsError` if somebody else made it in the same moment."""
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
    describe(row, info)
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise agent_exists(info.agent_id) from error
    return row


async def find_row(session: Transaction, agent_id: str) -> AgentRow | None:
    """One agent's row, locked until the end of a write transaction where rows are locked at all."""
    return cast(
        "AgentRow | None", await session.scalar(select(AgentRow).where(AgentRow.agent_id == agent_id).with_for_update())
    )


async def need_row(session: Transaction, agent_id: str) -> AgentRow:
    """Like `find_row`; raises `UnknownAgentError`."""
    row = await find_row(session, agent_id)
    if row is None:
        raise unknown_agent(agent_id)
    return row


async def select_rows(
    session: Transaction,
    *,
    agent_id: str | None = None,
    type: str | None = None,  # noqa: A002  # the column's name
    restricted: bool | None = None,
) -> list[AgentRow]:
    """Agents by columns, in the order of their ids."""
    query = select(AgentRow).order_by(AgentRow.agent_id)
    if agent_id is not None:
        query = query.where(AgentRow.agent_id == agent_id)
    if type is not None:
        query = query.where(AgentRow.type == type)
    if restricted is not None:
        query = query.where(AgentRow.restricted.is_(restricted))
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
