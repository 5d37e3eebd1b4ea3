"""The log of tool calls: what agents did, for whom, and what came of it (SPEC I3). Users see calls made for them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.security import Principal
from folkmoot.tools import CallStatus, Effect
from folkmoot.tools.model import LoggedCall, Resolution
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.moments import Moment

router = APIRouter(prefix="/api/logs", tags=["tools"])
Text = Annotated[str | None, Query(max_length=200)]
# Nobody's id: what belongs to others is not found, as what is nowhere.
_NOBODY = "\N{EM DASH}"


class CallShown(BaseModel):
    """A call of a tool. Parameters and result are without secrets, and cut where they are long; times are UTC."""

    call_id: str
    action: str = Field(examples=["tool_execution:send_marketing_proposal"])
    tool: str = Field(examples=["send_marketing_proposal"])
    agent_id: str
    user_id: str | None = Field(description="on whose behalf; null is the house itself")
    conversation_id: str | None
    status: CallStatus
    effect: Effect
    parameters: dict[str, Any]
    result: Any
    error: str | None
    duration_ms: float | None
    attempts: int
    decided_by: str | None = Field(description="who approved, rejected or resolved it")
    note: str | None
    created_at: AwareDatetime
    ended_at: AwareDatetime | None


class ToolFigures(BaseModel):
    """How the calls of one tool went; milliseconds of those that ran."""

    tool: str
    count: int
    outcomes: dict[str, int] = Field(examples=[{"succeeded": 12, "skipped": 1}])
    p50_ms: float | None
    p95_ms: float | None


class Figures(BaseModel):
    """Every tool that was called."""

    items: list[ToolFigures]
    total: int = Field(description="calls in all")


class ResolutionWanted(BaseModel):
    """What became of a call: it `happened`, it did not and is to be made `again`, or it is let be (`drop`)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"resolution": "happened"}})
    resolution: Resolution
    note: Annotated[str, Field(max_length=2_000)] | None = None


def shown(call: LoggedCall) -> CallShown:
    """A call as the API shows it."""
    return CallShown(tool=call.tool, **{name: value for name, value in vars(call).items() if name != "cause"})


def seen_by(principal: Principal, user_id: str | None = None) -> str | None:
    """Whose calls are shown: everybody's (None) to the administrator, their own to others."""
    if principal.is_admin:
        return user_id
    return principal.user_id if user_id in {None, principal.user_id} else _NOBODY


@router.get("", responses=documented(401, 403, 422, 429, 503))
async def list_calls(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    action: Annotated[str | None, Query(max_length=200, description="How the action begins")] = None,
    agent_id: Text = None,
    user_id: Text = None,
    conversation_id: Text = None,
    status: Annotated[list[CallStatus] | None, Query(max_length=7)] = None,
    since: Annotated[Moment | None, Query(description="Calls from then on")] = None,
) -> Page[CallShown]:
    """Calls of tools, the newest first."""
    found, total = await rooms.tools.log.page(
        limit=window.limit,
        offset=window.offset,
        action=action,
        agent_id=agent_id,
        user_id=seen_by(principal, user_id),
        conversation_id=conversation_id,
        statuses=status,
        since=since,
    )
    return window.page([shown(one) for one in found], total)


@router.get("/stats", responses=documented(401, 403, 422, 429, 503))
async def stats(
    principal: SignedIn,
    rooms: Rooms,
    agent_id: Text = None,
    user_id: Text = None,
    since: Annotated[Moment | None, Query(description="Calls from then on")] = None,
) -> Figures:
    """By tool: how many calls, how they ended, and how long they took."""
    found = await rooms.tools.log.stats(agent_id=agent_id, user_id=seen_by(principal, user_id), since=since)
    return Figures(items=[ToolFigures(**vars(one)) for one in found], total=sum(one.count for one in found))


@router.get("/{call_id}", responses=documented(401, 403, 404, 422, 429, 503))
async def read(principal: SignedIn, rooms: Rooms, call_id: str) -> CallShown:
    """One call."""
    return shown(await rooms.tools.log.find(call_id, user_id=seen_by(principal)))


@router.post("/{call_id}/resolve", responses=documented(401, 403, 404, 409, 413, 422, 429, 503))
async def resolve(principal: SignedIn, rooms: Rooms, call_id: str, wanted: ResolutionWanted) -> CallShown:
    """Say what became of a call whose outcome is unknown, as the administrator or whoever it was made for."""
    return shown(await rooms.tools.decisions.resolve(call_id, wanted.resolution, by=principal, note=wanted.note))
