"""Calls of tools that wait for a person's approval (SPEC I1)."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from folkmoot.api.logs import CallShown, seen_by, shown
from folkmoot.tools import CallStatus
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented

router = APIRouter(prefix="/api/approvals", tags=["tools"])


class DecisionWanted(BaseModel):
    """Whether a call is to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"decision": "approve", "note": "Go on."}})
    decision: Literal["approve", "reject"]
    note: Annotated[str, Field(max_length=2_000)] | None = None


@router.get("", responses=documented(401, 403, 422, 429, 503))
async def waiting(principal: SignedIn, rooms: Rooms, window: Paging) -> Page[CallShown]:
    """The calls that wait, the newest first: everybody's for the administrator, their own for others."""
    found, total = await rooms.tools.log.page(
        limit=window.limit, offset=window.offset, user_id=seen_by(principal), statuses=[CallStatus.WAITING]
    )
    return window.page([shown(one) for one in found], total)


@router.post("/{call_id}", responses=documented(401, 403, 404, 409, 413, 422, 429, 503))
async def decide(principal: SignedIn, rooms: Rooms, call_id: str, wanted: DecisionWanted) -> CallShown:
    """Approve a call, which is then made once, or reject it; as the administrator or whoever it is made for."""
    decisions = rooms.tools.decisions
    act = decisions.approve if wanted.decision == "approve" else decisions.reject
    return shown(await act(call_id, by=principal, note=wanted.note))
