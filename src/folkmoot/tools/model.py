"""The nouns of this room: what a tool may do, what a call is given, what becomes of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from folkmoot.kernel import Clock, JsonValue
from folkmoot.user_files import UserArea

ACTION: Final = "tool_execution:"


class Effect(StrEnum):
    """What a tool changes: nothing, something in this workplace, something outside of it that cannot be taken back."""

    READ = "read"
    WRITE = "write"
    EXTERNAL = "external"

    @property
    def lasting(self) -> bool:
        """Whether it must not happen twice."""
        return self is not Effect.READ


class CallStatus(StrEnum):
    """Where a call stands.

    `unknown`: nobody knows whether its effect took place. `waiting`: for a person's approval. `skipped`: the service is
    not configured or down. `denied`: a wall, or a person who was asked.
    """

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    DENIED = "denied"
    WAITING = "waiting"


class Resolution(StrEnum):
    """What a person says of a call whose outcome is unknown."""

    HAPPENED = "happened"
    AGAIN = "again"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What a tool is given beside its arguments.

    `key` is the same whenever the same call is made again: pass it on to a service that takes idempotency keys.
    `user_id` is on whose behalf the agent acts, None for the house itself; `files` is that user's own area.
    """

    agent_id: str
    user_id: str | None
    conversation_id: str | None
    call_id: str
    key: str
    clock: Clock
    files: UserArea


@dataclass(frozen=True, kw_only=True)
class ToolOutcome:
    """What became of a call. `error` says why it is not `succeeded`, in words that may be shown.

    A tool that was skipped has `{"code": "tools.away"}` as its result where the reason passes by itself, and
    `{"code": "tools.skipped"}` where somebody has to do something first.
    """

    status: CallStatus
    call_id: str
    result: JsonValue = None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is CallStatus.SUCCEEDED

    @property
    def code(self) -> str | None:
        """Why it was skipped, as a code that does not change with the words; None if it was not."""
        code = self.result.get("code") if self.status is CallStatus.SKIPPED and isinstance(self.result, dict) else None
        return code if isinstance(code, str) else None


@dataclass(frozen=True, kw_only=True)
class LoggedCall:
    """One call as the log has it: parameters and result without secrets, and cut where they are long.

    `decided_by` and `note`: who approved, rejected or resolved it, and what they said.
    """

    call_id: str
    action: str
    agent_id: str
    user_id: str | None
    conversation_id: str | None
    cause: str | None
    effect: Effect
    status: CallStatus
    parameters: dict[str, JsonValue]
    result: JsonValue
    error: str | None
    duration_ms: float | None
    attempts: int
    decided_by: str | None
    note: str | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def tool(self) -> str:
        """The tool's name."""
        return self.action.removeprefix(ACTION)


@dataclass(frozen=True, kw_only=True)
class ToolStats:
    """How the calls of one tool went; times in milliseconds, over those that ran."""

    tool: str
    count: int
    outcomes: dict[str, int]
    p50_ms: float | None
    p95_ms: float | None
