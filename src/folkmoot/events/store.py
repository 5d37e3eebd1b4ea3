"""How events get into their table and out of it.

Recorded events are inserted by the session itself just before it commits. That keeps ids in commit order: SQLite has
one writer anyway, and on PostgreSQL the inserting transaction takes a lock that it holds only for its last moment, so
that recorders neither wait for each other's work nor lock each other out.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, event, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from folkmoot.events.errors import BadEventError
from folkmoot.events.model import Event
from folkmoot.events.tables import EventRow

Transaction: TypeAlias = AsyncSession
"""What `Database.write()` gives."""

# One number for "whoever inserts events now"; it only must differ from other advisory locks in the database.
_COMMIT_ORDER_LOCK: Final = 0x466F6C6B
_PENDING: Final = "folkmoot_events"


def record(session: Transaction, row: dict[str, Any], *, committed: Callable[[], None]) -> None:
    """Let `row` be inserted when `session` commits, then call `committed()`."""
    if session.in_nested_transaction():
        raise BadEventError("an event cannot be recorded inside a savepoint; record it in the transaction around it")
    pending: list[dict[str, Any]] | None = session.info.get(_PENDING)
    if pending is None:
        pending = session.info[_PENDING] = []
        event.listen(session.sync_session, "before_commit", _insert_pending)
        event.listen(session.sync_session, "after_commit", lambda _session: committed())
        event.listen(session.sync_session, "after_rollback", _drop_pending)
    pending.append(row)


def _insert_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return
    rows: list[dict[str, Any]] = session.info[_PENDING]
    if rows:
        session.info[_PENDING] = []
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COMMIT_ORDER_LOCK})
        for row in rows:
            session.execute(insert(EventRow), row)


def _drop_pending(session: Session) -> None:
    session.info[_PENDING] = []


async def insert_now(session: Transaction, row: dict[str, Any]) -> int:
    """Insert one event in a transaction that does nothing else; its id."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COMMIT_ORDER_LOCK})
    return (await session.execute(insert(EventRow).returning(EventRow.id), row)).scalar_one()


async def select_events(
    session: Transaction,
    *,
    after: int,
    up_to: int | None = None,
    types: Collection[str] | None = None,
    subject: str | None = None,
    limit: int,
) -> list[Event]:
    """Events with `after < id <= up_to`, oldest first."""
    query = select(EventRow).where(EventRow.id > after).order_by(EventRow.id).limit(limit)
    if up_to is not None:
        query = query.where(EventRow.id <= up_to)
    if types is not None:
        query = query.where(EventRow.type.in_(types))
    if subject is not None:
        query = query.where(EventRow.subject == subject)
    rows = await session.scalars(query)
    return [
        Event(id=row.id, type=row.type, subject=row.subject, data=row.data, timestamp=row.timestamp) for row in rows
    ]


async def select_latest_id(session: Transaction) -> int:
    """The highest id there is, 0 in an empty log."""
    return (await session.execute(select(func.max(EventRow.id)))).scalar_one() or 0


async def delete_before(session: Transaction, moment: datetime) -> int:
    """Delete what happened before `moment`; how many events that were."""
    result = await session.execute(delete(EventRow).where(EventRow.timestamp < moment).returning(EventRow.id))
    return len(result.all())
