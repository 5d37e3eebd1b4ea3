"""How events get into their table and out of it.

Recorded events are inserted by the session itself just before it commits. That keeps ids in commit order: SQLite has
one writer anyway, and on PostgreSQL the inserting transaction takes a lock that it holds only for its last moment, so
that recorders neither wait for each other's work nor lock each other out.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, event, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from folkmoot.events.errors import BadEventError
from folkmoot.events.model import Event
from folkmoot.events.tables import EventRow, RelayRow
from folkmoot.storage import Execute

Transaction: TypeAlias = AsyncSession
"""What `Database.write()` gives."""

# One number for "whoever inserts events now"; it only must differ from other advisory locks in the database.
_COMMIT_ORDER_LOCK: Final = 0x466F6C6B
_PENDING: Final = "folkmoot_events"
_TYPES: Final = "folkmoot_event_types"
_BEGINNING: Final = "0-0"
_INSERT: Final = "INSERT INTO events (type, subject, data, timestamp) VALUES (:type, :subject, :data, :timestamp)"


def record(session: Transaction, row: dict[str, Any], *, committed: Callable[[Collection[str]], None]) -> None:
    """Let `row` be inserted when `session` commits, then call `committed` with the types of all that was."""
    if session.in_nested_transaction():
        raise BadEventError("an event cannot be recorded inside a savepoint; record it in the transaction around it")
    pending: list[dict[str, Any]] | None = session.info.get(_PENDING)
    if pending is None:
        pending = session.info[_PENDING] = []
        event.listen(session.sync_session, "before_commit", _insert_pending)
        event.listen(session.sync_session, "after_commit", lambda one: committed(one.info.pop(_TYPES, ())))
        event.listen(session.sync_session, "after_rollback", _drop_pending)
    pending.append(row)


def _insert_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return
    rows: list[dict[str, Any]] = session.info[_PENDING]
    if rows:
        session.info[_PENDING] = []
        session.info[_TYPES] = {row["type"] for row in rows}
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COMMIT_ORDER_LOCK})
        session.execute(insert(EventRow), rows)


def _drop_pending(session: Session) -> None:
    session.info[_PENDING] = []


async def insert_now(session: Transaction, row: dict[str, Any]) -> int:
    """Insert one event in a transaction that does nothing else; its id."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COMMIT_ORDER_LOCK})
    return (await session.execute(insert(EventRow).returning(EventRow.id), row)).scalar_one()


def insert_rows(execute: Execute, rows: Sequence[Mapping[str, Any]], *, alone: bool) -> None:
    """Insert events in this order, as a small transaction of their own. `alone`: the database has one writer."""
    if not alone:
        execute("SELECT pg_advisory_xact_lock(:key)", {"key": _COMMIT_ORDER_LOCK})
    for row in rows:
        execute(_INSERT, row)


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


async def read_position(session: Transaction, stream: str) -> str:
    """How far a stream was read; `0-0` if never."""
    return await session.scalar(select(RelayRow.position).where(RelayRow.stream == stream)) or _BEGINNING


async def lock_position(session: Transaction, stream: str, moment: datetime) -> str:
    """The same, and nobody else moves it until this transaction ends."""
    dialect = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    values = {"stream": stream, "position": _BEGINNING, "read_at": moment}
    await session.execute(dialect(RelayRow).values(values).on_conflict_do_nothing())
    query = select(RelayRow.position).where(RelayRow.stream == stream).with_for_update()
    return (await session.execute(query)).scalar_one()


async def move_position(session: Transaction, stream: str, position: str, moment: datetime) -> None:
    """It was read up to there."""
    await session.execute(update(RelayRow).where(RelayRow.stream == stream).values(position=position, read_at=moment))
