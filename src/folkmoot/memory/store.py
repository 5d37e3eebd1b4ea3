"""How passages are written, fetched and removed; how they are searched is in `search/store.py`."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.memory.model import TWIN_PREFIX, Filters, Found, Passage
from folkmoot.memory.tables import ChangeRow, PassageRow, PointRow, VectorRow

Session: TypeAlias = AsyncSession

# SQLite takes at most 32,766 values in a statement.
_CHUNK = 5000
_KEPT_CHANGES = 1000


async def insert_passages(session: AsyncSession, passages: Sequence[Passage]) -> None:
    rows = [
        {
            "passage_id": passage.id,
            "scope": passage.scope,
            "source": passage.source,
            "position": passage.position,
            "origin": passage.origin,
            "text": passage.text,
            "consent_id": passage.consent_id,
            "at": passage.at,
            "heading": passage.heading[:500],
            "page": passage.page,
            "line": passage.line,
            "media_type": passage.media_type,
        }
        for passage in passages
    ]
    if rows:
        await session.execute(insert(PassageRow), rows)


async def move_to_consent(session: AsyncSession, passage_ids: Sequence[str], consent_id: str) -> None:
    for start in range(0, len(passage_ids), _CHUNK):
        part = passage_ids[start : start + _CHUNK]
        await session.execute(
            update(PassageRow)
            .where(PassageRow.passage_id.in_(part), PassageRow.consent_id != consent_id)
            .values(consent_id=consent_id)
        )


async def delete_origin(session: AsyncSession, origin: str) -> int:
    gone = await session.execute(delete(PassageRow).where(PassageRow.origin == origin).returning(PassageRow.number))
    return len(gone.all())


async def delete_scope(session: AsyncSession, scope: str) -> int:
    gone = await session.execute(delete(PassageRow).where(PassageRow.scope == scope).returning(PassageRow.number))
    return len(gone.all())


async def move_to_scope(session: AsyncSession, origin: str, scope: str) -> int:
    """Its vectors are made anew: they are filtered by scope where they are."""
    found = await session.scalars(
        update(PassageRow).where(PassageRow.origin == origin).values(scope=scope).returning(PassageRow.number)
    )
    moved = list(found)
    for start in range(0, len(moved), _CHUNK):
        part = moved[start : start + _CHUNK]
        for table in (VectorRow, PointRow):
            await session.execute(delete(table).where(table.number.in_(part)))
    return len(moved)


async def count_scope(session: AsyncSession, scope: str) -> int:
    return int(await session.scalar(select(func.count()).where(PassageRow.scope == scope)) or 0)


async def shared_scopes(session: AsyncSession) -> list[str]:
    """Every scope that has passages, but those of persons."""
    found = await session.scalars(select(PassageRow.scope).distinct())
    return sorted(scope for scope in found if not scope.startswith(TWIN_PREFIX))


async def fetch(
    session: AsyncSession, numbers: Collection[int], *, scopes: Sequence[str], filters: Filters
) -> dict[int, Found]:
    """The passages of these numbers that a search in these scopes, so filtered, may show; wherever numbers are from."""
    if not numbers:
        return {}
    query = select(PassageRow).where(PassageRow.number.in_(numbers), PassageRow.scope.in_(scopes))
    rows = await session.scalars(query.where(narrowed(filters)))
    return {row.number: _found(row) for row in rows}


async def allowed_numbers(session: AsyncSession, *, scopes: Sequence[str], filters: Filters) -> list[int]:
    """The numbers of every passage that a search in these scopes, so filtered, may show."""
    query = select(PassageRow.number).where(PassageRow.scope.in_(scopes), narrowed(filters))
    return list(await session.scalars(query))


def narrowed(filters: Filters) -> ColumnElement[bool]:
    """What filters ask of a passage."""
    asked: list[ColumnElement[bool]] = []
    if filters.source is not None:
        asked.append(PassageRow.source == filters.source)
    if filters.since is not None:
        asked.append(PassageRow.at >= filters.since)
    if filters.until is not None:
        asked.append(PassageRow.at < filters.until)
    if filters.consents is not None:
        asked.append(PassageRow.consent_id.in_(filters.consents))
    if filters.document is not None:
        asked.append(PassageRow.origin == filters.document)
    if filters.media_type is not None:
        asked.append(PassageRow.media_type == filters.media_type)
    return and_(True, *asked)


async def version(session: AsyncSession) -> tuple[int, int, int]:
    """Something that is another whenever passages changed."""
    row = (await session.execute(select(func.count(), func.max(ChangeRow.number), func.sum(ChangeRow.version)))).one()
    count, last, total = (int(value or 0) for value in row)
    return count, last, total


async def prune_changes(session: AsyncSession) -> None:
    """Keep the newest of the counted changes; which are left says nothing."""
    last: Any = await session.scalar(select(func.max(ChangeRow.number)))
    if last is not None:
        await session.execute(delete(ChangeRow).where(ChangeRow.number <= int(last) - _KEPT_CHANGES))


async def compact(session: AsyncSession) -> None:
    """Rewrite the index so that no word of a deleted passage is left in it."""
    if session.get_bind().dialect.name == "sqlite":
        await session.execute(text("INSERT INTO knowledge_fts (knowledge_fts) VALUES ('optimize')"))


def _found(row: PassageRow) -> Found:
    return Found(
        text=row.text,
        score=0.0,
        source=row.source,
        scope=row.scope,
        passage_id=row.passage_id,
        position=row.position,
        at=row.at,
        origin=row.origin,
        heading=row.heading,
        page=row.page,
        line=row.line,
        media_type=row.media_type,
    )
