"""What is read and written to keep users' files in step with what was said, within the caller's session."""

from sqlalchemy import select, update

from folkmoot.conversations.model import ChatMessage, Status
from folkmoot.conversations.store import AsyncSession, select_happened, select_messages
from folkmoot.conversations.tables import RoomRow


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
) -> tuple[list[tuple[ChatMessage | None, ChatMessage]], int, bool]:
    """Answers that settled after that number, each with its question; the number up to which that is all; whether
    there may be more after it.
    """
    happened = await select_happened(session, user_id, after=after, limit=limit)
    answers = [one for one in happened if one.role == "assistant" and one.status is not Status.ANSWERING]
    asked = {one.parent_id for one in answers if one.parent_id is not None}
    questions = {one.message_id: one for one in happened if one.role == "user"}
    # Asked before that number: an answer takes a while.
    earlier = await select_messages(session, asked - questions.keys())
    questions |= {one.message_id: one for one in earlier if one.role == "user"}
    last = happened[-1].seq if happened else None
    return [(questions.get(one.parent_id or ""), one) for one in answers], last or after, len(happened) == limit
