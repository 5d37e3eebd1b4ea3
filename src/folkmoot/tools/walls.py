"""What stands between an agent and a tool: stated here, kept by code and never by a prompt.

Who a user is and whether an agent is silenced is known elsewhere; `folkmoot.assembly` joins that to these walls.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from folkmoot.kernel import Clock
from folkmoot.tools.model import Effect
from folkmoot.tools.specify import ToolSpec

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Leave:
    """What an agent may do just now on somebody's behalf; `why` says it may not do the rest."""

    effects: frozenset[Effect]
    why: str = ""


EVERYTHING: Final = Leave(effects=frozenset(Effect))


class Walls(Protocol):
    """Who may call what."""

    def lists(self, agent_id: str, tool: str) -> bool:
        """Whether the tool stands in the agent's allow-list."""
        ...

    def asks_first(self, agent_id: str, tool: str) -> bool:
        """Whether the agent, or the workplace, wants a person's word before this tool is called."""
        ...

    async def leave(self, *, agent_id: str, user_id: str | None) -> Leave:
        """What the agent may do on this user's behalf just now, by any of the tools that it lists."""
        ...


class Unguarded:
    """No walls at all, for programs that call tools by themselves."""

    def lists(self, agent_id: str, tool: str) -> bool:  # noqa: ARG002  # the promise of `Walls`
        return True

    def asks_first(self, agent_id: str, tool: str) -> bool:  # noqa: ARG002  # the promise of `Walls`
        return False

    async def leave(self, *, agent_id: str, user_id: str | None) -> Leave:  # noqa: ARG002  # the promise of `Walls`
        return EVERYTHING


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
