"""What is read from and written to the rows of routing; every function works within the caller's session."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.conversations.routing.model import Alternative, Decision
from folkmoot.conversations.routing.overrides import MOST_PER_USER, Override
from folkmoot.conversations.routing.tables import RoutingDecisionRow, RoutingOverrideRow
from folkmoot.kernel import new_id
from folkmoot.storage import Database, as_the_house


@dataclass(frozen=True, kw_only=True)
class StoredDecision:
    """A decision as it stands in its row."""

    decision_id: str
    conversation_id: str
    message_id: str | None
    user_id: str | None
    text: str
    decision: Decision
    trained: str
    at: datetime


async def insert_decision(
    session: AsyncSession,
    decision: Decision,
    *,
    text: str,
    conversation_id: str,
    message_id: str | None,
    user_id: str | None,
    at: datetime,
) -> str:
    """Keep a decision, by one statement; its id."""
    decision_id = new_id()
    await session.execute(
        insert(RoutingDecisionRow).values(
            decision_id=decision_id,
            conversation_id=conversation_id,
            message_id=message_id,
            user_id=user_id,
            text=text,
            decision=as_stored(decision),
            trained=str(decision.evidence.get("trained", "")),
            created_at=at,
        )
    )
    return decision_id


async def decision_of(session: AsyncSession, message_id: str) -> StoredDecision | None:
    """The latest decision about a message."""
    row = await session.scalar(
        select(RoutingDecisionRow)
        .where(RoutingDecisionRow.message_id == message_id)
        .order_by(RoutingDecisionRow.created_at.desc(), RoutingDecisionRow.decision_id.desc())
        .limit(1)
    )
    return None if row is None else _stored(row)


async def decisions_in(session: AsyncSession, conversation_id: str, *, limit: int = 500) -> list[StoredDecision]:
    """The decisions of a conversation, the oldest first."""
    rows = await session.scalars(
        select(RoutingDecisionRow)
        .where(RoutingDecisionRow.conversation_id == conversation_id)
        .order_by(RoutingDecisionRow.created_at, RoutingDecisionRow.decision_id)
        .limit(limit)
    )
    return [_stored(row) for row in rows]


async def forget(session: AsyncSession, conversation_id: str) -> bool:
    """Delete what was decided and taught in a conversation; whether something learned went (then `Router.refresh`)."""
    learned = await session.scalar(
        select(RoutingOverrideRow.override_id)
        .where(RoutingOverrideRow.conversation_id == conversation_id, RoutingOverrideRow.learned)
        .limit(1)
    )
    for table in (RoutingDecisionRow, RoutingOverrideRow):
        await session.execute(delete(table).where(table.conversation_id == conversation_id))
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


def as_stored(decision: Decision) -> dict[str, Any]:
    """A decision as a JSON document."""
    kept = {**vars(decision), "alternatives": [asdict(one) for one in decision.alternatives]}
    kept["evidence"] = dict(decision.evidence)
    return kept


def from_stored(kept: Mapping[str, Any]) -> Decision:
    """The decision of such a document."""
    return Decision(**{**kept, "alternatives": tuple(Alternative(**one) for one in kept["alternatives"])})


def _stored(row: RoutingDecisionRow) -> StoredDecision:
    return StoredDecision(
        decision_id=row.decision_id,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
        user_id=row.user_id,
        text=row.text,
        decision=from_stored(row.decision),
        trained=row.trained,
        at=row.created_at,
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
