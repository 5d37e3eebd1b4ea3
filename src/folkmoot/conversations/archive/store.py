"""What is read from the rows to find what was said, and to take a conversation along, within the caller's session.

What was deleted, and branches that are not shown, are not found.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Float, Select, Text, column, func, literal_column, select, table

from folkmoot.conversations.archive.search import Found, Wanted, excerpt_around
from folkmoot.conversations.store import AsyncSession
from folkmoot.conversations.tables import AttachmentRow, ConversationRow, MessageRow

_FTS = table("messages_fts", column("rowid"))
_PG = table("messages_fts", column("number"), column("words"))
_COLUMNS: Final = (
    MessageRow.conversation_id,
    ConversationRow.title,
    ConversationRow.kind,
    MessageRow.message_id,
    MessageRow.role,
    MessageRow.agent_name,
    MessageRow.created_at,
    MessageRow.content,
)


async def search(
    session: AsyncSession, asked: Wanted, *, owner: str, kinds: Collection[str] | None, limit: int, offset: int
) -> tuple[list[Found], int]:
    """A page of what was found, and how much there is; `kinds` of conversations, None is all."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    base, worth = _by_fts5(asked, owner) if sqlite else _by_tsvector(asked)
    base = base.join(ConversationRow, ConversationRow.conversation_id == MessageRow.conversation_id).where(
        MessageRow.user_id == owner, MessageRow.active, ConversationRow.deleted_at.is_(None)
    )
    if kinds is not None:
        base = base.where(ConversationRow.kind.in_(kinds))
    total = int(await session.scalar(base.with_only_columns(func.count(), maintain_column_froms=True)) or 0)
    page = base.order_by(worth.desc(), MessageRow.number.desc()).limit(limit).offset(offset)
    found: list[Found] = []
    for row in (await session.execute(page)).mappings():
        snippet, marks = excerpt_around(row["content"], asked)
        values = {name: value for name, value in row.items() if name != "content"}
        found.append(Found(**values, snippet=snippet, marks=marks))
    return found, total


async def select_attached(session: AsyncSession, conversation_id: str) -> dict[str, list[dict[str, Any]]]:
    """What is attached to each message of a conversation: `{id, name, media_type, size}`, without the data."""
    query = (
        select(
            AttachmentRow.message_id,
            AttachmentRow.attachment_id,
            AttachmentRow.name,
            AttachmentRow.media_type,
            AttachmentRow.size,
        )
        .join(MessageRow, MessageRow.message_id == AttachmentRow.message_id)
        .where(MessageRow.conversation_id == conversation_id)
        .order_by(AttachmentRow.name, AttachmentRow.attachment_id)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in (await session.execute(query)).all():
        one = {"id": row.attachment_id, "name": row.name, "media_type": row.media_type, "size": row.size}
        found.setdefault(row.message_id, []).append(one)
    return found


def _by_fts5(asked: Wanted, owner: str) -> tuple[Select[*tuple[Any, ...]], Any]:
    # Quoted words are plain words to FTS5, whatever they look like: no operator gets through.
    said = [f'"{" ".join(term)}"' for term in asked.terms]
    if asked.begun:
        said[-1] += " *"
    match = f'(text : ({" AND ".join(said)})) AND (owner : "{owner.encode().hex()}")'
    query: Select[*tuple[Any, ...]] = (
        select(*_COLUMNS)
        .select_from(MessageRow)
        .join(_FTS, _FTS.c.rowid == MessageRow.number)
        .where(literal_column("messages_fts", Text).op("MATCH")(match))
    )
    return query, literal_column("-bm25(messages_fts, 1.0, 0.0)", Float)


def _by_tsvector(asked: Wanted) -> tuple[Select[*tuple[Any, ...]], Any]:
    said = ["(" + " <-> ".join(f"'{word}'" for word in term) + ")" for term in asked.terms]
    if asked.begun:
        said[-1] = f"'{asked.terms[-1][-1]}':*"
    sought: Any = func.to_tsquery(literal_column("'folkmoot'"), " & ".join(said))
    query: Select[*tuple[Any, ...]] = (
        select(*_COLUMNS)
        .select_from(MessageRow)
        .join(_PG, _PG.c.number == MessageRow.number)
        .where(_PG.c.words.op("@@")(sought))
    )
    return query, func.ts_rank(_PG.c.words, sought, 1, type_=Float)
