"""A task with everything that was said about it, and how both look as JSON. Pure."""

from dataclasses import dataclass, field
from typing import Any

from folkmoot.tasks.model import Task
from folkmoot.tasks.talk import Consultation, Negotiation


def task_json(task: Task) -> dict[str, Any]:
    """`{task_id, title, …, status, assigned_agent, assignment, created_at, updated_at}`."""
    return {**task.as_json(), "assigned_agent": task.owner}


@dataclass(frozen=True, kw_only=True)
class TaskReport:
    """One task; consultation and negotiation are those of the last attempt at sharing it out."""

    task: Task
    consultation: tuple[Consultation, ...] = ()
    negotiation: Negotiation = field(default_factory=Negotiation)

    def as_json(self) -> dict[str, Any]:
        """`task_json` with `consultation: [...]` and `negotiation: {rounds: [...], outcome}`."""
        return {
            **task_json(self.task),
            "consultation": [one.as_json() for one in self.consultation],
            "negotiation": self.negotiation.as_json(),
        }
