"""The nouns of durable runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from folkmoot.kernel import JsonValue


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Nothing more will happen."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """A run as it is recorded. `attempts` counts starts; `executor_id` is who runs or ran it, None while queued."""

    run_id: str
    name: str
    state: RunState
    created_at: datetime
    updated_at: datetime
    executor_id: str | None = None
    attempts: int = 0
    result: JsonValue = None
    error: str | None = None


@dataclass(frozen=True)
class Step:
    """A step to be taken beside others: `fn(*args)` under `name`."""

    name: str
    fn: Callable[..., Awaitable[Any]]
    args: tuple[Any, ...] = ()
