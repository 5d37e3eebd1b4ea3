"""The durable engine, tamed: a run survives the death of its process and goes on after its last finished step.

Rooms register a function under a name before the start, launch runs of it by id, and do inside only what `Run.step`
records. DBOS does the work and is seen by nobody else. What a run is about is the business of the room that launches
it.
"""

from folkmoot.runs.engine import RunEngine
from folkmoot.runs.errors import (
    RunCancelledError,
    RunFailedError,
    RunTimeoutError,
    StepFailedError,
    UnknownRunError,
)
from folkmoot.runs.model import RunInfo, RunState, Step
from folkmoot.runs.presence import ExecutorPresence
from folkmoot.runs.run import Run

__all__ = [
    "ExecutorPresence",
    "Run",
    "RunCancelledError",
    "RunEngine",
    "RunFailedError",
    "RunInfo",
    "RunState",
    "RunTimeoutError",
    "Step",
    "StepFailedError",
    "UnknownRunError",
]
