"""What is read from and written to the rows of leads; every function works within the caller's session.

`viewer` is whose leads may be seen; None sees all.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.leads.errors import UnknownLeadError
from folkmoot.leads.model import AWAY, FollowUp, Lead, LeadAnalysis, LeadData, LeadEntry, LeadStatus, Priority
from folkmoot.leads.tables import LeadEntryRow, LeadRow

__all__ = ["AsyncSession"]  # the acts of this room name the session they hand through

_DATA: Final = (
    *("name", "email", "company", "phone", "message", "services_interested", "budget_range", "timeline", "source"),
)
_ESCAPE: Final = "\\"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What narrows a list of leads; None means any. `text` is looked for in name, company and address."""

    status: LeadStatus | None = None
    priority: Priority | None = None
    source: str | None = None
    min_score: float | None = None
    text: str | None = None


async def insert_lead(session: AsyncSession, lead: Lead) -> None:
    session.add(LeadRow(lead_id=lead.lead_id, user_id=lead.user_id, created_at=lead.created_at, **_values(lead)))
    await session.flush()


async def find_lead(session: AsyncSession, lead_id: str, *, viewer: str | None, deleted: bool = False) -> Lead:
    """Raises `UnknownLeadError`, for another's lead too."""
    return await _one(session, _of(lead_id, viewer, deleted=deleted), lead_id)


async def lock_lead(session: AsyncSession, lead_id: str, *, viewer: str | None, deleted: bool = False) -> Lead:
    """The lead, which nobody else can change until the transaction ends. Raises `UnknownLeadError`."""
    return await _one(session, _of(lead_id, viewer, deleted=deleted).with_for_update(), lead_id)


async def save_lead(session: AsyncSession, lead: Lead, *, at: datetime) -> Lead:
    """Write a changed lead; counts its version up."""
    kept = lead.model_copy(update={"version": lead.version + 1, "updated_at": at})
    await session.execute(update(LeadRow).where(LeadRow.lead_id == lead.lead_id).values(**_values(kept)))
    return kept


async def select_leads(
    session: AsyncSession, wanted: Wanted, *, viewer: str | None, limit: int, offset: int
) -> tuple[list[Lead], int]:
    """A page of leads, the newest first, and how many fit in all."""
    query = select(LeadRow).where(LeadRow.deleted_at.is_(None), *_fitting(wanted))
    if viewer is not None:
        query = query.where(LeadRow.user_id == viewer)
    total = (await session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    rows = await session.scalars(query.order_by(LeadRow.number.desc()).limit(limit).offset(offset))
    return [_lead(row) for row in rows], total


async def select_unsettled(session: AsyncSession) -> list[Lead]:
    """Leads for which something that was asked for is still to be done."""
    rows = await session.scalars(
        select(LeadRow).where(LeadRow.settled.is_(False), LeadRow.deleted_at.is_(None)).order_by(LeadRow.number)
    )
    return [_lead(row) for row in rows]


async def select_owed(session: AsyncSession, *, since: datetime, limit: int) -> list[Lead]:
    """Settled leads that came in after `since` and for which a service was away; the longest untouched first."""
    sent = LeadRow.details["follow_up"]
    away = or_(*(sent[name]["code"].as_string() == AWAY for name in FollowUp.model_fields))
    rows = await session.scalars(
        select(LeadRow)
        .where(LeadRow.settled.is_(True), LeadRow.deleted_at.is_(None), LeadRow.created_at > since, away)
        .order_by(LeadRow.updated_at, LeadRow.number)
        .limit(limit)
    )
    return [_lead(row) for row in rows]


async def known(session: AsyncSession, lead_id: str) -> bool:
    return (await session.scalar(select(LeadRow.number).where(LeadRow.lead_id == lead_id))) is not None


async def purge_deleted(session: AsyncSession, before: datetime) -> int:
    """Delete for good what was deleted before that; how many."""
    gone = await session.execute(delete(LeadRow).where(LeadRow.deleted_at < before).returning(LeadRow.number))
    return len(gone.all())


async def add_entry(session: AsyncSession, lead: Lead, entry: LeadEntry) -> None:
    session.add(LeadEntryRow(lead_id=lead.lead_id, user_id=lead.user_id, **entry.model_dump()))


async def select_entries(session: AsyncSession, lead_id: str) -> list[LeadEntry]:
    """What happened to a lead, the oldest first."""
    rows = await session.scalars(
        select(LeadEntryRow).where(LeadEntryRow.lead_id == lead_id).order_by(LeadEntryRow.number)
    )
    return [LeadEntry.model_validate(row, from_attributes=True) for row in rows]


def _of(lead_id: str, viewer: str | None, *, deleted: bool) -> Select[Any]:
    query = select(LeadRow).where(LeadRow.lead_id == lead_id)
    if viewer is not None:
        query = query.where(LeadRow.user_id == viewer)
    return query.where(LeadRow.deleted_at.is_not(None) if deleted else LeadRow.deleted_at.is_(None))


async def _one(session: AsyncSession, query: Select[Any], lead_id: str) -> Lead:
    row = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise UnknownLeadError(
            f"there is no lead '{lead_id}'; `folkmoot lead ls` shows which there are", lead_id=lead_id
        )
    return _lead(row)


def _fitting(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        found.append(LeadRow.status == str(wanted.status))
    if wanted.priority is not None:
        found.append(LeadRow.priority == str(wanted.priority))
    if wanted.source is not None:
        found.append(LeadRow.source == wanted.source)
    if wanted.min_score is not None:
        found.append(LeadRow.score >= wanted.min_score)
    if wanted.text:
        plain = wanted.text.replace(_ESCAPE, _ESCAPE * 2).replace("%", r"\%").replace("_", r"\_")
        columns = (LeadRow.name, LeadRow.company, LeadRow.email)
        found.append(or_(*(one.ilike(f"%{plain}%", escape=_ESCAPE) for one in columns)))
    return found


def _values(lead: Lead) -> dict[str, Any]:
    score = lead.analysis.lead_score if lead.analysis else None
    data = lead.data.model_dump(mode="json")
    return {
        **{name: data[name] for name in _DATA},
        "status": str(lead.status),
        "score": score.score if score else None,
        "priority": str(score.priority) if score else None,
        "analysis": lead.analysis.model_dump(mode="json") if lead.analysis else None,
        "details": {
            "follow_up": lead.follow_up.model_dump(mode="json"),
            "wanted": list(lead.wanted),
            "problem": lead.problem,
        },
        "round": lead.round,
        "settled": lead.settled,
        "version": lead.version,
        "updated_at": lead.updated_at,
        "deleted_at": lead.deleted_at,
    }


def _lead(row: LeadRow) -> Lead:
    return Lead(
        lead_id=row.lead_id,
        user_id=row.user_id,
        data=LeadData.model_construct(
            **{name: getattr(row, name) for name in _DATA if name != "services_interested"},
            services_interested=tuple(row.services_interested),
        ),
        status=LeadStatus(row.status),
        analysis=LeadAnalysis.model_validate(row.analysis) if row.analysis else None,
        follow_up=FollowUp.model_validate(row.details["follow_up"]),
        wanted=tuple(row.details["wanted"]),
        problem=row.details["problem"],
        round=row.round,
        settled=row.settled,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
    )
