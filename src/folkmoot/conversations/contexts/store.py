"""What is read and written to keep users' files in step with what was said, within the caller's session."""

from collections.abc import Sequence

from sqlalchemy import select, update

from folkmoot.conversations.model import ChatMessage, Status
from folkmoot.conversations.store import AsyncSession, find_message, select_happened
from folkmoot.conversations.tables import MessageRow, RoomRow


async def users_behind(session: AsyncSession) -> list[str]:
    """Whose files do not tell of everything that became visible to them."""
    return list(await session.scalars(select(RoomRow.user_id).where(RoomRow.seq > RoomRow.file_seq)))


async def place_of(session: AsyncSession, user_id: str, *, lock: bool) -> tuple[int, int] | None:
    """How far a user's file reaches, and how many characters of it are right; `lock`: nobody else writes meanwhile."""
    query = select(RoomRow.file_seq, RoomRow.file_length).where(RoomRow.user_id == user_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else (row.file_seq, row.file_length)


async def keep_place(session: AsyncSession, user_id: str, *, seq: int, length: int) -> None:
    await session.execute(update(RoomRow).where(RoomRow.user_id == user_id).values(file_seq=seq, file_length=length))


async def turns_after(
    session: AsyncSession, user_id: str, *, after: int, limit: int
) -> tuple[list[tuple[ChatMessage | None, ChatMessage]], int]:
    """Answers that settled after that number, each with its question, and the number up to which that is all."""
    happened = await select_happened(session, user_id, after=after, limit=limit)
    answers = [one for one in happened if one.role == "assistant" and one.status is not Status.ANSWERING]
    questions = await _questions(session, [one.parent_id for one in answers if one.parent_id is not None])
    last = happened[-1].seq if happened else None
    return [(questions.get(one.parent_id or ""), one) for one in answers], last or after


async def _questions(session: AsyncSession, ids: Sequence[str]) -> dict[str, ChatMessage]:
    if not ids:
        return {}
    known = set(await session.scalars(select(MessageRow.message_id).where(MessageRow.message_id.in_(ids))))
    found = [await find_message(session, one) for one in dict.fromkeys(ids) if one in known]
    return {one.message_id: one for one in found if one.role == "user"}
