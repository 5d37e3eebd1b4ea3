"""What can go wrong with a run."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class RunError(FolkmootError):
    """The family of faults of durable runs."""

    code: ClassVar[str] = "run"
    family: ClassVar[Family] = Family.INTERNAL


class RunsStoppedError(RunError):
    """The engine is not running."""

    code = "runs_stopped"
    family = Family.UNAVAILABLE


class EngineTakenError(RunError):
    """Another engine runs in this process."""

    code = "engine_taken"
    family = Family.CONFLICT


class UnknownRunError(RunError):
    """There is no such run (any more), or nothing is registered under that name."""

    code = "unknown_run"
    family = Family.NOT_FOUND


class RunConflictError(RunError):
    """The id belongs to a run of something else."""

    code = "run_conflict"
    family = Family.CONFLICT


class NotJsonError(RunError):
    """An input, a step's answer or a run's result is not JSON, so it cannot be recorded."""

    code = "not_json"
    family = Family.INVALID


class StepFailedError(RunError):
    """A step raised something that is not a `FolkmootError`; `kind` and the message say what."""

    code = "step_failed"


class RunFailedError(RunError):
    """The run ended with an error."""

    code = "run_failed"


class RunCancelledError(RunError):
    """The run was cancelled."""

    code = "run_cancelled"
    family = Family.CONFLICT


class RunTimeoutError(RunError):
    """The run is not over yet; it goes on."""

    code = "run_timeout"
    family = Family.TIMEOUT
