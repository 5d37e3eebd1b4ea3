"""The audit, for administrators: who did what to whom, when, from where, and whether it was done."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict

from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.moments import Moment

router = APIRouter(prefix="/api/audit", tags=["accounts"])


class AuditShown(BaseModel):
    """One line; `user_id` null is somebody who was not recognised, or the house itself."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    at: AwareDatetime
    user_id: str | None
    action: str
    target: str
    ok: bool
    address: str
    details: dict[str, Any]


@router.get("", responses=documented(401, 403, 422, 503))
async def lines(
    _principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    action: Annotated[str | None, Query(max_length=500, description="Only these actions, between commas")] = None,
    user_id: Annotated[str | None, Query(max_length=64, description="Only what this user did")] = None,
    since: Moment | None = None,
) -> Page[AuditShown]:
    """What was done, the newest first."""
    found, total = await rooms.audit.lines(
        actions=[one.strip() for one in action.split(",")] if action else (),
        user_id=user_id,
        since=since,
        limit=window.limit,
        offset=window.offset,
    )
    return window.page([AuditShown.model_validate(one) for one in found], total)
