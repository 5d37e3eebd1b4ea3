"""What stands between an agent and a tool: stated here, kept by code and never by a prompt.

Who a user is and whether an agent is silenced is known elsewhere; `folkmoot.assembly` joins that to these walls.
"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from folkmoot.kernel import Clock
from folkmoot.tools.specify import ToolSpec

_MINUTE: Final = timedelta(minutes=1)


class Walls(Protocol):
    """Who may call what."""

    def lists(self, agent_id: str, tool: str) -> bool:
        """Whether the tool stands in the agent's allow-list."""
        ...

    def asks_first(self, agent_id: str, tool: str) -> bool:
        """Whether the agent, or the workplace, wants a person's word before this tool is called."""
        ...

    async def refusal(self, spec: ToolSpec, *, agent_id: str, user_id: str | None) -> str | None:
        """Why the agent may not call a tool that it lists, on this user's behalf and just now; None if it may."""
        ...


class Unguarded:
    """No walls at all, for programs that call tools by themselves."""

    def lists(self, agent_id: str, tool: str) -> bool:  # noqa: ARG002  # the promise of `Walls`
        return True

    def asks_first(self, agent_id: str, tool: str) -> bool:  # noqa: ARG002  # the promise of `Walls`
        return False

    async def refusal(self, spec: ToolSpec, *, agent_id: str, user_id: str | None) -> str | None:  # noqa: ARG002  # the promise of `Walls`
        return None


class Pace:
    """How often an agent may call a tool: so many times within any minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Callable[[], float] = clock.monotonic
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def allows(self, spec: ToolSpec, agent_id: str) -> bool:
        """Whether one more call fits; if so it is counted."""
        if spec.per_minute is None:
            return True
        now = self._clock()
        calls = self._calls.setdefault((spec.name, agent_id), deque())
        while calls and now - calls[0] >= _MINUTE.total_seconds():
            calls.popleft()
        if len(calls) >= spec.per_minute:
            return False
        calls.append(now)
        return True
