"""What is read from and written to the rows of bridges; every function works within the caller's session."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.bridge.model import FrameState, Owed, Standing
from folkmoot.bridge.tables import LineRow, OutboxRow

__all__ = ["AsyncSession"]  # the acts of this room name the session they hand through


async def insert_frame(session: AsyncSession, owed: Owed, *, dedupe: str | None) -> bool:
    """Keep a frame; False if the bridge has one that is known by the same `dedupe`."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    wanted = dialect.insert(OutboxRow).values(
        frame_id=owed.frame_id,
        bridge=owed.bridge,
        user_id=owed.user_id,
        state=owed.state,
        dedupe=dedupe,
        question=owed.question,
        agent=owed.agent,
        thread=owed.thread,
        answer_id=owed.answer_id,
        attempts=0,
        frame=owed.frame,
        created_at=owed.created_at,
        changed_at=owed.created_at,
    )
    wanted = wanted.on_conflict_do_nothing(index_elements=[OutboxRow.bridge, OutboxRow.dedupe])
    return (await session.execute(wanted.returning(OutboxRow.number))).scalar_one_or_none() is not None


async def change_frame(session: AsyncSession, frame_id: str, *, at: datetime, **values: Any) -> None:
    await session.execute(update(OutboxRow).where(OutboxRow.frame_id == frame_id).values(changed_at=at, **values))


async def settle_frames(session: AsyncSession, frame_ids: Collection[str], state: FrameState, *, at: datetime) -> None:
    """Say of frames that they are sent, or dropped."""
    of_these = OutboxRow.frame_id.in_(frame_ids)
    await session.execute(update(OutboxRow).where(of_these).values(state=state, question=None, changed_at=at))


async def count_attempts(session: AsyncSession, frame_ids: Collection[str]) -> None:
    """Count a connection that was lost while these were being sent."""
    of_these = OutboxRow.frame_id.in_(frame_ids)
    await session.execute(update(OutboxRow).where(of_these).values(attempts=OutboxRow.attempts + 1))


async def select_frames(
    session: AsyncSession, bridge: str, states: Collection[FrameState], *, limit: int = 1000, latest: bool = False
) -> list[Owed]:
    """A bridge's frames in these states, the oldest first, or the latest first."""
    order = OutboxRow.number.desc() if latest else OutboxRow.number
    query = select(OutboxRow).where(OutboxRow.bridge == bridge, OutboxRow.state.in_(states)).order_by(order)
    return [_owed(row) for row in await session.scalars(query.limit(limit))]


async def frame_state(session: AsyncSession, frame_id: str) -> FrameState | None:
    """Where a frame is; None if there is none."""
    found = await session.scalar(select(OutboxRow.state).where(OutboxRow.frame_id == frame_id))
    return None if found is None else FrameState(found)


async def count_frames(session: AsyncSession) -> dict[str, dict[FrameState, int]]:
    """How many frames that are not settled each bridge has, by state."""
    open_ones = OutboxRow.state.in_((FrameState.ASKED, FrameState.ANSWERING, FrameState.READY))
    query = select(OutboxRow.bridge, OutboxRow.state, func.count()).where(open_ones)
    counts: dict[str, dict[FrameState, int]] = {}
    for bridge, state, count in (await session.execute(query.group_by(OutboxRow.bridge, OutboxRow.state))).all():
        counts.setdefault(bridge, {})[FrameState(state)] = count
    return counts


async def count_waiting(session: AsyncSession, bridge: str) -> int:
    """How many frames of a bridge are to be sent."""
    of_it = (OutboxRow.bridge == bridge) & (OutboxRow.state == FrameState.READY)
    return int(await session.scalar(select(func.count()).where(of_it)) or 0)


async def prune_frames(session: AsyncSession, *, settled_before: datetime, begun_before: datetime) -> int:
    """Delete frames that were settled long ago, and those that nobody will ever send."""
    settled = OutboxRow.state.in_((FrameState.SENT, FrameState.DROPPED)) & (OutboxRow.changed_at < settled_before)
    done: CursorResult[Any] = await session.execute(
        delete(OutboxRow).where(settled | (OutboxRow.created_at < begun_before))
    )  # type: ignore[assignment]  # what a delete gives
    return int(done.rowcount)


async def find_line(session: AsyncSession, bridge: str) -> LineRow | None:
    """Who holds a bridge; whoever asks within a transaction that writes keeps the row to itself."""
    return (
        await session.execute(select(LineRow).where(LineRow.bridge == bridge).with_for_update())
    ).scalar_one_or_none()


async def insert_line(session: AsyncSession, bridge: str, owner: str, *, at: datetime) -> None:
    """Hold a bridge that nobody held; does nothing where another was quicker."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    values = {"bridge": bridge, "owner": owner, "beat": 1, "redials": 0, "connected": False, "attempts": 0}
    wanted = dialect.insert(LineRow).values(**values, problem=None, changed_at=at)
    await session.execute(wanted.on_conflict_do_nothing(index_elements=[LineRow.bridge]))


async def take_line(session: AsyncSession, bridge: str, owner: str, *, at: datetime) -> None:
    """Hold a bridge in another's place."""
    values = {"owner": owner, "beat": LineRow.beat + 1, "connected": False, "changed_at": at}
    await session.execute(update(LineRow).where(LineRow.bridge == bridge).values(**values))


async def beat_line(
    session: AsyncSession, bridge: str, owner: str, standing: Standing, *, at: datetime
) -> tuple[bool, int]:
    """Say that the holder lives, and how the bridge stands: whether it still holds it, and `redials`."""
    own = (LineRow.bridge == bridge) & (LineRow.owner == owner)
    written = (
        update(LineRow)
        .where(own)
        .values(
            beat=LineRow.beat + 1,
            connected=standing.connected,
            attempts=standing.attempts,
            problem=standing.problem,
            changed_at=at,
        )
    )
    redials = (await session.execute(written.returning(LineRow.redials))).scalar_one_or_none()
    return redials is not None, redials or 0


async def leave_line(session: AsyncSession, bridge: str, owner: str) -> None:
    """Hold a bridge no longer."""
    await session.execute(delete(LineRow).where(LineRow.bridge == bridge, LineRow.owner == owner))


async def want_redial(session: AsyncSession, bridge: str) -> None:
    await session.execute(update(LineRow).where(LineRow.bridge == bridge).values(redials=LineRow.redials + 1))


async def standings(session: AsyncSession, bridges: Sequence[str]) -> dict[str, Standing]:
    """How bridges stand, as their holders said last."""
    rows = await session.scalars(select(LineRow).where(LineRow.bridge.in_(bridges)))
    return {row.bridge: Standing(connected=row.connected, attempts=row.attempts, problem=row.problem) for row in rows}


def _owed(row: OutboxRow) -> Owed:
    return Owed(
        number=row.number,
        frame_id=row.frame_id,
        bridge=row.bridge,
        user_id=row.user_id,
        state=FrameState(row.state),
        question=row.question,
        agent=row.agent,
        thread=row.thread,
        answer_id=row.answer_id,
        attempts=row.attempts,
        frame=dict(row.frame),
        created_at=row.created_at,
    )
