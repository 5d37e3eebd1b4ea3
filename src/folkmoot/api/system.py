"""What the workplace says of itself: its door, its health, its figures, its status; and bringing up a team."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from folkmoot.kernel import FolkmootError, rfc3339
from folkmoot.security import Principal
from folkmoot.tasks import TaskState
from folkmoot.version import __version__
from folkmoot.web import Health, Parts, Rooms, SignedIn, documented
from folkmoot.web.ownership import sight_of
from folkmoot.web.principal import principal_of

open_router = APIRouter(tags=["system"])
router = APIRouter(prefix="/api", tags=["system"])


class Welcome(BaseModel):
    """Where to find what."""

    name: str = "folkmoot"
    version: str = __version__
    status: str = "running"
    docs: str = "/docs"
    dashboard: str = "/dashboard"


class TeamWanted(BaseModel):
    """Which team to bring up; none means the workplace file's, or `acme`."""

    model_config = ConfigDict(extra="forbid")
    team: str | None = Field(default=None, min_length=1, max_length=100, examples=["acme"])


class TeamUp(BaseModel):
    """Who is up now."""

    status: str = "success"
    message: str
    initialized: bool = True
    agents: dict[str, Any] = Field(examples=[{"manager": "manager", "workers": ["tom-okafor"]}])


class Status(BaseModel):
    """The workplace in figures. `system_uptime` is in seconds."""

    total_agents: int
    active_agents: int
    pending_tasks: int
    in_progress_tasks: int
    completed_tasks: int
    assigned_tasks: int
    unassigned_tasks: int
    system_uptime: float
    last_updated: str


@open_router.get("/", response_model=Welcome)
async def welcome(request: Request) -> Response | Welcome:
    """What this is; a browser is led to the dashboard."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/dashboard")
    return Welcome()


@open_router.get(
    "/health", responses={503: {"description": "a part that nothing works without is down", "model": Health}}
)
async def health(rooms: Rooms, request: Request, response: Response) -> Health:
    """How every part is; details, which may name hosts and files, only for who is signed in."""
    found = await rooms.health()
    try:
        await principal_of(request)
    except FolkmootError:
        found = found.bare()
    if found.status == "down":
        response.status_code = 503
    return found


@open_router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(rooms: Rooms) -> Response:
    """Figures in Prometheus' text format."""
    await rooms.readings()
    return Response(rooms.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.post("/initialize", responses=documented(401, 404, 409, 413, 422, 429, 503))
async def initialize(_principal: SignedIn, rooms: Rooms, wanted: Annotated[TeamWanted | None, Body()] = None) -> TeamUp:
    """Bring up a team of agents; a second time changes nothing."""
    agents = await rooms.team.initialize(wanted.team if wanted else None)
    return TeamUp(message="the team is up", agents=dict(agents))


@router.get("/status", responses=documented(401, 503))
async def status(principal: SignedIn, rooms: Rooms) -> Status:
    """Agents and tasks, counted now: all of them for an administrator, else the tasks that concern you."""
    return await status_of(rooms, principal)


async def status_of(rooms: Parts, principal: Principal) -> Status:
    """The figures of `/api/status`; also what `/ws` answers to `status`."""
    now = rooms.clock.now()
    stats = await rooms.registry.get_registry_stats()
    count = await rooms.tasks.counts(sight=await sight_of(rooms, principal))
    return Status(
        total_agents=stats.total,
        active_agents=stats.online,
        pending_tasks=count[TaskState.PENDING] + count[TaskState.CONSULTING] + count[TaskState.NEGOTIATING],
        in_progress_tasks=count[TaskState.IN_PROGRESS],
        completed_tasks=count[TaskState.COMPLETED],
        assigned_tasks=count[TaskState.ASSIGNED],
        unassigned_tasks=count[TaskState.UNASSIGNED],
        system_uptime=round((now - rooms.started_at).total_seconds(), 3),
        last_updated=rfc3339(now),
    )
