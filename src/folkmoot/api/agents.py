"""Agents: who is here, who is online, who is free."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from folkmoot.kernel import rfc3339
from folkmoot.registry import AgentRecord, AgentType, Presence, Registry, UnknownAgentError
from folkmoot.security import Principal
from folkmoot.web import Rooms, SignedIn, documented
from folkmoot.web.ownership import agent_seen, check_agent, sees, sight_of

router = APIRouter(prefix="/api/agents", tags=["agents"])
READ = documented(401, 404, 422, 503)
WRITE = documented(401, 404, 409, 413, 422, 429, 503)
Text = Annotated[str | None, Query(max_length=200)]
Availability = Literal["available", "busy", "away", "offline"]


class AgentShown(BaseModel):
    """An agent. `status` is its presence, `availability_status` what its person said, the rest its load.

    `kind` is twin, specialist, manager or user_proxy; `type` is the same, or a specialist's field of work.
    """

    agent_id: str
    id: str
    name: str
    user_name: str
    person_name: str
    type: str = Field(examples=["web_development", "twin"])
    kind: AgentType
    role: str
    department: str
    description: str
    specialization: str
    capabilities: list[str]
    capability_levels: dict[str, float]
    supported_intents: list[str]
    status: str
    availability_status: Availability
    available_until: AwareDatetime | None
    current_workload: int
    max_capacity: int
    utilization: float
    stress_level: float = Field(description="how full its places are, 0 to 1")
    assigned_tasks: list[str]
    assigned_user: str | None
    last_active: AwareDatetime | None
    last_seen: AwareDatetime | None = Field(description="its last heartbeat")
    registered_at: AwareDatetime


class AgentList(BaseModel):
    """Agents that fit the filters."""

    agents: list[AgentShown]
    total: int


class AgentHealth(BaseModel):
    """Whether an agent answers."""

    status: Presence
    availability_status: Availability
    last_active: AwareDatetime | None
    waiting_messages: int


class AgentsHealth(BaseModel):
    """`overall` is healthy when every agent is online, else degraded; down when none is."""

    overall: Literal["healthy", "degraded", "down"]
    agents: dict[str, AgentHealth]


class DirectoryEntry(BaseModel):
    """A line of the directory."""

    agent_id: str
    person_name: str
    role: Literal["manager", "worker"]


class AgentDirectory(BaseModel):
    """Who there is, in short."""

    total_agents: int
    total_workers: int
    agents: list[DirectoryEntry]
    last_updated: str


class AvailabilityWanted(BaseModel):
    """What an agent is to be from now (or until `until`); `status` is accepted for `availability_status`."""

    model_config = ConfigDict(extra="forbid")
    availability_status: Availability | None = None
    status: Availability | None = None
    max_capacity: Annotated[int, Field(ge=0, le=1000)] | None = None
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "AvailabilityWanted":
        if self.availability_status is None and self.status is None:
            raise ValueError("availability_status is missing: available, busy, away or offline")
        return self


class NameWanted(BaseModel):
    """The name of the person or agent."""

    model_config = ConfigDict(extra="forbid")
    person_name: str = Field(min_length=1, max_length=200, pattern=r"\S", examples=["Zoe Vale"])


class Renamed(BaseModel):
    """The agent after it was renamed."""

    status: str = "success"
    message: str
    agent_id: str
    person_name: str


def _shown(one: AgentRecord, tasks: list[str]) -> AgentShown:
    return AgentShown(
        agent_id=one.agent_id,
        id=one.agent_id,
        name=one.name,
        user_name=one.name,
        person_name=one.person or one.name,
        type=one.specialty,
        kind=one.type,
        role=one.role,
        department=one.department,
        description=one.description,
        specialization=one.description,
        capabilities=list(one.capabilities),
        capability_levels=dict(one.capabilities),
        supported_intents=list(one.supported_intents),
        status=one.presence,
        availability_status=one.availability,
        available_until=one.until,
        current_workload=one.current_workload,
        max_capacity=one.max_capacity,
        utilization=one.utilization,
        stress_level=min(1.0, one.utilization),
        assigned_tasks=tasks,
        assigned_user=one.person,
        last_active=one.last_active or one.last_seen,
        last_seen=one.last_seen,
        registered_at=one.registered_at,
    )


async def _all_shown(rooms: Rooms, principal: Principal, agents: list[AgentRecord]) -> list[AgentShown]:
    held = await rooms.tasks.in_hand([one.agent_id for one in agents], sight=await sight_of(rooms, principal))
    return [_shown(one, held.get(one.agent_id, [])) for one in agents]


async def meant(registry: Registry, named: str, principal: Principal) -> AgentRecord:
    """The agent of that id, else the first of that type, else the first of that role, among those they may know of.

    Raises `UnknownAgentError`.
    """
    try:
        return await agent_seen(registry, principal, named)
    except UnknownAgentError:
        everybody = [one for one in await registry.discover() if sees(one, principal)]
        alike = [one for one in everybody if named in (one.specialty, one.type)]
        alike = alike or [one for one in everybody if one.role.casefold() == named.casefold()]
        if not alike:
            raise
        return alike[0]


@router.get("", responses=documented(401, 422, 503))
async def list_agents(
    principal: SignedIn,
    rooms: Rooms,
    role: Text = None,
    department: Text = None,
    capability: Text = None,
    intent: Text = None,
    online_only: bool = False,
) -> AgentList:
    """Agents, by role, department, capability or intent."""
    found = await rooms.registry.discover(
        role=role, department=department, capability=capability, intent=intent, online_only=online_only
    )
    seen = [one for one in found if sees(one, principal)]
    return AgentList(agents=await _all_shown(rooms, principal, seen), total=len(seen))


@router.get("/health", responses=documented(401, 503))
async def health(principal: SignedIn, rooms: Rooms) -> AgentsHealth:
    """Whether each agent is online, and how much mail waits for it."""
    agents = [one for one in await rooms.registry.discover() if sees(one, principal)]
    waiting = (await rooms.broker.stats()).mailboxes
    online = sum(one.presence == "online" for one in agents)
    return AgentsHealth(
        overall="healthy" if online == len(agents) else "degraded" if online else "down",
        agents={
            one.agent_id: AgentHealth(
                status=one.presence,
                availability_status=one.availability,
                last_active=one.last_active or one.last_seen,
                waiting_messages=waiting.get(one.agent_id, 0),
            )
            for one in agents
        },
    )


@router.get("/directory", responses=documented(401, 503))
async def directory(principal: SignedIn, rooms: Rooms) -> AgentDirectory:
    """Who there is: managers and those who take work."""
    entries = [
        DirectoryEntry(
            agent_id=one.agent_id,
            person_name=one.person or one.name,
            role="manager" if one.type == "manager" else "worker",
        )
        for one in await rooms.registry.discover()
        if one.type != "user_proxy" and sees(one, principal)
    ]
    return AgentDirectory(
        total_agents=len(entries),
        total_workers=sum(one.role == "worker" for one in entries),
        agents=entries,
        last_updated=rfc3339(rooms.clock.now()),
    )


@router.get("/{agent_id}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, agent_id: str) -> AgentShown:
    """One agent by its id; a type or role (`manager`, `web_development`, `cso`) names the first agent of it."""
    return (await _all_shown(rooms, principal, [await meant(rooms.registry, agent_id, principal)]))[0]


@router.put("/{agent_id}/availability", responses=WRITE)
async def set_availability(principal: SignedIn, rooms: Rooms, agent_id: str, wanted: AvailabilityWanted) -> AgentShown:
    """Say whether an agent may get work, and how much at a time: an administrator, or the person it stands for."""
    await check_agent(rooms, principal, agent_id)
    one = await rooms.registry.set_availability(
        agent_id,
        wanted.availability_status or wanted.status or "available",
        max_capacity=wanted.max_capacity,
        until=wanted.until,
    )
    if one.availability == "available":
        await rooms.tasks.room_made()
    return (await _all_shown(rooms, principal, [one]))[0]


@router.put("/{agent_id}/name", responses=WRITE)
async def rename(principal: SignedIn, rooms: Rooms, agent_id: str, wanted: NameWanted) -> Renamed:
    """Give an agent another name: an administrator, or the person it stands for."""
    await check_agent(rooms, principal, agent_id)
    one = await rooms.registry.rename(agent_id, wanted.person_name.strip())
    return Renamed(message=f"{agent_id} is {one.name}", agent_id=agent_id, person_name=one.name)
