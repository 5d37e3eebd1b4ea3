"""The nouns of sharing out work, and the moves a task may make. Pure: no row, no message, no clock.

What agents say about a task (a `Consultation`, an `Argument`, a `Position`) stands in `talk.py`. How a task gets from
one state to the next is acted out in `consult.py`, `negotiate.py` and `award.py`; here is only what is allowed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from folkmoot.tasks.errors import IllegalMoveError


class TaskState(StrEnum):
    """Where a task is."""

    PENDING = "pending"
    CONSULTING = "consulting"
    NEGOTIATING = "negotiating"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    UNASSIGNED = "unassigned"


_S = TaskState
LEGAL_MOVES: Final[Mapping[TaskState, frozenset[TaskState]]] = MappingProxyType(
    {
        # To unassigned without being asked about: what it waits for was cancelled.
        _S.PENDING: frozenset({_S.CONSULTING, _S.ASSIGNED, _S.UNASSIGNED, _S.CANCELLED}),
        # Back to pending: the sharing out broke down, and begins anew.
        _S.CONSULTING: frozenset({_S.NEGOTIATING, _S.ASSIGNED, _S.UNASSIGNED, _S.CANCELLED, _S.PENDING}),
        _S.NEGOTIATING: frozenset({_S.ASSIGNED, _S.UNASSIGNED, _S.CANCELLED, _S.PENDING}),
        # Back to pending: declined or freed, to be shared out again. To itself: handed to somebody else.
        _S.ASSIGNED: frozenset({_S.ASSIGNED, _S.IN_PROGRESS, _S.COMPLETED, _S.CANCELLED, _S.PENDING}),
        _S.IN_PROGRESS: frozenset({_S.ASSIGNED, _S.COMPLETED, _S.CANCELLED, _S.PENDING}),
        _S.UNASSIGNED: frozenset({_S.PENDING, _S.ASSIGNED, _S.CANCELLED}),
        _S.COMPLETED: frozenset(),
        _S.CANCELLED: frozenset(),
    }
)
OPEN: Final = frozenset({_S.ASSIGNED, _S.IN_PROGRESS})  # takes one of its owner's places
SETTLED: Final = frozenset({_S.ASSIGNED, _S.IN_PROGRESS, _S.COMPLETED, _S.CANCELLED, _S.UNASSIGNED})


def check_move(task_id: str, old: TaskState, new: TaskState) -> None:
    """Raise `IllegalMoveError` unless a task may go from `old` to `new`."""
    if new not in LEGAL_MOVES[old]:
        allowed = ", ".join(sorted(LEGAL_MOVES[old])) or "nothing: it has ended"
        raise IllegalMoveError(
            f"task {task_id} is {old} and cannot become {new}; from here it may become {allowed}",
            task_id=task_id,
            status=old,
            wanted=new,
        )


PRIORITY_WORDS: Final[Mapping[str, int]] = MappingProxyType(
    {"lowest": 1, "low": 3, "normal": 5, "medium": 5, "high": 8, "urgent": 10, "critical": 10}
)


def priority_of(value: Any) -> Any:
    """A word for a priority (`high`) as its number, and a number in a text (`"7"`) as itself; the rest unchanged."""
    if isinstance(value, bool):
        raise ValueError("a priority is a number from 1 to 10, or one of " + ", ".join(PRIORITY_WORDS))  # noqa: TRY004  # pydantic turns ValueError into a field error
    if isinstance(value, str):
        text = value.strip().casefold()
        if text in PRIORITY_WORDS:
            return PRIORITY_WORDS[text]
        if not text.isdecimal():
            raise ValueError("a priority is a number from 1 to 10, or one of " + ", ".join(PRIORITY_WORDS))
        return int(text)
    return value


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a text may not contain the NUL character")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _clean_json(value: dict[str, Any]) -> dict[str, Any]:
    _walk(value)
    return value


def _walk(value: Any) -> None:
    if isinstance(value, str):
        _printable(value)
    elif isinstance(value, float):
        _finite(value)
    elif isinstance(value, dict):
        for key, one in value.items():
            _printable(key)
            _walk(one)
    elif isinstance(value, list):
        for one in value:
            _walk(one)


Text = Annotated[str, AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable), AfterValidator(_not_blank)]
Title = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_printable), AfterValidator(_not_blank)]
TaskPriority = Annotated[int, BeforeValidator(priority_of), Field(ge=1, le=10)]
Hours = Annotated[float, Field(gt=0, le=10_000), AfterValidator(_finite)]
Share = Annotated[float, Field(ge=0, le=1)]
Metadata = Annotated[dict[str, JsonValue], AfterValidator(_clean_json)]


class Noun(BaseModel):
    """A frozen value that refuses fields it does not know and has a JSON form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def as_json(self) -> dict[str, Any]:
        """The JSON form: times as RFC 3339, states as words."""
        return self.model_dump(mode="json")


class NewTask(Noun):
    """What somebody who wants something done says of it."""

    title: Title
    description: Annotated[Text, Field(max_length=100_000)] = ""
    task_type: Annotated[Text, Field(max_length=200)] = ""
    priority: TaskPriority = 5  # 1 can wait, 10 cannot
    estimated_hours: Hours = 1.0
    deadline: AwareDatetime | None = None
    required_skills: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    dependencies: Annotated[tuple[Name, ...], Field(max_length=100)] = ()  # ids of tasks to be completed first
    metadata: Metadata = Field(default_factory=dict)


class Assignment(Noun):
    """Who has a task: one owner, who answers for it, and helpers for what the owner cannot do alone."""

    owner: str
    helpers: tuple[str, ...] = ()
    reasoning: str
    by: str = "negotiation"  # or "hand"


class Shortfall(Noun):
    """Why nobody has a task, and what would help."""

    reasons: tuple[str, ...]
    would_help: tuple[str, ...]
    missing_skills: tuple[str, ...] = ()
    for_want_of: str = "ability"  # or "capacity", "presence", "answers", "dependency", "order" (something broke)


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Whose tasks somebody sees: those they handed in, and those that agents who stand for them take part in."""

    user_id: str
    agent_ids: frozenset[str] = frozenset()


class Task(NewTask):
    """A task as it stands."""

    task_id: str
    created_by: str | None = None  # the id of the user who handed it in; None: the house itself
    number: int  # counts up from 1: the order of arrival, and the row's id in a table front end
    status: TaskState = TaskState.PENDING
    assignment: Assignment | None = None
    shortfall: Shortfall | None = None  # why it is `unassigned`
    attempt: int = 0  # how often it was shared out; consultations and negotiations belong to one attempt
    declined_by: tuple[str, ...] = ()  # not asked again
    progress: Share = 0.0
    version: int = 1  # counts every change
    created_at: AwareDatetime
    updated_at: AwareDatetime
    completed_at: AwareDatetime | None = None

    @property
    def owner(self) -> str | None:
        return self.assignment.owner if self.assignment else None

    @property
    def settled(self) -> bool:
        """Whether sharing it out has come to an end, one way or the other."""
        return self.status in SETTLED
