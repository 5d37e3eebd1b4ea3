"""What can go wrong when work is shared out."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class TaskError(FolkmootError):
    """The family of faults of tasks."""

    code: ClassVar[str] = "task"
    family: ClassVar[Family] = Family.INVALID


class InvalidTaskError(TaskError):
    """What was said of a task cannot be."""

    code = "invalid_task"


class UnknownTaskError(TaskError):
    """There is no such task."""

    code = "unknown_task"
    family = Family.NOT_FOUND


class UnknownDependencyError(TaskError):
    """A task is to wait for one that does not exist, or that was cancelled."""

    code = "unknown_dependency"


class CyclicDependencyError(TaskError):
    """Tasks would wait for each other for ever."""

    code = "cyclic_dependency"


class UnknownAssigneeError(TaskError):
    """No agent that takes work has this id."""

    code = "unknown_assignee"


class IllegalMoveError(TaskError):
    """A task cannot go from its state to the wanted one."""

    code = "illegal_task_state"
    family = Family.CONFLICT


class NotTheOwnerError(TaskError):
    """Only the owner of a task can decline it."""

    code = "not_the_owner"
    family = Family.CONFLICT


class NotYoursError(TaskError):
    """Somebody sees a task without being allowed to change it."""

    code = "not_yours"
    family = Family.FORBIDDEN


class BadTableError(TaskError):
    """A table sent back by a front end cannot be read; nothing of it was taken over."""

    code = "bad_table"


class BadHistoryError(TaskError):
    """A history to be replayed cannot be read."""

    code = "bad_history"
