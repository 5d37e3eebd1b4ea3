"""Leads: submit, list, read, analyse, move, delete and bring back."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.leads import Lead, LeadAnalysis, LeadChange, LeadData, LeadStatus, Priority
from folkmoot.leads.desk import RESTORABLE
from folkmoot.leads.model import MOVES, FollowUp, LeadEntry
from folkmoot.leads.store import Wanted
from folkmoot.security import Principal
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented

router = APIRouter(prefix="/api/leads", tags=["leads"])
READ = documented(401, 403, 404, 422, 429, 503)
WRITE = documented(401, 403, 404, 409, 413, 422, 429, 503)


class LeadSubmission(BaseModel):
    """What came in, and what is to be done with it at once."""

    model_config = ConfigDict(extra="forbid")

    lead_data: LeadData
    analyze: bool = True
    auto_respond: bool = Field(default=False, description="send a confirmation to whoever wrote, once")


class LeadSubmitted(BaseModel):
    """What became of a submission. `analysis` is null when none was asked for, or while it is being made."""

    lead_id: str
    status: LeadStatus
    analysis: LeadAnalysis | None
    follow_up: FollowUp
    settled: bool = Field(description="whether everything that was asked for is done")
    created_at: AwareDatetime


class LeadShown(BaseModel):
    """A lead. `score` and `priority` are those of its analysis, `next_statuses` where it can go from here."""

    lead_id: str
    user_id: str
    status: LeadStatus
    next_statuses: list[LeadStatus]
    lead_data: LeadData
    score: float | None
    priority: Priority | None
    analysis: LeadAnalysis | None
    follow_up: FollowUp
    settled: bool
    problem: str
    version: int
    created_at: AwareDatetime
    updated_at: AwareDatetime


class LeadDetails(LeadShown):
    """A lead with everything that happened to it, the oldest first."""

    history: list[LeadEntry]


class LeadAnalyzed(LeadAnalysis):
    """The analysis of a lead."""

    lead_id: str


class LeadDeleted(BaseModel):
    """A lead that was taken away; until then it can be brought back."""

    lead_id: str
    restorable_until: datetime


def whose(principal: Principal) -> str | None:
    """Whose leads somebody sees: their own, an administrator everybody's."""
    return None if principal.is_admin else principal.user_id


def _fields(lead: Lead) -> dict[str, Any]:
    score = lead.analysis.lead_score if lead.analysis else None
    return {
        "lead_id": lead.lead_id,
        "user_id": lead.user_id,
        "status": lead.status,
        "next_statuses": list(MOVES[lead.status]),
        "lead_data": lead.data.model_dump(),
        "score": score.score if score else None,
        "priority": score.priority if score else None,
        "analysis": lead.analysis,
        "follow_up": lead.follow_up,
        "settled": lead.settled,
        "problem": lead.problem,
        "version": lead.version,
        "created_at": lead.created_at,
        "updated_at": lead.updated_at,
    }


@router.post("/submit", status_code=201, responses=WRITE)
async def submit(principal: SignedIn, rooms: Rooms, wanted: LeadSubmission) -> LeadSubmitted:
    """Keep a lead; analyse it and answer it, if that is wanted. What was accepted is never lost."""
    lead = await rooms.leads.submit(
        wanted.lead_data, user_id=principal.user_id, analyze=wanted.analyze, auto_respond=wanted.auto_respond
    )
    return LeadSubmitted(
        lead_id=lead.lead_id,
        status=lead.status,
        analysis=lead.analysis,
        follow_up=lead.follow_up,
        settled=lead.settled,
        created_at=lead.created_at,
    )


@router.get("", responses=documented(401, 403, 422, 429, 503))
async def list_leads(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    status: LeadStatus | None = None,
    priority: Priority | None = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
    min_score: Annotated[float | None, Query(ge=0, le=100, allow_inf_nan=False)] = None,
    q: Annotated[str | None, Query(max_length=200, description="part of a name, company or address")] = None,
) -> Page[LeadShown]:
    """Leads, the newest first; filters narrow the list."""
    wanted = Wanted(status=status, priority=priority, source=source, min_score=min_score, text=q)
    found, total = await rooms.leads.leads(wanted, viewer=whose(principal), limit=window.limit, offset=window.offset)
    return window.page([LeadShown(**_fields(one)) for one in found], total)


@router.get("/{lead_id}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, lead_id: str) -> LeadDetails:
    """One lead with its history."""
    return await _details(principal, rooms, lead_id)


@router.post("/{lead_id}/analyze", responses=WRITE)
async def analyze(principal: SignedIn, rooms: Rooms, lead_id: str) -> LeadAnalyzed:
    """Analyse a lead anew, and bring what was found into the CRM."""
    lead = await rooms.leads.analyze(lead_id, viewer=whose(principal))
    assert lead.analysis is not None
    return LeadAnalyzed(lead_id=lead.lead_id, **lead.analysis.model_dump())


@router.patch("/{lead_id}", responses=WRITE)
async def change(principal: SignedIn, rooms: Rooms, lead_id: str, wanted: LeadChange) -> LeadDetails:
    """Move a lead to another status, one step at a time, or put a note to it."""
    await rooms.leads.change(lead_id, wanted, viewer=whose(principal), by=principal.user_id)
    return await _details(principal, rooms, lead_id)


@router.delete("/{lead_id}", responses=READ)
async def delete(principal: SignedIn, rooms: Rooms, lead_id: str) -> LeadDeleted:
    """Take a lead away; for a week it can be brought back."""
    lead = await rooms.leads.delete(lead_id, viewer=whose(principal), by=principal.user_id)
    assert lead.deleted_at is not None
    return LeadDeleted(lead_id=lead_id, restorable_until=lead.deleted_at + RESTORABLE)


@router.post("/{lead_id}/restore", responses=WRITE)
async def restore(principal: SignedIn, rooms: Rooms, lead_id: str) -> LeadDetails:
    """Bring a deleted lead back."""
    await rooms.leads.restore(lead_id, viewer=whose(principal), by=principal.user_id)
    return await _details(principal, rooms, lead_id)


async def _details(principal: Principal, rooms: Rooms, lead_id: str) -> LeadDetails:
    lead = await rooms.leads.find(lead_id, viewer=whose(principal))
    history = await rooms.leads.history(lead_id, viewer=whose(principal))
    return LeadDetails(**_fields(lead), history=history)
