"""Tasks: hand one in, watch it being shared out, move it on (SPEC G1-G5)."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.tasks import NewTask, Task, TaskReport, TaskState
from folkmoot.tasks.errors import InvalidTaskError, NotTheOwnerError
from folkmoot.tasks.model import Shortfall, TaskPriority
from folkmoot.tasks.talk import Consultation, Negotiation
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.ownership import check_task, sight_of

router = APIRouter(prefix="/api/tasks", tags=["tasks"])
MAX_WAIT_SECONDS = 300.0
READ = documented(401, 404, 422, 503)
WRITE = documented(401, 404, 409, 413, 422, 429, 503)
AgentId = Annotated[str, Field(min_length=1, max_length=200)]


class TaskWanted(NewTask):
    """A task as it is handed in. With `assignee_agent_id` it goes to that agent and nobody is consulted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "title": "Invoice totals are off by a cent",
                "description": "Rounding differs between the cart and the PDF.",
                "task_type": "Incident",
                "priority": 8,
                "estimated_hours": 3,
                "required_skills": ["payments"],
            }
        },
    )
    priority: TaskPriority = Field(default=5, description="1 can wait, 10 cannot; or low, normal, high, urgent")
    assignee_agent_id: AgentId | None = None
    created_by: Annotated[str, Field(max_length=200)] | None = None
    department: Annotated[str, Field(max_length=200)] | None = None


class AssignmentShown(BaseModel):
    """Who has a task and why."""

    owner: str
    helpers: list[str]
    reasoning: str
    by: str


class TaskShown(BaseModel):
    """A task as it stands."""

    task_id: str
    title: str
    description: str
    task_type: str
    priority: int
    estimated_hours: float
    deadline: AwareDatetime | None
    required_skills: list[str]
    dependencies: list[str]
    metadata: dict[str, Any]
    status: TaskState
    progress: float
    assigned_agent: str | None
    assigned_to: str | None
    assignee: str | None
    assignment: AssignmentShown | None
    created_by: str | None = Field(description="the user who handed it in; null is the house itself")
    shortfall: Shortfall | None = Field(description="why nobody has it, and what would help")
    created_at: AwareDatetime
    updated_at: AwareDatetime
    completed_at: AwareDatetime | None


class TaskWhole(TaskShown):
    """A task with all that was said about it."""

    consultation: list[Consultation]
    negotiation: Negotiation


class AssignWanted(BaseModel):
    """Who is to have the task, and why."""

    model_config = ConfigDict(extra="forbid")
    assigned_agent: AgentId | None = None
    agent_id: AgentId | None = None
    reasoning: Annotated[str, Field(max_length=10_000)] | None = None


class StatusWanted(BaseModel):
    """Where the task is to go; `progress` from 0 to 1 may come with it."""

    model_config = ConfigDict(extra="forbid")
    status: TaskState
    progress: Annotated[float, Field(ge=0, le=1)] | None = None
    actor: Annotated[str, Field(max_length=200)] | None = None
    message: Annotated[str, Field(max_length=10_000)] | None = None


