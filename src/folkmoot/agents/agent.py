"""The agent: an actor with a mailbox, handlers and a place in the registry (SPEC B1).

A subclass writes `async def handle_<intent>(self, message)`; what it can do follows from that. Handlers are found in
`dispatch.py`, rooms above add theirs as behaviours, the parts come in by `context.py`, many agents are hosted by
`host.py`, what it says by itself is in `speaking.py`. Nothing here asks a language model: that is `answering.py`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from folkmoot.agents.behalf import handling, in_hand
from folkmoot.agents.context import AgentContext, Answering, Behaviour
from folkmoot.agents.definition import AgentDefinition
from folkmoot.agents.dispatch import given_handlers, handler_for, own_handlers
from folkmoot.agents.errors import NotInitializedError, UnsupportedIntentError
from folkmoot.agents.sharing import Sharing
from folkmoot.agents.speaking import Speaking
from folkmoot.memory import Found
from folkmoot.memory.desk import Searcher
from folkmoot.messaging import AgentMessage, Delivery, Reply, Subscription
from folkmoot.registry import AgentInfo, UnknownAgentError
from folkmoot.telemetry import get_logger

Owner = Literal["workplace file", "database"]


class BaseAgent(Sharing, Speaking):
    """One agent. It is reached by messages alone, from `initialize()` until `shutdown()`.

    `handlers`, by intent, go before the methods of its class; they are those of the class that it speaks for.
    """

    def __init__(
        self,
        definition: AgentDefinition,
        *,
        context: AgentContext | None = None,
        behaviours: Sequence[Behaviour] = (),
        handlers: Mapping[str, Answering] | None = None,
        owner: Owner = "database",
    ) -> None:
        self.definition = definition
        self.log = get_logger(f"agent.{definition.agent_id}")
        self._context = context
        self._behaviours = tuple(behaviours)
        self._given: tuple[Behaviour, ...] = ()
        self._own: dict[str, Answering] = {**own_handlers(self), **(handlers or {})}
        self._handlers = self._own
        self._owner = owner
        self._subscription: Subscription | None = None
        self._ending: Subscription | None = None
        self._started = False
        self._silenced = False
        self._active = False

    @property
    def agent_id(self) -> str:
        return self.definition.agent_id

    @property
    def context(self) -> AgentContext:
        """The parts of the workplace. Raises `NotInitializedError` before there are any."""
        if self._context is None:
            raise NotInitializedError(f"'{self.agent_id}' has no workplace yet; add it to an AgentHost")
        return self._context

    @property
    def owner(self) -> Owner:
        """Whether the workplace file says that it is here, or a program does."""
        return self._owner

    @property
    def is_started(self) -> bool:
        """Whether it was initialized, and not shut down since."""
        return self._started

    @property
    def is_silenced(self) -> bool:
        """Whether a person silenced it, as far as it has heard."""
        return self._silenced

    @property
    def has_context(self) -> bool:
        """Whether it was given its parts."""
        return self._context is not None

    def join(self, context: AgentContext, behaviours: Sequence[Behaviour]) -> None:
        """Take the parts and behaviours of a host; before `initialize()`."""
        self._context, self._given = context, tuple(behaviours)

    def leave(self) -> None:
        """Give them back; after `shutdown()`."""
        self._context, self._given = None, ()

    async def initialize(self) -> None:
        """Register, then take mail; whoever calls this sends heartbeats, as `AgentHost` does. Twice is once.

        If it raises, the agent neither takes mail nor looks online.
        """
        if self._started:
            return
        context = self.context
        self._take_handlers()
        unhandled = [one for one in self.definition.supported_intents if handler_for(one, self._handlers) is None]
        if unhandled:
            self.log.warning("declared_intents_without_handler", intents=unhandled)
        known = await context.registry.register(await self.info())
        self._started, self._silenced = True, known.presence == "silenced"
        try:
            await self._take_mail()
        except BaseException:
            self._started = False
            await context.registry.depart([self.agent_id])  # it would look online, and nobody would read its mail
            raise
        self.log.info("agent_started", intents=sorted(self._handlers))

    async def introduce(self) -> None:
        """Make it known as one that another process hosts, or will; what a process that does says of it stays."""
        registry = self.context.registry
        with suppress(UnknownAgentError):
            if (await registry.get(self.agent_id)).presence == "online":
                return
        self._take_handlers()
        await registry.register(await self.info(), online=False)

    async def shutdown(self) -> None:
        """Take no more mail, finish what is in hand, and go offline. Mail that comes meanwhile waits."""
        if not self._started:
            return
        self._started = False
        self._ending, self._subscription = self._subscription, None
        if self._ending is not None:
            await self._ending.cancel(drain=self.context.drain)
            self._ending = None
        await self.context.registry.depart([self.agent_id])
        self.log.info("agent_stopped")

    async def silence(self) -> None:
        """Take no more mail and break off what is in hand, at once; all of it waits in the mailbox."""
        self._silenced = True
        taking, self._subscription = self._subscription, None
        for subscription in (taking, self._ending):
            if subscription is not None:
                await subscription.cancel()

    async def speak(self) -> None:
        """Take mail again after `silence`."""
        self._silenced = False
        if self._started and self._subscription is None:
            await self._take_mail()

    async def handle(self, delivery: Delivery) -> Reply:
        """Answer one message. Raises `UnsupportedIntentError`, with which it becomes a dead letter at once."""
        self._active = True
        message = delivery.message
        handler = handler_for(message.intent, self._handlers)
        if handler is None:
            raise UnsupportedIntentError(
                f"'{self.agent_id}' does not handle '{message.intent}'; it handles {', '.join(sorted(self._handlers))}",
                agent_id=self.agent_id,
                intent=message.intent,
                supported=[*sorted(self._handlers)],
            )
        with handling(message):
            return await handler(delivery)

    def was_active(self) -> bool:
        """Whether it had mail since this was last asked."""
        active, self._active = self._active, False
        return active

    async def get_supported_intents(self) -> Sequence[str]:
        """The intents that the registry shows; those with a handler. An override shows fewer or others."""
        return sorted(self._handlers)

    async def get_agent_capabilities(self) -> Sequence[str] | dict[str, float]:
        """Capabilities, as a map name → level 0..1 or a list of names, which means level 1 each."""
        return dict(self.definition.capabilities)

    async def info(self) -> AgentInfo:
        """What the registry knows of this agent."""
        capabilities = await self.get_agent_capabilities()
        return self._info(
            intents=await self.get_supported_intents(),
            capabilities=capabilities if isinstance(capabilities, dict) else dict.fromkeys(capabilities, 1.0),
        )

    async def search_knowledge(self, query: str, *, limit: int = 5) -> Sequence[Found]:
        """The best of what this agent may see for whoever it acts for now; empty if that is nothing."""
        return await self.context.knowledge.search(query, scopes=await self.searched_scopes(), limit=limit)

    async def searched_scopes(self) -> frozenset[str]:
        """Its memory scopes, else those of its role, as far as the user may see them for whom it acts now."""
        own = self.definition
        scopes = frozenset(own.memory_scopes)
        if self.context.sights is None:
            return scopes
        now = in_hand()
        searcher = Searcher(agent_id=self.agent_id, role=own.role, scopes=scopes)
        return await self.context.sights.scopes_for(searcher, user_id=now.user_id if now else None)

    async def handle_health_check(self, message: AgentMessage) -> Reply:  # noqa: ARG002  # nothing is asked but whether we live
        """Every agent says that it lives."""
        return {"status": "healthy", "agent_id": self.agent_id, "timestamp": self.context.clock.now().isoformat()}

    async def handle_capability_query(self, message: AgentMessage) -> Reply:
        """What this agent can do; with `{"capability": name}`, whether and how well it can do that."""
        info = await self.info()
        asked = message.payload.data.get("capability")
        found: dict[str, Any] = {
            "agent_id": self.agent_id,
            "role": info.role,
            "capabilities": dict(info.capabilities),
            "supported_intents": list(info.supported_intents),
        }
        if isinstance(asked, str):
            found |= {"capability": asked, "level": info.capabilities.get(asked, 0.0)}
        return found

    async def handle_agent_status(self, message: AgentMessage) -> Reply:  # noqa: ARG002  # the status is of this agent only
        """Where this agent stands, as the registry has it."""
        seen = await self.context.registry.get(self.agent_id)
        return {"agent_id": self.agent_id, "agent": seen.model_dump(mode="json")}

    def _take_handlers(self) -> None:
        self._handlers = {**given_handlers(self._info(), (*self._behaviours, *self._given)), **self._own}

    async def _take_mail(self) -> None:
        if self._silenced:
            self.log.warning("agent_is_silenced")
            return
        context = self.context
        self._subscription = await context.broker.subscribe(self.agent_id, self.handle, concurrency=context.concurrency)
        if self.is_silenced:  # while the mailbox was opened
            await self.silence()

    def _info(self, *, intents: Sequence[str] = (), capabilities: dict[str, float] | None = None) -> AgentInfo:
        own = self.definition
        return AgentInfo(
            agent_id=own.agent_id,
            name=own.name,
            type=own.type,
            role=own.role,
            department=own.department,
            description=own.description,
            person=own.person,
            capabilities=dict(own.capabilities) if capabilities is None else capabilities,
            supported_intents=tuple(str(intent) for intent in intents),
            max_capacity=own.max_capacity,
            metadata={"specialty": own.specialty} if own.specialty else {},
            owner=self._owner,
            visible_to=own.visible_to,
            reachable_by=own.reachable_by,
        )
