"""`AgentRegistry` and `MessageBroker` for programs that want the parts themselves (SPEC J7).

Both join a line as agents do, when they are first used; what each act promises is said in `folkmoot.registry` and
`folkmoot.messaging`.
"""

import asyncio
from typing import Self

from folkmoot.agents.answers import Answer, failure
from folkmoot.agents.config import AgentConfig
from folkmoot.assembly.lines.choose import Wanted, choose_line
from folkmoot.assembly.lines.keep import Stay, enter
from folkmoot.assembly.lines.line import Line
from folkmoot.assembly.settings import Settings
from folkmoot.kernel import FolkmootError
from folkmoot.messaging import AgentMessage, Handler, Receipt, Subscription
from folkmoot.registry import AgentInfo, AgentRecord, RegistryStats


class _OnLine:
    """Something on a line. Usable as `async with`; leaves when the program's event loop ends at the latest."""

    def __init__(self, redis_url: str | None = None, *, settings: Settings | None = None) -> None:
        self._wanted = Wanted(redis_url=redis_url, settings=settings)
        self._one_at_a_time = asyncio.Lock()
        self._stay: Stay | None = None

    async def initialize(self) -> None:
        """Join; twice is once. Raises `NoMailHereError` and what opening a home or Redis raises."""
        await self._line()

    async def close(self) -> None:
        """Leave; twice is once."""
        stay, self._stay = self._stay, None
        if stay is not None:
            await stay.leave()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _line(self) -> Line:
        async with self._one_at_a_time:
            if self._stay is None or self._stay.over:
                self._stay = await enter(await choose_line(self._wanted))
        return self._stay.line


class AgentRegistry(_OnLine):
    """Who exists and who is online."""

    async def register_agent(self, agent: AgentInfo | AgentConfig, *, online: bool = True) -> AgentRecord:
        """Make an agent known, or say anew what a known one is. It stays online as long as its heartbeats come."""
        info = agent if isinstance(agent, AgentInfo) else _info(agent)
        return await (await self._line()).registry.register(info, online=online)

    async def get_agent(self, agent_id: str) -> AgentRecord:
        """One agent. Raises `UnknownAgentError`."""
        return await (await self._line()).registry.get(agent_id)

    async def get_online_agents(self) -> list[AgentRecord]:
        """Those with a heartbeat that are not silenced."""
        return await self.discover_agents(online_only=True)

    async def discover_agents(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = False,
    ) -> list[AgentRecord]:
        """The agents that fit everything given."""
        return await (await self._line()).registry.discover(
            role=role, department=department, capability=capability, intent=intent, online_only=online_only
        )

    async def get_registry_stats(self) -> RegistryStats:
        """Figures over all agents."""
        return await (await self._line()).registry.get_registry_stats()


class MessageBroker(_OnLine):
    """Messages, without an agent around them."""

    async def publish_message(self, message: AgentMessage) -> Receipt:
        """Accept a message for delivery; see `Broker.publish`."""
        return await (await self._line()).broker.publish(message)

    async def subscribe_to_agent(self, agent_id: str, handler: Handler, *, concurrency: int = 16) -> Subscription:
        """Take the mail of an agent; see `Broker.subscribe`. The registry learns nothing of it."""
        return await (await self._line()).broker.subscribe(agent_id, handler, concurrency=concurrency)

    async def health_check(self) -> Answer:
        """Whether messages can be accepted now; if not, `error` says why."""
        try:
            await (await self._line()).broker.health_check()
        except FolkmootError as error:
            return failure(error.message)
        return Answer(success=True, data=None, error=None)


def _info(config: AgentConfig) -> AgentInfo:
    one = config.definition
    return AgentInfo(
        agent_id=one.agent_id,
        name=one.name,
        type=one.type,
        role=one.role,
        department=one.department,
        description=one.description,
        person=one.person,
        capabilities=dict(one.capabilities),
        supported_intents=one.supported_intents,
        max_capacity=one.max_capacity,
    )
