"""How shared memory is read and written. Every change is one statement that names the version it expects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, delete, func, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.memory.shared.model import Entry, MemoryScope, Place
from folkmoot.memory.shared.tables import SharedRow, SpaceRow

Session: TypeAlias = AsyncSession


async def take_space(session: Session, space_id: str, *, user_id: str | None, now: datetime) -> None:
    """Let the space be this user's, unless it is somebody's already."""
    row = {"space_id": space_id, "user_id": user_id, "created_at": now}
    upsert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    await session.execute(upsert(SpaceRow).values(row).on_conflict_do_nothing(index_elements=["space_id"]))


async def owner_of(session: Session, space_id: str, *, lock: bool = False) -> tuple[bool, str | None]:
    """Whether there is such a space, and whose it is. `lock` makes changes of one space wait for each other."""
    query = select(SpaceRow.user_id).where(SpaceRow.space_id == space_id)
    found = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return (found is not None, found[0] if found is not None else None)


async def read_entry(session: Session, place: Place, *, now: datetime) -> Entry | None:
    row = await session.scalar(select(SharedRow).where(_at(place), _alive(now)))
    return _entry(row) if row is not None else None


async def write_entry(
    session: Session,
    place: Place,
    *,
    value: Any,
    expected: int | None,
    user_id: str | None,
    by: str,
    now: datetime,
    expires_at: datetime | None,
) -> Entry | None:
    """Write the value and count its version up. None, and nothing written, unless it has the version expected."""
    await session.execute(delete(SharedRow).where(_at(place), not_(_alive(now))))
    new = {"memory_value": value, "updated_by": by, "updated_at": now, "expires_at": expires_at}
    if expected != 0:
        change = update(SharedRow).where(_at(place)).values(**new, version=SharedRow.version + 1)
        if expected is not None:
            change = change.where(SharedRow.version == expected)
        row = await session.scalar(change.returning(SharedRow), execution_options={"populate_existing": True})
        if row is not None:
            return _entry(row)
        if expected is not None:
            return None
    upsert: Any = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    made = upsert(SharedRow).values(
        space_id=place.space_id,
        scope=place.scope.value,
        agent_id=place.agent_id,
        memory_key=place.key,
        version=1,
        user_id=user_id,
        created_at=now,
        **new,
    )
    made = made.on_conflict_do_nothing(index_elements=["space_id", "scope", "agent_id", "memory_key"])
    row = await session.scalar(made.returning(SharedRow))
    return _entry(row) if row is not None else None


async def delete_entry(session: Session, place: Place, *, expected: int | None, now: datetime) -> bool:
    gone = delete(SharedRow).where(_at(place), _alive(now))
    if expected is not None:
        gone = gone.where(SharedRow.version == expected)
    return (await session.scalar(gone.returning(SharedRow.id))) is not None


async def list_entries(
    session: Session,
    space_id: str,
    *,
    scopes: Sequence[MemoryScope] | None,
    agent_id: str | None,
    now: datetime,
    limit: int,
    offset: int,
) -> tuple[list[Entry], int]:
    """A space's values by key; of what one agent alone sees, only `agent_id`'s unless that is None."""
    asked: list[ColumnElement[bool]] = [SharedRow.space_id == space_id, _alive(now)]
    if scopes is not None:
        asked.append(SharedRow.scope.in_([scope.value for scope in scopes]))
    if agent_id is not None:
        asked.append(or_(SharedRow.agent_id == "", SharedRow.agent_id == agent_id))
    query: Select[Any] = select(SharedRow).where(*asked)
    ordered = query.order_by(SharedRow.memory_key, SharedRow.scope, SharedRow.agent_id).limit(limit).offset(offset)
    total = int(await session.scalar(select(func.count()).select_from(SharedRow).where(*asked)) or 0)
    return [_entry(row) for row in await session.scalars(ordered)], total


async def count_entries(session: Session, space_id: str) -> int:
    return int(await session.scalar(select(func.count()).where(SharedRow.space_id == space_id)) or 0)


async def delete_space(session: Session, space_id: str) -> int:
    count = await count_entries(session, space_id)
    await session.execute(delete(SpaceRow).where(SpaceRow.space_id == space_id))
    return count


async def delete_expired(session: Session, now: datetime) -> int:
    gone = await session.execute(delete(SharedRow).where(not_(_alive(now))).returning(SharedRow.id))
    return len(gone.all())


def _at(place: Place) -> ColumnElement[bool]:
    return (
        (SharedRow.space_id == place.space_id)
        & (SharedRow.scope == place.scope.value)
        & (SharedRow.agent_id == place.agent_id)
        & (SharedRow.memory_key == place.key)
    )


def _alive(now: datetime) -> ColumnElement[bool]:
    return or_(SharedRow.expires_at.is_(None), SharedRow.expires_at > now)


def _entry(row: SharedRow) -> Entry:
    return Entry(
        space_id=row.space_id,
        key=row.memory_key,
        value=row.memory_value,
        scope=MemoryScope(row.scope),
        version=row.version,
        agent_id=row.agent_id,
        updated_by=row.updated_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
    )
