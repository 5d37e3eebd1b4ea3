"""What is read from and written to the rows of conversations; every function works within the caller's session.

`viewer` is whose conversations may be seen; None sees all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, and_, delete, false, func, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.conversations.errors import UnknownChatMessageError, UnknownConversationError
from folkmoot.conversations.model import ChatMessage, Conversation, Status
from folkmoot.conversations.tables import AttachmentRow, ConversationRow, MessageRow, RoomRow

__all__ = ["AsyncSession"]  # the acts of this room name the session they hand through

FLOW: Final = "flow:"
"""Begins the owner of an answer that a flow makes: such a run cannot be taken over, only be seen to have ended."""

_MESSAGE: Final = (
    MessageRow.number,
    MessageRow.message_id,
    MessageRow.conversation_id,
    MessageRow.user_id,
    MessageRow.account_id,
    MessageRow.role,
    MessageRow.content,
    MessageRow.parent_id,
    MessageRow.active,
    MessageRow.status,
    MessageRow.seq,
    MessageRow.agent_id,
    MessageRow.agent_name,
    MessageRow.attempt,
    MessageRow.error,
    MessageRow.details,
    MessageRow.created_at,
    MessageRow.settled_at,
)
_CONVERSATION: Final = (
    ConversationRow.conversation_id,
    ConversationRow.user_id,
    ConversationRow.account_id,
    ConversationRow.kind,
    ConversationRow.title,
    ConversationRow.agent_id,
    ConversationRow.last_agent,
    ConversationRow.created_at,
    ConversationRow.updated_at,
    ConversationRow.details,
)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """An attachment as it is kept; `data` only where it was asked for."""

    attachment_id: str
    message_id: str
    name: str
    media_type: str
    size: int
    text: str | None
    data: bytes = b""


async def next_seq(session: AsyncSession, user_id: str) -> int:
    """The next number of what becomes visible to a user. Whoever takes one commits before the next is given."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    asked = dialect.insert(RoomRow).values(user_id=user_id, seq=1)
    asked = asked.on_conflict_do_update(index_elements=[RoomRow.user_id], set_={"seq": RoomRow.seq + 1})
    return int((await session.execute(asked.returning(RoomRow.seq))).scalar_one())


async def latest_seq(session: AsyncSession, user_id: str) -> int:
    """The number of what became visible last to a user; 0 if nothing did."""
    return int(await session.scalar(select(RoomRow.seq).where(RoomRow.user_id == user_id)) or 0)


async def find_conversation(
    session: AsyncSession, conversation_id: str, *, viewer: str | None, deleted: bool = False
) -> Conversation:
    """Raises `UnknownConversationError`, for another's too."""
    found = await maybe_conversation(session, conversation_id)
    if found is None or (viewer is not None and found[0].user_id != viewer) or found[1] is not deleted:
        raise unknown_conversation(conversation_id)
    return found[0]


async def maybe_conversation(session: AsyncSession, conversation_id: str) -> tuple[Conversation, bool] | None:
    """A conversation, whosever it is, and whether it is deleted; None if there is none."""
    query = select(*_CONVERSATION, ConversationRow.deleted_at).where(ConversationRow.conversation_id == conversation_id)
    row = (await session.execute(query)).mappings().one_or_none()
    return None if row is None else (_conversation(row), row["deleted_at"] is not None)


async def lock_conversation(session: AsyncSession, conversation_id: str) -> None:
    """Until the transaction ends nobody else changes this conversation."""
    await session.execute(
        select(ConversationRow.conversation_id)
        .where(ConversationRow.conversation_id == conversation_id)
        .with_for_update()
    )


async def select_conversations(
    session: AsyncSession,
    *,
    viewer: str | None,
    kinds: Collection[str] | None,
    ids: Collection[str] | None,
    limit: int,
    offset: int,
) -> tuple[list[Conversation], int]:
    """A page of conversations with how many shown messages each has, the latest used first; how many there are."""
    query = select(*_CONVERSATION).where(ConversationRow.deleted_at.is_(None))
    if viewer is not None:
        query = query.where(ConversationRow.user_id == viewer)
    if kinds is not None:
        query = query.where(ConversationRow.kind.in_(kinds))
    if ids is not None:
        query = query.where(ConversationRow.conversation_id.in_(ids))
    total = int(await session.scalar(select(func.count()).select_from(query.subquery())) or 0)
    order = (ConversationRow.updated_at.desc(), ConversationRow.conversation_id)
    rows = (await session.execute(query.order_by(*order).limit(limit).offset(offset))).mappings().all()
    counted = (
        select(MessageRow.conversation_id, func.count())
        .where(MessageRow.conversation_id.in_([row["conversation_id"] for row in rows]), MessageRow.active)
        .group_by(MessageRow.conversation_id)
    )
    counts = {found[0]: found[1] for found in (await session.execute(counted)).all()}
    return [_conversation(row, counts.get(row["conversation_id"], 0)) for row in rows], total


