"""Tasks as the rows of a table front end, and the edits in a table that comes back. Pure.

A row is `{id, header, type, status: Pending|In Process|Done, target, limit, reviewer}`: priority and hours are text,
and who has no owner shows an invitation instead. Only what differs from the present row is an edit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from folkmoot.tasks.errors import BadTableError
from folkmoot.tasks.model import NewTask, Task, TaskState

NOBODY: Final = "Assign reviewer"
_WORDS: Final = {
    TaskState.IN_PROGRESS: "In Process",
    TaskState.COMPLETED: "Done",
    TaskState.CANCELLED: "Done",
}
_STATES: Final = {"In Process": TaskState.IN_PROGRESS, "Done": TaskState.COMPLETED}


class Row(BaseModel):
    """One row; a front end may keep further fields of its own in it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Annotated[int, Field(ge=1, le=2**62)]
    header: str
    type: str
    status: str
    target: str
    limit: str
    reviewer: str


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What a row asks to change. `fields`: of the task itself; `owner`, `status`: None if they are as before."""

    task: Task
    fields: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    status: TaskState | None = None


def row_of(task: Task) -> dict[str, Any]:
    hours = task.estimated_hours
    return {
        "id": task.number,
        "header": task.title,
        "type": task.task_type,
        "status": _WORDS.get(task.status, "Pending"),
        "target": str(task.priority),
        "limit": str(int(hours)) if hours.is_integer() else repr(hours),
        "reviewer": task.owner or NOBODY,
    }


def read_rows(table: Sequence[Any]) -> list[Row]:
    """Raises `BadTableError` that names the row and field; a number twice is refused too."""
    rows: list[Row] = []
    for index, one in enumerate(table):
        try:
            rows.append(Row.model_validate(one))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadTableError(
                f"row {index + 1} cannot be read at '{where}': {first['msg']}", row=index + 1
            ) from error
    numbers = [row.id for row in rows]
    if len(set(numbers)) < len(numbers):
        twice = next(one for one in numbers if numbers.count(one) > 1)
        raise BadTableError(f"the row with id {twice} stands twice", row=twice)
    return rows


def edit_of(row: Row, task: Task) -> Edit | None:
    """What the row wants changed, or None. Raises `BadTableError`."""
    present = Row.model_validate(row_of(task))
    if row == present:
        return None
    fields: dict[str, Any] = {}
    for name, of_task in (("header", "title"), ("type", "task_type"), ("target", "priority"), ("limit", None)):
        if getattr(row, name) != getattr(present, name):
            fields[of_task or "estimated_hours"] = getattr(row, name)
    try:
        checked = NewTask.model_validate({"title": task.title, **fields})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadTableError(f"row {row.id}: {first['loc'][0]}: {first['msg']}", row=row.id) from error
    status = None
    if row.status != present.status:
        if row.status not in _STATES:
            raise BadTableError(
                f"row {row.id}: a task that is '{present.status}' cannot be made '{row.status}'; "
                "use 'In Process' or 'Done'",
                row=row.id,
            )
        status = _STATES[row.status]
    owner = row.reviewer if row.reviewer != present.reviewer and row.reviewer not in {"", NOBODY} else None
    return Edit(task=task, fields={name: getattr(checked, name) for name in fields}, owner=owner, status=status)
