"""What an agent knows of itself and of the task it is asked about. Pure nouns; who looks them up is `Situations`.

The manager sees none of this but what the agent says: what it holds, until when, and what would become late is the
agent's own knowledge, and the reason why a negotiation can end otherwise than the consultation suggests.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime, Field

from folkmoot.skills import Estimate, TaskText
from folkmoot.tasks.calendar import OFFICE_HOURS, Held, WorkingWeek
from folkmoot.tasks.model import Hours, Name, Noun, Task, TaskPriority, Title
from folkmoot.tasks.talk import Ground


class Brief(Noun):
    """A task as agents are told of it. `capabilities`: what its type calls for, beside the skills it requires."""

    task_id: str
    title: Title
    description: str = ""
    task_type: str = ""
    priority: TaskPriority = 5
    estimated_hours: Hours = 1.0
    deadline: AwareDatetime | None = None
    required_skills: tuple[Name, ...] = ()
    dependencies: tuple[Name, ...] = ()
    capabilities: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task, *, capabilities: tuple[str, ...] = ()) -> "Brief":
        shared = {name: getattr(task, name) for name in cls.model_fields.keys() & Task.model_fields.keys()}
        return cls(**shared, capabilities=capabilities)

    def text(self) -> TaskText:
        """The task in the estimator's words."""
        skills = tuple(dict.fromkeys([*self.required_skills, *self.capabilities]))
        return TaskText(
            title=self.title,
            text=self.description,
            task_type=self.task_type,
            required_skills=skills,
            labels=self.labels,
        )


class Inquiry(Noun):
    """What an agent is asked: the task, in which run, when, and who is asked beside it (as the estimator knows them).

    Everyone asked counts from the same moment `at`, so that their dates can be compared and one estimate serves all.
    """

    brief: Brief
    attempt: int = 1
    at: AwareDatetime
    subjects: tuple[str, ...]
    names: dict[str, str] = Field(default_factory=dict)  # what the agents asked are called, by id
    manager: str = "manager"  # the agent that asks
    created_by: str | None = None  # the user who handed the task in: what models are asked is for them

    def called(self, agent_id: str) -> str:
        """The agent's name as people say it; its id if it has none."""
        return self.names.get(agent_id) or agent_id

    @property
    def run(self) -> str:
        """The id of this attempt at sharing out this task; every message of it is named after it."""
        return f"{self.brief.task_id}:{self.attempt}"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One agent's desk at one moment."""

    agent_id: str
    availability: str = "available"  # or busy, away, offline
    until: datetime | None = None  # when that ends, if the agent said
    places: int | None = None  # how many open tasks it takes; None: any number
    held: tuple[Held, ...] = ()
    did_before: tuple[str, ...] = ()  # which of the task's dependencies it did itself
    week: WorkingWeek = OFFICE_HOURS

    @property
    def load(self) -> float:
        """Share of the places that are taken, 0..1; a busy agent counts as four fifths full at least."""
        taken = min(1.0, len(self.held) / self.places) if self.places else float(self.places == 0)
        return max(taken, 0.8) if self.availability == "busy" else taken

    @property
    def full(self) -> bool:
        return self.places is not None and len(self.held) >= self.places


class Situations(Protocol):
    """Where an agent's own knowledge of itself comes from."""

    async def of(self, agent_id: str, brief: Brief) -> Situation:
        """The desk of this agent now, without the task in question."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ability:
    """What the estimator says of an agent for a task, and for each required skill alone what speaks for it."""

    estimate: Estimate
    grounds: tuple[Ground, ...] = ()  # what speaks for it, in its own words
    skills: dict[str, tuple[Ground, ...]] = field(default_factory=dict)  # covered skills only

    @property
    def covers(self) -> tuple[str, ...]:
        return tuple(self.skills)
