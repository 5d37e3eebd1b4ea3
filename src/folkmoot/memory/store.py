"""How passages are written, found and removed, on each database."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Text,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.memory.model import Filters, Found, Passage
from folkmoot.memory.tables import PassageRow

Session: TypeAlias = AsyncSession

# SQLite takes at most 32,766 values in a statement.
_CHUNK = 5000
_FTS = table("knowledge_fts", column("rowid"))


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


async def count_scope(session: AsyncSession, scope: str) -> int:
    return int(await session.scalar(select(func.count()).where(PassageRow.scope == scope)) or 0)


async def find(
    session: AsyncSession, *, words: Sequence[str], scopes: Sequence[str], limit: int, filters: Filters
) -> list[Found]:
    """Passages of these scopes that hold any of the words, the best first; ties by id."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    query = (_by_fts5 if sqlite else _by_tsvector)(words).where(PassageRow.scope.in_(scopes))
    if filters.source is not None:
        query = query.where(PassageRow.source == filters.source)
    if filters.since is not None:
        query = query.where(PassageRow.at >= filters.since)
    if filters.until is not None:
        query = query.where(PassageRow.at < filters.until)
    if filters.consents is not None:
        query = query.where(PassageRow.consent_id.in_(filters.consents))
    best: ColumnElement[Any] = literal_column("rank_value")
    rows = await session.execute(query.order_by(best.desc(), PassageRow.passage_id).limit(limit))
    return [
        Found(
            text=row.text,
            score=max(0.0, float(value)) / (1.0 + max(0.0, float(value))),
            source=row.source,
            scope=row.scope,
            passage_id=row.passage_id,
            position=row.position,
            at=row.at,
        )
        for row, value in rows
    ]


async def compact(session: AsyncSession) -> None:
    """Rewrite the index so that no word of a deleted passage is left in it."""
    if session.get_bind().dialect.name == "sqlite":
        await session.execute(text("INSERT INTO knowledge_fts (knowledge_fts) VALUES ('optimize')"))


def _by_fts5(words: Sequence[str]) -> Select[PassageRow, float]:
    # Quoted words are plain words to FTS5, whatever they look like: no operator gets through.
    match = " OR ".join(f'"{word}"' for word in words)
    value: ColumnElement[float] = literal_column("-bm25(knowledge_fts)", Float)
    return (
        select(PassageRow, value.label("rank_value"))
        .join(_FTS, _FTS.c.rowid == PassageRow.number)
        .where(literal_column("knowledge_fts", Text).op("MATCH")(match))
    )


def _by_tsvector(words: Sequence[str]) -> Select[PassageRow, float]:
    document = func.to_tsvector(literal_column("'simple'"), PassageRow.text)
    asked: ColumnElement[Any] = func.to_tsquery(literal_column("'simple'"), " | ".join(f"'{word}'" for word in words))
    value: ColumnElement[float] = func.ts_rank_cd(document, asked, literal(1), type_=Float)
    return select(PassageRow, value.label("rank_value")).where(document.op("@@")(asked))
