"""What the ledger reads and writes. Each function works in its caller's session."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.tools.model import ACTION, CallStatus, Effect, LoggedCall, ToolStats
from folkmoot.tools.tables import AgentLogRow

Session: TypeAlias = AsyncSession
Conflict: TypeAlias = IntegrityError
_OPEN = (CallStatus.STARTED, CallStatus.UNKNOWN, CallStatus.WAITING)


async def insert_calls(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    await session.execute(insert(AgentLogRow), list(rows))


async def select_by_key(session: Session, key: str) -> AgentLogRow | None:
    return await session.scalar(select(AgentLogRow).where(AgentLogRow.key == key))


async def select_row(session: Session, call_id: str, *, user_id: str | None = None) -> AgentLogRow | None:
    """One call; with `user_id` only if it was made for that user."""
    query = select(AgentLogRow).where(AgentLogRow.log_id == call_id)
    if user_id is not None:
        query = query.where(AgentLogRow.user_id == user_id)
    return await session.scalar(query)


async def select_caused(session: Session, cause: str, action: str) -> list[AgentLogRow]:
    """The calls of one tool that the same message led to and that happened, or may have."""
    query = select(AgentLogRow).where(
        AgentLogRow.cause == cause,
        AgentLogRow.action == action,
        AgentLogRow.key.is_not(None),
        AgentLogRow.status.in_([*_OPEN, CallStatus.SUCCEEDED]),
    )
    return list(await session.scalars(query))


async def move(
    session: Session, call_id: str, *, expected: Collection[CallStatus], made_by: str | None = None, **values: Any
) -> AgentLogRow | None:
    """Change a call that stands where it is expected to; None if it does not, and nothing is changed."""
    query = update(AgentLogRow).where(AgentLogRow.log_id == call_id, AgentLogRow.status.in_(list(expected)))
    if made_by is not None:
        query = query.where(AgentLogRow.process == made_by)
    found = await session.scalars(
        query.values(**values).returning(AgentLogRow), execution_options={"populate_existing": True}
    )
    return found.one_or_none()


async def mark_abandoned(session: Session, *, living: Collection[str], error: str) -> list[AgentLogRow]:
    """What processes that are gone had started becomes unknown; a read of theirs has simply failed."""
    gone = (AgentLogRow.status == CallStatus.STARTED, AgentLogRow.process.not_in(list(living)))
    await session.execute(
        update(AgentLogRow)
        .where(*gone, AgentLogRow.effect == Effect.READ)
        .values(status=CallStatus.FAILED, error=error)
        .execution_options(synchronize_session=False)
    )
    found = await session.scalars(
        update(AgentLogRow).where(*gone).values(status=CallStatus.UNKNOWN, error=error).returning(AgentLogRow)
    )
    return list(found)


def filters(
    *,
    action: str | None = None,
    agent_id: str | None = None,
    user_id: str | None = None,
    conversation_id: str | None = None,
    statuses: Collection[CallStatus] | None = None,
    since: datetime | None = None,
) -> list[ColumnElement[bool]]:
    """What narrows the log; `action` is how an action begins."""
    wanted: list[ColumnElement[bool]] = []
    if action:
        wanted.append(AgentLogRow.action.startswith(action, autoescape=True))
    if agent_id is not None:
        wanted.append(AgentLogRow.agent_id == agent_id)
    if user_id is not None:
        wanted.append(AgentLogRow.user_id == user_id)
    if conversation_id is not None:
        wanted.append(AgentLogRow.conversation_id == conversation_id)
    if statuses is not None:
        wanted.append(AgentLogRow.status.in_(list(statuses)))
    if since is not None:
        wanted.append(AgentLogRow.created_at >= since)
    return wanted


async def select_calls(
    session: Session, wanted: Sequence[ColumnElement[bool]], *, limit: int, offset: int
) -> tuple[list[LoggedCall], int]:
    """A page of the log, the newest first, and how many calls there are in all."""
    total = (await session.execute(select(func.count()).select_from(AgentLogRow).where(*wanted))).scalar_one()
    rows = await session.scalars(
        select(AgentLogRow)
        .where(*wanted)
        .order_by(AgentLogRow.created_at.desc(), AgentLogRow.log_id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [as_call(row) for row in rows], total


async def select_stats(session: Session, wanted: Sequence[ColumnElement[bool]]) -> list[ToolStats]:
    """By tool: how many calls, how they ended, and how long those that ran took."""
    counted = await session.execute(
        select(AgentLogRow.action, AgentLogRow.status, func.count())
        .where(*wanted)
        .group_by(AgentLogRow.action, AgentLogRow.status)
    )
    outcomes: dict[str, dict[str, int]] = {}
    for action, status, count in counted:
        outcomes.setdefault(action, {})[status] = count
    return [
        ToolStats(
            tool=action.removeprefix(ACTION),
            count=sum(ended.values()),
            outcomes=ended,
            p50_ms=await _quantile(session, [*wanted, AgentLogRow.action == action], 0.5),
            p95_ms=await _quantile(session, [*wanted, AgentLogRow.action == action], 0.95),
        )
        for action, ended in sorted(outcomes.items())
    ]


async def _quantile(session: Session, wanted: Sequence[ColumnElement[bool]], share: float) -> float | None:
    ran = [*wanted, AgentLogRow.duration_ms.is_not(None)]
    count = (await session.execute(select(func.count()).select_from(AgentLogRow).where(*ran))).scalar_one()
    if not count:
        return None
    rank = min(count - 1, int(share * count))
    return await session.scalar(
        select(AgentLogRow.duration_ms).where(*ran).order_by(AgentLogRow.duration_ms).offset(rank).limit(1)
    )


async def delete_calls(
    session: Session, *, before: datetime | None = None, agent_id: str | None = None, ended_only: bool = True
) -> int:
    """Delete calls; those that still wait for something stay unless `ended_only` is off. How many that were."""
    query = delete(AgentLogRow)
    if ended_only:
        query = query.where(AgentLogRow.status.not_in(list(_OPEN)))
    if before is not None:
        query = query.where(AgentLogRow.created_at < before)
    if agent_id is not None:
        query = query.where(AgentLogRow.agent_id == agent_id)
    return len((await session.execute(query.returning(AgentLogRow.log_id))).all())


def as_call(row: AgentLogRow) -> LoggedCall:
    """A row as the rest of the house sees it."""
    return LoggedCall(
        call_id=row.log_id,
        action=row.action,
        agent_id=row.agent_id,
        user_id=row.user_id,
        conversation_id=row.conversation_id,
        cause=row.cause,
        effect=Effect(row.effect),
        status=CallStatus(row.status),
        parameters=row.parameters,
        result=row.result,
        error=row.error,
        duration_ms=row.duration_ms,
        attempts=row.attempts,
        decided_by=row.decided_by,
        note=row.note,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