async def change_conversation(session: AsyncSession, conversation_id: str, **values: Any) -> None:
    await session.execute(
        update(ConversationRow).where(ConversationRow.conversation_id == conversation_id).values(**values)
    )


async def purge_conversations(session: AsyncSession, *, deleted_before: datetime) -> list[str]:
    """Erase what was deleted before that; the ids of those conversations."""
    due = ConversationRow.deleted_at < deleted_before
    ids = list(await session.scalars(select(ConversationRow.conversation_id).where(due)))
    await session.execute(delete(ConversationRow).where(ConversationRow.conversation_id.in_(ids)))
    return ids


async def insert_messages(session: AsyncSession, values: Sequence[dict[str, Any]]) -> list[int]:
    """Keep messages, in this order; each has every column but `number`, which is what this answers with."""
    kept = insert(MessageRow).returning(MessageRow.number, sort_by_parameter_order=True)
    return list(await session.scalars(kept, list(values)))


async def find_message(session: AsyncSession, message_id: str, *, conversation_id: str | None = None) -> ChatMessage:
    """Raises `UnknownChatMessageError`."""
    query = select(*_MESSAGE).where(MessageRow.message_id == message_id)
    if conversation_id is not None:
        query = query.where(MessageRow.conversation_id == conversation_id)
    row = (await session.execute(query)).mappings().one_or_none()
    if row is None:
        raise UnknownChatMessageError(f"there is no message {message_id[:60]!r} here", message_id=message_id[:100])
    return _message(row)


async def answer_to(session: AsyncSession, message_id: str) -> ChatMessage | None:
    """The shown answer to a person's message, else its latest."""
    query = select(*_MESSAGE).where(MessageRow.parent_id == message_id, MessageRow.role == "assistant")
    ordered = query.order_by(MessageRow.active.desc(), MessageRow.number.desc()).limit(1)
    row = (await session.execute(ordered)).mappings().first()
    return None if row is None else _message(row)


async def last_shown(session: AsyncSession, conversation_id: str) -> ChatMessage | None:
    """The last message of the branch that is shown."""
    found = await select_shown(session, conversation_id, limit=1)
    return found[-1] if found else None


async def select_shown(
    session: AsyncSession, conversation_id: str, *, before: int | None = None, limit: int
) -> list[ChatMessage]:
    """The latest `limit` shown messages with a number below `before`, oldest first."""
    query = select(*_MESSAGE).where(MessageRow.conversation_id == conversation_id, MessageRow.active)
    if before is not None:
        query = query.where(MessageRow.number < before)
    rows = (await session.execute(query.order_by(MessageRow.number.desc()).limit(limit))).mappings().all()
    return [_message(row) for row in reversed(rows)]


async def select_all(session: AsyncSession, conversation_id: str) -> list[ChatMessage]:
    """Every message, of every branch, oldest first."""
    query = select(*_MESSAGE).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.number)
    return [_message(row) for row in (await session.execute(query)).mappings()]


async def select_versions(
    session: AsyncSession, conversation_id: str, parents: Collection[str | None]
) -> list[tuple[str, str | None, str]]:
    """Message id, parent and role of every message, of every branch, that follows one of these; oldest first."""
    named = [one for one in parents if one is not None]
    follows = or_(MessageRow.parent_id.in_(named), MessageRow.parent_id.is_(None) if None in parents else false())
    query = select(MessageRow.message_id, MessageRow.parent_id, MessageRow.role)
    query = query.where(MessageRow.conversation_id == conversation_id, follows).order_by(MessageRow.number)
    return [(row.message_id, row.parent_id, row.role) for row in (await session.execute(query)).all()]


async def count_shown(session: AsyncSession, conversation_id: str) -> int:
    query = select(func.count()).where(MessageRow.conversation_id == conversation_id, MessageRow.active)
    return int(await session.scalar(query) or 0)


async def select_messages(session: AsyncSession, ids: Collection[str]) -> list[ChatMessage]:
    """Those of these messages that there are, in no order."""
    if not ids:
        return []
    found = await session.execute(select(*_MESSAGE).where(MessageRow.message_id.in_(ids)))
    return [_message(row) for row in found.mappings()]


async def select_happened(session: AsyncSession, user_id: str, *, after: int, limit: int) -> list[ChatMessage]:
    """What became visible to a user after that number, in that order; deleted conversations are left out."""
    query = (
        select(*_MESSAGE)
        .join(ConversationRow, ConversationRow.conversation_id == MessageRow.conversation_id)
        .where(MessageRow.user_id == user_id, MessageRow.seq > after, ConversationRow.deleted_at.is_(None))
        .order_by(MessageRow.seq)
        .limit(limit)
    )
    return [_message(row) for row in (await session.execute(query)).mappings()]


async def select_answering(
    session: AsyncSession, *, users: Collection[str] | None = None, conversation_id: str | None = None
) -> list[ChatMessage]:
    """Answers that have not settled, oldest first."""
    query = select(*_MESSAGE).where(MessageRow.status == Status.ANSWERING)
    if users is not None:
        query = query.where(MessageRow.user_id.in_(users))
    if conversation_id is not None:
        query = query.where(MessageRow.conversation_id == conversation_id)
    return [_message(row) for row in (await session.execute(query.order_by(MessageRow.number))).mappings()]


