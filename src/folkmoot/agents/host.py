"""The host: runs agents in this process, keeps them alive in the registry, and follows changes of the workplace.

Where several processes share a workplace, each hosts the agents that `here` leaves to it: those that two host are
replicas, those of others are made known, so that they can be written to before anybody runs them.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from folkmoot.agents.agent import BaseAgent, Owner
from folkmoot.agents.context import AgentContext, Behaviour
from folkmoot.agents.definition import AgentDefinition
from folkmoot.agents.heartbeats import Heartbeats
from folkmoot.agents.kinds import KINDS
from folkmoot.agents.silences import Silences
from folkmoot.agents.workplace import Workplace
from folkmoot.registry import AgentExistsError, AgentType, UnknownAgentError
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.agents")


@dataclass(frozen=True, kw_only=True)
class Reloaded:
    """Who came, who went and who changed, by id."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class AgentHost:
    """Hosts agents from `start()` to `stop()`; agents added before are started then.

    `behaviours` are given to every agent. `heartbeat_interval` is the registry's if it is not given. `kinds` says which
    class a type of the workplace file is. `here` says by id who of a workplace is hosted in this process. `alone`: no
    other process hosts agents of this workplace, so that whoever is offline and stands in no file is gone.
    """

    def __init__(
        self,
        *,
        context: AgentContext,
        behaviours: Sequence[Behaviour] = (),
        heartbeat_interval: timedelta | None = None,
        kinds: Mapping[AgentType, type[BaseAgent]] = KINDS,
        here: Callable[[str], bool] = lambda _: True,
        alone: bool = True,
    ) -> None:
        self._context = context
        self._behaviours = tuple(behaviours)
        self._kinds = kinds
        self._here = here
        self._alone = alone
        self._agents: dict[str, BaseAgent] = {}
        self._elsewhere: dict[str, AgentDefinition] = {}
        self._running = False
        self._changing = asyncio.Lock()
        self._heartbeats = Heartbeats(
            registry=context.registry,
            clock=context.clock,
            interval=heartbeat_interval or context.registry.heartbeat_interval,
            agents=self._agents,
        )
        self._silences = Silences(registry=context.registry, clock=context.clock, agents=self._agents)

    @property
    def agents(self) -> Mapping[str, BaseAgent]:
        """The hosted agents by id."""
        return dict(self._agents)

    @property
    def definitions(self) -> Mapping[str, AgentDefinition]:
        """What is known by definition of the hosted agents, and of those of the workplace that others host, by id."""
        return self._elsewhere | {agent_id: agent.definition for agent_id, agent in self._agents.items()}

    def is_silenced(self, agent_id: str) -> bool:
        """Whether a person silenced an agent, wherever it is hosted, as far as this process has heard."""
        agent = self._agents.get(agent_id)
        return agent.is_silenced if agent is not None else self._silences.holds(agent_id)

    def make(self, definition: AgentDefinition, *, owner: Owner = "workplace file") -> BaseAgent:
        """An agent of the class that its type stands for, with this host's parts; not hosted yet."""
        kind = self._kinds[definition.type]
        return kind(definition, context=self._context, behaviours=self._behaviours, owner=owner)

    async def add(self, agent: BaseAgent | AgentDefinition) -> BaseAgent:
        """Host an agent: registered and taking mail when this returns, if the host runs.

        Raises `AgentExistsError`. If it cannot start, it is not hosted.
        """
        async with self._changing:
            return await self._add(agent)

    async def take(self, definition: AgentDefinition) -> None:
        """Host an agent of the workplace if that is left to this process, else make it known.

        Raises `AgentExistsError` for one that is hosted.
        """
        async with self._changing:
            await self._take(definition)

    async def remove(self, agent_id: str) -> None:
        """Let an agent finish what it has in hand, and strike it off the registry. Raises `UnknownAgentError`."""
        async with self._changing:
            if agent_id not in self._agents and agent_id not in self._elsewhere:
                raise UnknownAgentError(f"this host runs no agent '{agent_id}'", agent_id=agent_id)
            await self._remove(agent_id)

    def release(self, agent_id: str) -> None:
        """Send no more heartbeats for an agent that ends by itself; it stays known, and whoever releases it ends it."""
        self._agents.pop(agent_id, None)

    async def start(self) -> None:
        """Start every agent and the heartbeat; if one cannot start, none stays started."""
        async with self._changing:
            if self._running:
                return
            self._running = True
            try:
                for agent in self._agents.values():
                    await agent.initialize()
            except BaseException:
                await self._shut_down()
                raise
            self._heartbeats.start()
            self._silences.start()

    async def stop(self) -> None:
        """Drain every agent at once and go offline; their mail stays. The registry keeps them."""
        async with self._changing:
            await self._shut_down()

    async def reload(self, workplace: Workplace) -> Reloaded:
        """Make the hosted agents those of `workplace`; agents that are the same in it go on undisturbed.

        Agents of it that are left to other processes are made known; those that a program brought stay.

        Raises `UnknownModelError` for an agent's `model` that means nothing; then nothing was changed.
        """
        for definition in workplace.agents:
            if definition.model:
                self._context.models.check(definition.model)
        async with self._changing:
            wanted = {definition.agent_id: definition for definition in workplace.agents}
            before = self.definitions
            brought = {agent_id for agent_id, agent in self._agents.items() if agent.owner != "workplace file"}
            left = tuple(sorted((set(before) | await self._forgotten()) - set(wanted) - brought))
            joined = tuple(agent_id for agent_id in wanted if agent_id not in before)
            again = tuple(agent_id for agent_id in wanted if agent_id in self._elsewhere)
            changed = tuple(
                agent_id
                for agent_id, agent in self._agents.items()
                if agent_id in wanted and agent_id not in brought and agent.definition != wanted[agent_id]
            )
            for agent_id in left:
                await self._remove(agent_id)
            for agent_id in changed:
                await self._agents.pop(agent_id).shutdown()
                await self._add(wanted[agent_id])
            for agent_id in (*joined, *again):
                await self._take(wanted[agent_id])
        if left or joined or changed:
            _log.info("workplace_reloaded", joined=joined, left=left, changed=changed)
        return Reloaded(joined=joined, left=left, changed=changed)

    async def _add(self, agent: BaseAgent | AgentDefinition) -> BaseAgent:
        if isinstance(agent, AgentDefinition):
            agent = self.make(agent)
        elif not agent.has_context:
            agent.join(self._context, self._behaviours)
        if agent.agent_id in self._agents:
            raise AgentExistsError(f"this host runs '{agent.agent_id}' already", agent_id=agent.agent_id)
        if self._running:
            await agent.initialize()
        self._agents[agent.agent_id] = agent
        if self._running:
            await self._silences.look()
        return agent

    async def _take(self, definition: AgentDefinition) -> None:
        if self._here(definition.agent_id):
            await self._add(definition)
            return
        await self.make(definition).introduce()
        self._elsewhere[definition.agent_id] = definition

    async def _forgotten(self) -> set[str]:
        """Agents of an earlier state of the file that nobody runs: they left while this host was down.

        Where there are other processes, they may run them in a moment, or read another file.
        """
        if not self._alone:
            return set()
        known = await self._context.registry.discover()
        return {one.agent_id for one in known if one.owner == "workplace file" and one.presence == "offline"}

    async def _remove(self, agent_id: str) -> None:
        agent = self._agents.pop(agent_id, None)
        self._elsewhere.pop(agent_id, None)
        if agent is not None:
            await agent.shutdown()
        with suppress(UnknownAgentError):  # one that never started, or was struck off by somebody else: it is gone
            await self._context.registry.deregister(agent_id)

    async def _shut_down(self) -> None:
        self._running = False
        await self._heartbeats.stop()
        await self._silences.stop()
        agents = dict(self._agents)  # one that ends releases itself
        outcomes = await asyncio.gather(*(agent.shutdown() for agent in agents.values()), return_exceptions=True)
        for agent_id, outcome in zip(agents, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                _log.error("agent_did_not_stop", agent_id=agent_id, error=str(outcome), exc_info=outcome)