class DeclineWanted(BaseModel):
    """Why the owner hands the task back."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(max_length=10_000)] = ""
    agent_id: AgentId | None = None


class Done(TaskShown):
    """The task after a change, with the words that some clients look for."""

    message: str


def shown(task: Task) -> TaskShown:
    """A task as the API shows it."""
    return TaskShown(**_fields(task))


def _fields(task: Task) -> dict[str, Any]:
    fields = task.model_dump(include=set(TaskShown.model_fields))
    owner = task.owner
    return fields | {"assigned_agent": owner, "assigned_to": owner, "assignee": owner}


def _whole(record: TaskReport) -> TaskWhole:
    return TaskWhole(**_fields(record.task), consultation=list(record.consultation), negotiation=record.negotiation)


@router.post("", status_code=201, responses=WRITE)
async def create(
    principal: SignedIn,
    rooms: Rooms,
    wanted: TaskWanted,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds to wait until it is shared out")] = 0,
) -> TaskShown:
    """Hand in a task; sharing it out starts at once."""
    extra = {"assignee_agent_id", "created_by", "department"}
    new = NewTask(**wanted.model_dump(exclude=extra))
    said = {name: value for name in ("created_by", "department") if (value := getattr(wanted, name)) is not None}
    if said:
        new = new.model_copy(update={"metadata": {**new.metadata, **said}})
    sight = await sight_of(rooms, principal)
    if wanted.assignee_agent_id is not None:
        await rooms.registry.get(wanted.assignee_agent_id)
        task = await rooms.tasks.create(new, created_by=principal.user_id, sight=sight)
        return shown(await rooms.tasks.assign(task.task_id, wanted.assignee_agent_id))
    task = await rooms.tasks.create(new, created_by=principal.user_id, sight=sight)
    if wait:
        task = await rooms.tasks.wait(task.task_id, seconds=wait)
    return shown(task)


@router.get("", responses=documented(401, 422, 503))
async def list_tasks(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    status: Annotated[TaskState | None, Query(description="Only tasks in this state")] = None,
    agent: Annotated[str | None, Query(max_length=200, description="Only tasks of this agent")] = None,
    task_type: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[TaskShown]:
    """Tasks, the newest first."""
    found, total = await rooms.tasks.tasks(
        status=status,
        agent=agent,
        task_type=task_type,
        sight=await sight_of(rooms, principal),
        limit=window.limit,
        offset=window.offset,
    )
    return window.page([shown(task) for task in found], total)


@router.get("/{task_id}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, task_id: str) -> TaskWhole:
    """One task with its consultation and negotiation."""
    return _whole(await rooms.tasks.report(task_id, sight=await sight_of(rooms, principal)))


@router.put("/{task_id}/assign", responses=WRITE)
async def assign(
    principal: SignedIn,
    rooms: Rooms,
    task_id: str,
    wanted: Annotated[AssignWanted | None, Body()] = None,
    agent_id: Annotated[AgentId | None, Query(description="In place of a body")] = None,
) -> Done:
    """Give a task to an agent by hand; what is decided by hand is learned from."""
    chosen = (wanted.assigned_agent or wanted.agent_id if wanted else None) or agent_id
    if chosen is None:
        raise InvalidTaskError('say who gets it: {"assigned_agent": "<agent id>"} or ?agent_id=<agent id>')
    await check_task(rooms, principal, task_id)
    task = await rooms.tasks.assign(task_id, chosen, reasoning=(wanted.reasoning if wanted else None) or "")
    return Done(**_fields(task), message=f"{task_id} is with {chosen}")


@router.put("/{task_id}/status", responses=WRITE)
async def set_status(
    principal: SignedIn,
    rooms: Rooms,
    task_id: str,
    wanted: Annotated[StatusWanted | None, Body()] = None,
    status: Annotated[TaskState | None, Query(description="In place of a body")] = None,
) -> Done:
    """Move a task on; what is not a legal move answers 409 and names those that are."""
    state = wanted.status if wanted else status
    if state is None:
        raise InvalidTaskError('say which status: {"status": "in_progress"} or ?status=in_progress')
    await check_task(rooms, principal, task_id, as_owner=True)
    task = await rooms.tasks.set_status(task_id, state, progress=wanted.progress if wanted else None)
    return Done(**_fields(task), message=f"{task_id} is {task.status}")


@router.post("/{task_id}/decline", responses=WRITE)
async def decline(
    principal: SignedIn, rooms: Rooms, task_id: str, wanted: Annotated[DeclineWanted | None, Body()] = None
) -> Done:
    """Hand a task back for its owner: the others negotiate again, without that agent."""
    wanted = wanted or DeclineWanted()
    task = await check_task(rooms, principal, task_id, as_owner=True)
    owner = wanted.agent_id or task.owner
    if owner is None:
        raise NotTheOwnerError(f"nobody has task {task_id}, so nobody can decline it", task_id=task_id, owner=None)
    task = await rooms.tasks.decline(task_id, owner, reason=wanted.reason)
    return Done(**_fields(task), message=f"{task_id} is being shared out again")


@router.post("/{task_id}/redistribute", responses=WRITE)
async def redistribute(principal: SignedIn, rooms: Rooms, task_id: str) -> Done:
    """Share an unassigned task out again, for example after somebody came back."""
    await check_task(rooms, principal, task_id)
    task = await rooms.tasks.share_out_again(task_id)
    return Done(**_fields(task), message=f"{task_id} is being shared out again")
