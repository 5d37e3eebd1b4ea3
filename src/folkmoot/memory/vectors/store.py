"""The rows of vectors: which passages have one, here or on a server, and which still need one."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from sqlalchemy import delete, exists, func, insert, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.memory.model import TWIN_PREFIX
from folkmoot.memory.tables import PassageRow, PointRow, VectorRow
from folkmoot.memory.vectors.model import Pending

Session: TypeAlias = AsyncSession
_CHUNK = 5000


async def without_vector(
    session: Session,
    table: type[VectorRow] | type[PointRow],
    model: str,
    *,
    remote: bool,
    allowed: Collection[str],
    limit: int,
) -> list[Pending]:
    has = exists().where(table.number == PassageRow.number, table.model == model)
    query = select(PassageRow).where(not_(has), PassageRow.text != "")
    if remote:
        ours = PassageRow.scope.not_like(f"{TWIN_PREFIX}%")
        query = query.where(or_(ours, PassageRow.consent_id.in_(allowed)))
    rows = await session.scalars(query.order_by(PassageRow.number).limit(limit))
    return [
        Pending(
            number=row.number,
            text=row.text,
            heading=row.heading,
            scope=row.scope,
            source=row.source,
            origin=row.origin,
            media_type=row.media_type,
            consent_id=row.consent_id,
            at=row.at,
        )
        for row in rows
    ]


async def consents_of_persons(session: Session) -> list[str]:
    """The consents that persons' passages rest on."""
    query = select(PassageRow.consent_id).where(PassageRow.scope.like(f"{TWIN_PREFIX}%")).distinct()
    return [one for one in await session.scalars(query) if one is not None]


async def still_there(session: Session, numbers: Collection[int]) -> set[int]:
    """Which of these passages there are."""
    return set(await session.scalars(select(PassageRow.number).where(PassageRow.number.in_(numbers))))


async def insert_vectors(session: Session, model: str, vectors: Sequence[tuple[int, bytes]]) -> None:
    numbers = [number for number, _ in vectors]
    await session.execute(delete(VectorRow).where(VectorRow.number.in_(numbers), VectorRow.model == model))
    rows = [{"number": number, "model": model, "vector": vector} for number, vector in vectors]
    await session.execute(insert(VectorRow), rows)


async def insert_points(session: Session, model: str, numbers: Sequence[int]) -> None:
    await session.execute(delete(PointRow).where(PointRow.number.in_(numbers), PointRow.model == model))
    await session.execute(insert(PointRow), [{"number": number, "model": model} for number in numbers])


async def state_of_vectors(session: Session, model: str) -> tuple[int, int]:
    """How many vectors there are, and the newest one's place in their sequence."""
    count, last = (
        await session.execute(select(func.count(), func.max(VectorRow.sequence)).where(VectorRow.model == model))
    ).one()
    return int(count), int(last or 0)


async def read_vectors(
    session: Session, model: str, *, after: int, limit: int = _CHUNK
) -> list[tuple[int, int, str, bytes]]:
    """Vectors beyond this place in the sequence: place, passage, its scope, vector."""
    query = (
        select(VectorRow.sequence, VectorRow.number, PassageRow.scope, VectorRow.vector)
        .join(PassageRow, PassageRow.number == VectorRow.number)
        .where(VectorRow.model == model, VectorRow.sequence > after)
        .order_by(VectorRow.sequence)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in await session.execute(query)]


async def delete_vectors(session: Session, model: str, *, scope: str | None) -> int:
    """Vectors of other models, which nobody asks any more, and of this scope."""
    gone = delete(VectorRow).where(VectorRow.model != model)
    count = len((await session.execute(gone.returning(VectorRow.sequence))).all())
    if scope is not None:
        within = select(PassageRow.number).where(PassageRow.scope == scope)
        more = delete(VectorRow).where(VectorRow.model == model, VectorRow.number.in_(within))
        count += len((await session.execute(more.returning(VectorRow.sequence))).all())
    return count


async def lost_points(session: Session, model: str, *, scope: str | None, limit: int = _CHUNK) -> list[int]:
    """Points whose passage is gone, or is in this scope."""
    there = exists().where(PassageRow.number == PointRow.number)
    if scope is not None:
        there = exists().where(PassageRow.number == PointRow.number, PassageRow.scope != scope)
    query = select(PointRow.number).where(PointRow.model == model, not_(there)).limit(limit)
    return list(await session.scalars(query))


async def delete_points(session: Session, model: str, numbers: Collection[int]) -> None:
    await session.execute(delete(PointRow).where(PointRow.model == model, PointRow.number.in_(numbers)))


async def count_of(session: Session, table: type[VectorRow] | type[PointRow], model: str) -> int:
    return int(await session.scalar(select(func.count()).where(table.model == model)) or 0)


async def count_passages(session: Session) -> int:
    found: Any = await session.scalar(select(func.count()).select_from(PassageRow).where(PassageRow.text != ""))
    return int(found or 0)
