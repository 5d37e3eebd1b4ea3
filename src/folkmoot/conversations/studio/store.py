"""What is read from and written to the rows of sessions and of the gallery, within the caller's session."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update

from folkmoot.conversations.errors import UnknownGalleryItemError
from folkmoot.conversations.model import ChatMessage, Conversation, Status
from folkmoot.conversations.store import FLOW, AsyncSession, select_answering, unknown_conversation
from folkmoot.conversations.studio.model import GalleryItem, StudioSession
from folkmoot.conversations.studio.tables import GalleryRow, SessionRow
from folkmoot.conversations.tables import ConversationRow, MessageRow
from folkmoot.storage import Execute


async def insert_conversation(session: AsyncSession, one: Conversation) -> None:
    await session.execute(
        insert(ConversationRow).values(
            conversation_id=one.conversation_id,
            user_id=one.user_id,
            account_id=one.account_id,
            kind=one.kind,
            title=one.title,
            agent_id=one.agent_id,
            last_agent=one.last_agent,
            summary="",
            summarized=0,
            details=one.details,
            created_at=one.created_at,
            updated_at=one.updated_at,
        )
    )


def keep_first(execute: Execute, session_id: str, *, title: str, flow_config: dict[str, Any] | None) -> None:
    """Beside a query: the session's title if it has none yet, and its document if one came along."""
    key = {"session_id": session_id}
    named = "UPDATE conversations SET title = :title WHERE conversation_id = :session_id AND title = ''"
    execute(named, {**key, "title": title})
    if flow_config is not None:
        execute(
            "UPDATE sessions SET flow_config = :flow_config WHERE session_id = :session_id",
            {**key, "flow_config": flow_config},
        )


async def insert_session(session: AsyncSession, one: StudioSession) -> None:
    await session.execute(
        insert(SessionRow).values(
            session_id=one.session_id, user_id=one.user_id, flow_config=one.flow_config, timestamp=one.timestamp
        )
    )


async def select_sessions(session: AsyncSession, user_id: str, *, limit: int) -> list[StudioSession]:
    """A user's sessions whose conversations are there, the latest begun first."""
    query = (
        select(SessionRow)
        .join(ConversationRow, ConversationRow.conversation_id == SessionRow.session_id)
        .where(SessionRow.user_id == user_id, ConversationRow.deleted_at.is_(None))
        .order_by(SessionRow.timestamp.desc(), SessionRow.session_id)
        .limit(limit)
    )
    return [_session(row) for row in await session.scalars(query)]


async def find_session(session: AsyncSession, session_id: str, *, user_id: str) -> StudioSession:
    """Raises `UnknownConversationError`, for another's, a deleted one, and a conversation that is no session."""
    query = (
        select(SessionRow)
        .join(ConversationRow, ConversationRow.conversation_id == SessionRow.session_id)
        .where(
            SessionRow.session_id == session_id,
            SessionRow.user_id == user_id,
            ConversationRow.deleted_at.is_(None),
        )
    )
    row = await session.scalar(query)
    if row is None:
        raise unknown_conversation(session_id)
    return _session(row)


async def remove_message(session: AsyncSession, one: ChatMessage) -> None:
    """Take one message out; what followed it follows what it followed."""
    following = MessageRow.parent_id == one.message_id
    await session.execute(update(MessageRow).where(following).values(parent_id=one.parent_id))
    await session.execute(delete(MessageRow).where(MessageRow.message_id == one.message_id))


async def select_lost(
    session: AsyncSession, owner: str, *, now: datetime, alone: bool, running: Collection[str]
) -> list[ChatMessage]:
    """Answers of flows whose process is dead, and one's own that are not `running` and were left by a fault.
    `alone`: all other processes are dead.
    """
    left = or_(MessageRow.lease.is_(None), MessageRow.lease < now)
    others = and_(MessageRow.owner != owner, MessageRow.owner.startswith(FLOW))
    own_left = and_(MessageRow.owner == owner, left, MessageRow.message_id.not_in(running))
    dead = or_(others if alone else and_(others, left), own_left)
    query = select(MessageRow.message_id).where(MessageRow.status == Status.ANSWERING, dead)
    lost = set(await session.scalars(query))
    return [one for one in await select_answering(session) if one.message_id in lost] if lost else []


async def insert_item(session: AsyncSession, one: GalleryItem) -> None:
    await session.execute(
        insert(GalleryRow).values(
            id=one.id,
            user_id=one.user_id,
            session=one.session,
            messages=one.messages,
            tags=one.tags,
            timestamp=one.timestamp,
        )
    )


async def select_items(session: AsyncSession, *, limit: int, offset: int) -> tuple[list[GalleryItem], int]:
    """A page of the gallery, the latest first, and how many there are."""
    total = int(await session.scalar(select(func.count()).select_from(GalleryRow)) or 0)
    query = select(GalleryRow).order_by(GalleryRow.timestamp.desc(), GalleryRow.id).limit(limit).offset(offset)
    return [_item(row) for row in await session.scalars(query)], total


async def find_item(session: AsyncSession, gallery_id: str) -> GalleryItem:
    """Raises `UnknownGalleryItemError`."""
    row = await session.get(GalleryRow, gallery_id)
    if row is None:
        raise unknown_item(gallery_id)
    return _item(row)


async def remove_item(session: AsyncSession, gallery_id: str, *, viewer: str | None) -> None:
    """Raises `UnknownGalleryItemError`, for one that somebody else published too."""
    gone = delete(GalleryRow).where(GalleryRow.id == gallery_id)
    if viewer is not None:
        gone = gone.where(GalleryRow.user_id == viewer)
    if (await session.execute(gone.returning(GalleryRow.id))).first() is None:
        raise unknown_item(gallery_id)


def unknown_item(gallery_id: str) -> UnknownGalleryItemError:
    return UnknownGalleryItemError(
        f"the gallery has no item {gallery_id[:60]!r} that you may open; GET /api/gallery lists what there is",
        gallery_id=gallery_id[:100],
    )


def _session(row: SessionRow) -> StudioSession:
    return StudioSession(
        session_id=row.session_id, user_id=row.user_id, flow_config=row.flow_config, timestamp=row.timestamp
    )


def _item(row: GalleryRow) -> GalleryItem:
    return GalleryItem(
        id=row.id,
        user_id=row.user_id,
        session=row.session,
        messages=row.messages,
        tags=row.tags,
        timestamp=row.timestamp,
    )
