"""The kill switch as a host obeys it: whoever is silenced stops within a second, whoever may speak again goes on.

That a person silenced an agent stands in the registry, whichever process wrote it there; a host follows that and asks
nobody, least of all the agent. What it cuts off goes back to the mailbox and comes again.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from folkmoot.agents.agent import BaseAgent
from folkmoot.kernel import Clock, FolkmootError, cancel_and_wait
from folkmoot.registry import Registry
from folkmoot.telemetry import get_logger

AGAIN: Final = timedelta(seconds=0.5)
LETTING_GO: Final = timedelta(seconds=5)
_log = get_logger("folkmoot.agents")


class Silences:
    """Holds the agents in `agents`, as they are hosted at each moment, to what the registry says."""

    def __init__(self, *, registry: Registry, clock: Clock, agents: Mapping[str, BaseAgent]) -> None:
        self._registry = registry
        self._clock = clock
        self._agents = agents
        self._silent: dict[str, BaseAgent] = {}
        self._said: frozenset[str] = frozenset()
        self._task: asyncio.Task[None] | None = None
        self._changing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin; twice is once."""
        if self._task is None:
            self._task = asyncio.create_task(self._obey(), name="folkmoot-silences")

    async def stop(self) -> None:
        """End, and return when it has ended."""
        task, self._task = self._task, None
        if task is not None:
            await cancel_and_wait(task)
            if self._changing:
                await asyncio.wait(self._changing, timeout=LETTING_GO.total_seconds())

    def holds(self, agent_id: str) -> bool:
        """Whether a person silenced an agent, wherever it is hosted, as far as was heard."""
        return agent_id in self._said

    async def look(self) -> None:
        """Look once, for agents that have just come."""
        self._apply(await self._registry.silenced())

    async def _obey(self) -> None:
        while True:
            try:
                async with aclosing(self._registry.follow_silences()) as changes:
                    async for silenced in changes:
                        self._apply(silenced)
            except FolkmootError as error:
                _log.warning("silences_cannot_be_followed", error=error.message)
            await self._clock.sleep(AGAIN)

    def _apply(self, silenced: Collection[str]) -> None:
        """One that takes long to let go (a handler that will not be cancelled) holds up nobody else."""
        self._said = frozenset(silenced)
        for agent_id, agent in dict(self._agents).items():
            held = self._silent.get(agent_id)
            if agent_id in silenced and held is not agent:
                self._silent[agent_id] = agent
                self._do(agent, silence=True)
            elif agent_id not in silenced and (held is agent or agent.is_silenced):
                self._silent.pop(agent_id, None)
                self._do(agent, silence=False)

    def _do(self, agent: BaseAgent, *, silence: bool) -> None:
        _log.warning("agent_silenced" if silence else "agent_speaks_again", agent_id=agent.agent_id)
        task = asyncio.create_task(self._change(agent, silence=silence), name=f"silence {agent.agent_id}")
        self._changing.add(task)
        task.add_done_callback(self._changing.discard)

    async def _change(self, agent: BaseAgent, *, silence: bool) -> None:
        try:
            await (agent.silence() if silence else agent.speak())
        except FolkmootError as error:
            # It was stopped while it was to speak again, or the broker ends: its host says so by itself.
            _log.error("silence_failed", agent_id=agent.agent_id, silence=silence, error=error.message)
            self._silent.pop(agent.agent_id, None)
