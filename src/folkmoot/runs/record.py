"""DBOS's words for the state of a run, and ours."""

from datetime import UTC, datetime
from typing import Any, Final

from folkmoot.runs.model import RunInfo, RunState

DBOS_STATES: Final[dict[RunState, list[str]]] = {
    RunState.QUEUED: ["ENQUEUED", "DELAYED"],
    RunState.RUNNING: ["PENDING"],
    RunState.COMPLETED: ["SUCCESS"],
    # The latter: it was started so often without coming to an end that DBOS gave up on it.
    RunState.FAILED: ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
    RunState.CANCELLED: ["CANCELLED"],
}
_STATES = {word: state for state, words in DBOS_STATES.items() for word in words}


def as_info(status: Any) -> RunInfo:
    """DBOS's `WorkflowStatus` as ours."""
    state = _STATES[status.status]
    error = status.error
    return RunInfo(
        run_id=status.workflow_id,
        name=status.name,
        state=state,
        created_at=_moment(status.created_at),
        updated_at=_moment(status.updated_at),
        executor_id=status.executor_id if state is not RunState.QUEUED else None,
        attempts=status.recovery_attempts or 0,
        result=status.output,
        error=str(error) if error is not None else ("it never came to an end" if state is RunState.FAILED else None),
    )


def _moment(milliseconds: int | None) -> datetime:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)