async def settle_message(session: AsyncSession, message_id: str, **values: Any) -> bool:
    """Change an answer that has not settled; whether there was one."""
    mine = (MessageRow.message_id == message_id, MessageRow.status == Status.ANSWERING)
    done = await session.execute(update(MessageRow).where(*mine).values(**values).returning(MessageRow.number))
    return done.first() is not None


async def renew_leases(
    session: AsyncSession, owner: str, *, until: datetime, running: Collection[str]
) -> dict[str, Status]:
    """Hold on to these answers. Which of them are not this owner's to answer any more, and how they stand."""
    mine = (MessageRow.message_id.in_(running), MessageRow.status == Status.ANSWERING, MessageRow.owner == owner)
    await session.execute(update(MessageRow).where(*mine).values(lease=until))
    return await _lost(session, owner, running)


async def _lost(session: AsyncSession, owner: str, answers: Collection[str]) -> dict[str, Status]:
    others = or_(MessageRow.status != Status.ANSWERING, MessageRow.owner != owner)
    query = select(MessageRow.message_id, MessageRow.status).where(MessageRow.message_id.in_(answers), others)
    return {row.message_id: Status(row.status) for row in (await session.execute(query)).all()}


async def take_over(
    session: AsyncSession, owner: str, *, now: datetime, until: datetime, alone: bool, running: Collection[str]
) -> list[ChatMessage]:
    """Make the answers of the dead one's own, and those that nobody began; each is begun anew. `alone`: all others
    are dead. An answer of one's own that is not `running` was left by a fault, and is taken once its lease is over.
    """
    left = or_(MessageRow.lease.is_(None), MessageRow.lease < now)
    others = or_(MessageRow.owner.is_(None), MessageRow.owner != owner)
    own_left = and_(MessageRow.owner == owner, left, MessageRow.message_id.not_in(running))
    dead: ColumnElement[bool] = or_(others if alone else and_(others, left), own_left)
    flows = func.coalesce(MessageRow.owner, "").startswith(FLOW)
    taken = (
        update(MessageRow)
        .where(MessageRow.status == Status.ANSWERING, dead, ~flows)
        .values(owner=owner, lease=until, attempt=MessageRow.attempt + 1, content="")
        .returning(*_MESSAGE)
    )
    rows = (await session.execute(taken)).mappings()
    return sorted((_message(row) for row in rows), key=lambda one: one.number)


async def show_only(session: AsyncSession, conversation_id: str, numbers: Collection[int]) -> None:
    """Make these messages the branch that is shown."""
    own = MessageRow.conversation_id == conversation_id
    await session.execute(update(MessageRow).where(own).values(active=MessageRow.number.in_(numbers)))


async def find_attachment(session: AsyncSession, attachment_id: str) -> tuple[Attachment, str] | None:
    """An attachment with its data, and whose it is."""
    row = await session.get(AttachmentRow, attachment_id)
    if row is None:
        return None
    one = Attachment(
        attachment_id=row.attachment_id,
        message_id=row.message_id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        text=row.text,
        data=row.data,
    )
    return one, row.user_id


async def rooms_seen(session: AsyncSession, users: Collection[str]) -> dict[str, int]:
    """The number of what became visible last, for each of these users."""
    rows = await session.execute(select(RoomRow.user_id, RoomRow.seq).where(RoomRow.user_id.in_(users)))
    return {row.user_id: row.seq for row in rows.all()}


async def room_figures(session: AsyncSession, *, viewer: str | None) -> list[dict[str, Any]]:
    """Each user with conversations: when the first began, when something was said last, how many messages."""
    query: Select[*tuple[Any, ...]] = (
        select(
            MessageRow.user_id,
            func.min(MessageRow.created_at).label("created_at"),
            func.max(MessageRow.created_at).label("last_activity"),
            func.count().label("message_count"),
        )
        .join(ConversationRow, ConversationRow.conversation_id == MessageRow.conversation_id)
        .where(ConversationRow.deleted_at.is_(None), MessageRow.active)
        .group_by(MessageRow.user_id)
        .order_by(text("last_activity DESC"))
    )
    if viewer is not None:
        query = query.where(MessageRow.user_id == viewer)
    return [dict(row) for row in (await session.execute(query)).mappings()]


def unknown_conversation(conversation_id: str) -> UnknownConversationError:
    return UnknownConversationError(
        f"there is no conversation {conversation_id[:60]!r} of yours", conversation_id=conversation_id[:100]
    )


def _message(row: RowMapping) -> ChatMessage:
    values = dict(row)
    values["status"] = Status(values["status"])
    return ChatMessage(**values)


def _conversation(row: RowMapping, count: int = 0) -> Conversation:
    values = {name: value for name, value in row.items() if name != "deleted_at"}
    return Conversation(**values, message_count=count)
