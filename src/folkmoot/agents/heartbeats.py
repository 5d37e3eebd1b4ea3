"""One heartbeat for all agents of a host: a hundred agents cost one UPDATE, not a hundred."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from folkmoot.agents.agent import BaseAgent
from folkmoot.kernel import Clock, FolkmootError, cancel_and_wait
from folkmoot.registry import Registry
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.agents")


class Heartbeats:
    """Tells the registry, every `interval`, that the agents in `agents` live, and which of them had mail."""

    def __init__(
        self, *, registry: Registry, clock: Clock, interval: timedelta, agents: Mapping[str, BaseAgent]
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._interval = interval
        self._agents = agents
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; twice is once."""
        if self._task is None:
            self._task = asyncio.create_task(self._beat_on(), name="folkmoot-heartbeats")

    async def stop(self) -> None:
        """End, and return when it has ended."""
        task, self._task = self._task, None
        if task is not None:
            await cancel_and_wait(task)

    async def _beat_on(self) -> None:
        while True:
            await self._clock.sleep(self._interval)
            try:
                await self._beat()
            except FolkmootError as error:
                # A database that is away for a moment must not silence the agents for ever: the next beat tries again.
                _log.warning("heartbeat_failed", agents=len(self._agents), error=error.message)

    async def _beat(self) -> None:
        living = dict(self._agents)
        if not living:
            return
        active = [agent_id for agent_id, agent in living.items() if agent.was_active()]
        for agent_id in await self._registry.heartbeat(sorted(living), active=active):
            if agent_id in self._agents:  # it may have been removed meanwhile
                _log.warning("agent_registered_again", agent_id=agent_id)
                await self._registry.register(await living[agent_id].info())
