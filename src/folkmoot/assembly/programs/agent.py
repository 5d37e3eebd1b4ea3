"""`BaseAgent` for programs: made from a configuration, it joins a line by itself when it is initialized (SPEC B1).

Handed to an `AgentHost` it is an agent of that host like any other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from folkmoot.agents import AgentContext, AgentDefinition, Answering, Behaviour
from folkmoot.agents import BaseAgent as HousedAgent
from folkmoot.agents.agent import Owner
from folkmoot.agents.config import AgentConfig
from folkmoot.assembly.lines.choose import Wanted, choose_line
from folkmoot.assembly.lines.keep import Stay, enter
from folkmoot.assembly.settings import Settings


class BaseAgent(HousedAgent):
    """An agent of your own: write `async def handle_<intent>(self, message)`, then `await agent.initialize()`.

    `config` is what `create_agent_config` makes, or the same fields as a mapping. Its `redis_url`, else the settings
    say where it joins. Handlers run in the event loop that initializes it, and there it must be shut down; one that
    is not is shut down when that loop ends. Usable as `async with`.
    """

    def __init__(
        self,
        config: AgentConfig | AgentDefinition | Mapping[str, Any],
        *,
        settings: Settings | None = None,
        context: AgentContext | None = None,
        behaviours: Sequence[Behaviour] = (),
        handlers: Mapping[str, Answering] | None = None,
        owner: Owner = "database",
    ) -> None:
        if isinstance(config, Mapping):
            config = AgentConfig(**config)
        definition = config.definition if isinstance(config, AgentConfig) else config
        super().__init__(definition, context=context, behaviours=behaviours, handlers=handlers, owner=owner)
        url = definition.redis_url
        self._wanted = Wanted(redis_url=url.get_secret_value() if url else None, settings=settings)
        self._stay: Stay | None = None

    async def initialize(self) -> None:
        """Join, register, take mail; heartbeats go out from then on. Twice is once.

        Raises `NoMailHereError`, `AgentExistsError` for an id that this program runs already, and what opening a home
        or Redis raises; then it has not joined.
        """
        if self.has_context:
            await super().initialize()
            return
        stay = await enter(await choose_line(self._wanted))
        try:
            await stay.line.host.add(self)  # it gives this agent its context, and calls this method again
        except BaseException:
            self.leave()
            await stay.leave()
            raise
        self._stay = stay

    async def shutdown(self) -> None:
        """Take no more mail, finish what is in hand, go offline, and leave. Mail that comes meanwhile waits."""
        stay, self._stay = self._stay, None
        if stay is None:
            await super().shutdown()
            return
        stay.line.host.release(self.agent_id)
        try:
            await super().shutdown()
        finally:
            self.leave()
            await stay.leave()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shutdown()
