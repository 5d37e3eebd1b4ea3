"""How documents, their passages and the followed folders are written and read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.memory.documents.model import Document, DocumentStatus, Held, Pending, ScopeSize
from folkmoot.memory.documents.tables import DocumentRow, SourceRow
from folkmoot.memory.model import Passage
from folkmoot.memory.tables import PassageRow

Session: TypeAlias = AsyncSession
_COLUMNS = [one.name for one in fields(Document)]
_PASSAGE = [one.name for one in fields(Passage) if one.name != "id"]
# Passages removed in one statement: a longer one would keep other writers waiting.
STEP = 2000


async def insert_document(session: AsyncSession, document: Document) -> bool:
    """Whether it is new: another process may have been first."""
    values = {name: getattr(document, name) for name in _COLUMNS}
    try:
        async with session.begin_nested():
            await session.execute(insert(DocumentRow).values(_as_row(values)))
    except IntegrityError:
        return False
    return True


async def update_document(session: AsyncSession, document_id: str, **values: Any) -> None:
    await session.execute(update(DocumentRow).where(DocumentRow.document_id == document_id).values(_as_row(values)))


async def select_document(session: AsyncSession, document_id: str, *, hold: bool = False) -> Document | None:
    """`hold`: nobody else may change it until the transaction ends."""
    query = select(DocumentRow).where(DocumentRow.document_id == document_id)
    row = await session.scalar(query.with_for_update() if hold else query)
    return _document(row) if row is not None else None


async def find_document(session: AsyncSession, *, scope: str, source_id: str, identity: str) -> Document | None:
    row = await session.scalar(
        select(DocumentRow).where(
            DocumentRow.scope == scope, DocumentRow.source_id == source_id, DocumentRow.identity == identity
        )
    )
    return _document(row) if row is not None else None


async def select_documents(
    session: AsyncSession,
    *,
    scopes: Collection[str] | None = None,
    source_id: str | None = None,
    identity: str | None = None,
    status: DocumentStatus | None = None,
    text: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[Document], int]:
    """Documents by name, and how many there are in all; `scopes` None means any."""
    wanted: list[ColumnElement[bool]] = []
    if scopes is not None:
        wanted.append(DocumentRow.scope.in_(sorted(scopes)))
    if source_id is not None:
        wanted.append(DocumentRow.source_id == source_id)
    if identity is not None:
        wanted.append(DocumentRow.identity == identity)
    if status is not None:
        wanted.append(DocumentRow.status == status)
    if text:
        wanted.append(DocumentRow.name.icontains(text, autoescape=True))
    total = int(await session.scalar(select(func.count()).select_from(DocumentRow).where(*wanted)) or 0)
    query = select(DocumentRow).where(*wanted).order_by(func.lower(DocumentRow.name), DocumentRow.document_id)
    rows = await session.scalars(query.limit(limit).offset(offset) if limit is not None else query.offset(offset))
    return [_document(row) for row in rows], total


async def delete_document(session: AsyncSession, document_id: str) -> None:
    await session.execute(delete(DocumentRow).where(DocumentRow.document_id == document_id))


async def scope_sizes(session: AsyncSession) -> list[ScopeSize]:
    rows = await session.execute(
        select(DocumentRow.scope, func.count(), func.sum(DocumentRow.chunks))
        .group_by(DocumentRow.scope)
        .order_by(DocumentRow.scope)
    )
    return [ScopeSize(scope=scope, documents=int(count), chunks=int(chunks or 0)) for scope, count, chunks in rows]


async def held_passages(session: AsyncSession, document_id: str) -> dict[str, Held]:
    """Every passage of a document by its id."""
    rows = await session.execute(
        select(PassageRow.passage_id, PassageRow.position, PassageRow.page, PassageRow.line, PassageRow.source).where(
            PassageRow.origin == document_id
        )
    )
    return {one: Held(position=at, page=page, line=line, source=source) for one, at, page, line, source in rows}


async def move_passages(session: AsyncSession, moved: Mapping[str, Held]) -> None:
    """Say where passages stand now; their words are as they were."""
    if not moved:
        return
    statement = (
        update(PassageRow)
        .where(PassageRow.passage_id == bindparam("of"))
        .values(
            position=bindparam("position"), page=bindparam("page"), line=bindparam("line"), source=bindparam("source")
        )
    )
    connection = await session.connection()
    await connection.execute(statement, [{"of": one, **vars(held)} for one, held in moved.items()])


async def drop_passages(session: AsyncSession, passage_ids: Sequence[str]) -> None:
    await session.execute(delete(PassageRow).where(PassageRow.passage_id.in_(passage_ids)))


async def drop_some(session: AsyncSession, document_id: str) -> int:
    """Remove up to `STEP` passages of a document; how many that were."""
    some = select(PassageRow.number).where(PassageRow.origin == document_id).limit(STEP)
    gone = await session.execute(delete(PassageRow).where(PassageRow.number.in_(some)).returning(PassageRow.number))
    return len(gone.all())


async def select_chunks(
    session: AsyncSession, document_id: str, *, limit: int, offset: int
) -> tuple[list[Passage], int]:
    """The passages of a document in its order, and how many there are."""
    mine = PassageRow.origin == document_id
    total = int(await session.scalar(select(func.count()).select_from(PassageRow).where(mine)) or 0)
    rows = await session.scalars(
        select(PassageRow).where(mine).order_by(PassageRow.position, PassageRow.number).limit(limit).offset(offset)
    )
    return [Passage(id=row.passage_id, **{name: getattr(row, name) for name in _PASSAGE}) for row in rows], total


async def select_source(session: AsyncSession, source_id: str) -> SourceRow | None:
    return await session.get(SourceRow, source_id)


async def save_source(session: AsyncSession, source_id: str, **values: Any) -> None:
    """Change what is known of a followed folder; a new one is begun."""
    done = await session.execute(
        update(SourceRow).where(SourceRow.source_id == source_id).values(**values).returning(SourceRow.source_id)
    )
    if done.first() is None:
        await session.execute(insert(SourceRow).values(source_id=source_id, **values))


async def source_counts(session: AsyncSession, source_id: str) -> dict[DocumentStatus, int]:
    rows = await session.execute(
        select(DocumentRow.status, func.count()).where(DocumentRow.source_id == source_id).group_by(DocumentRow.status)
    )
    return {DocumentStatus(status): int(count) for status, count in rows}


def _as_row(values: Mapping[str, Any]) -> dict[str, Any]:
    row = dict(values)
    if "pending" in row and row["pending"] is not None:
        row["pending"] = row["pending"].as_json()
    if "notes" in row:
        row["notes"] = list(row["notes"])
    return row


def _document(row: DocumentRow) -> Document:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["status"] = DocumentStatus(row.status)
    values["notes"] = tuple(row.notes)
    values["pending"] = Pending(**row.pending) if row.pending else None
    return Document(**values)
