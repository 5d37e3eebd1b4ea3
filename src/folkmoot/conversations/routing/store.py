"""What is read from and written to the rows of routing; every function works within the caller's session."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.conversations.routing.overrides import MOST_PER_USER, Override
from folkmoot.conversations.routing.tables import RoutingOverrideRow
from folkmoot.storage import Database, as_the_house


async def forget(session: AsyncSession, conversation_id: str) -> bool:
    """Delete what was taught in a conversation; whether something learned went (then `Router.refresh`)."""
    learned = await session.scalar(
        select(RoutingOverrideRow.override_id)
        .where(RoutingOverrideRow.conversation_id == conversation_id, RoutingOverrideRow.learned)
        .limit(1)
    )
    own = RoutingOverrideRow.conversation_id == conversation_id
    await session.execute(delete(RoutingOverrideRow).where(own))
    return learned is not None


class OverridesInDatabase:
    """The overrides in their rows; a user's oldest go when there are more than `MOST_PER_USER`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def learned(self) -> list[Override]:
        """Those that passed the gate, the oldest first."""
        # What is learned is learned for everybody, whoever asks when it is trained.
        with as_the_house():
            async with self._database.read() as session:
                rows = await session.scalars(
                    select(RoutingOverrideRow)
                    .where(RoutingOverrideRow.learned)
                    .order_by(RoutingOverrideRow.created_at, RoutingOverrideRow.override_id)
                )
                return [_override(row) for row in rows]

    async def keep(self, override: Override) -> None:
        """Keep one."""
        async with self._database.write() as session:
            own = (
                select(RoutingOverrideRow.override_id)
                .where(RoutingOverrideRow.user_id == override.user_id)
                .order_by(RoutingOverrideRow.created_at.desc(), RoutingOverrideRow.override_id.desc())
                .offset(MOST_PER_USER - 1)
            )
            too_many = list(await session.scalars(own))
            if too_many:
                await session.execute(delete(RoutingOverrideRow).where(RoutingOverrideRow.override_id.in_(too_many)))
            session.add(
                RoutingOverrideRow(
                    override_id=override.override_id,
                    conversation_id=override.conversation_id,
                    user_id=override.user_id,
                    text=override.text,
                    chosen=override.chosen,
                    instead_of=override.instead_of,
                    learned=override.learned,
                    created_at=override.at,
                )
            )


def _override(row: RoutingOverrideRow) -> Override:
    return Override(
        override_id=row.override_id,
        text=row.text,
        chosen=row.chosen,
        instead_of=row.instead_of,
        learned=row.learned,
        user_id=row.user_id,
        conversation_id=row.conversation_id,
        at=row.created_at,
    )
