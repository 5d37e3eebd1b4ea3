"""The parts an agent works with, given to it by its host: one frozen value, made in `folkmoot.assembly`."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from folkmoot.agents.enclosed import Shelf
from folkmoot.agents.errors import UnattendedError
from folkmoot.consent import Consent, Purpose
from folkmoot.kernel import Clock
from folkmoot.memory import Filters, Found
from folkmoot.memory.desk import Searcher
from folkmoot.memory.shared import AgentsMemory
from folkmoot.messaging import AgentMessage, Broker, Delivery, Reply
from folkmoot.models import ModelHub
from folkmoot.registry import AgentInfo, Registry
from folkmoot.tools import ToolDesk

Answering = Callable[[Delivery], Awaitable[Reply]]
"""What handles one intent: gets the delivery, answers the data of the reply or None."""


class Behaviour(Protocol):
    """Handlers that a room above gives to agents, without the agents knowing that room."""

    def handlers(self, agent: AgentInfo) -> Mapping[str, Answering]:
        """Intent → handler for this agent; empty if the behaviour is not for it. A class's own handler goes before."""
        ...


class KnowledgeSearch(Protocol):
    """What of `folkmoot.memory.KnowledgeIndex` agents use."""

    async def search(
        self, query: str, *, scopes: Collection[str], limit: int = 10, filters: Filters | None = None
    ) -> Sequence[Found]:
        """The best passages of exactly these scopes."""
        ...


class Sights(Protocol):
    """What of `folkmoot.memory.KnowledgeDesk` agents use."""

    async def scopes_for(self, agent: Searcher, *, user_id: str | None) -> frozenset[str]:
        """What an agent may search while it acts for a user; None is the house itself."""
        ...


class Shelves(Protocol):
    """What of `folkmoot.memory.documents.Library` agents use."""

    async def titles(self, scopes: Collection[str]) -> list[str]:
        """The titles of the documents that stand in these scopes."""
        ...


class Consents(Protocol):
    """What of `folkmoot.consent.ConsentGate` agents use."""

    async def live(self, person: str, purpose: Purpose) -> list[Consent]:
        """Every live consent of a person for a purpose."""
        ...


class People(Protocol):
    """The human beings behind user proxies."""

    async def ask(self, agent: AgentInfo, message: AgentMessage) -> Reply:
        """Show a message to the person and wait for the answer."""
        ...


class Nobody:
    """The desk is empty: messages to a user proxy are tried again for a while, then are dead letters."""

    async def ask(self, agent: AgentInfo, message: AgentMessage) -> Reply:
        raise UnattendedError(
            f"nobody sits behind '{agent.agent_id}' now; send the {message.intent} message again when somebody does",
            agent_id=agent.agent_id,
        )


@dataclass(frozen=True, kw_only=True)
class AgentContext:
    """Everything an agent may lean on. `drain`: how long a leaving agent waits for its handlers.

    Without `tools` it can search what it knows, and nothing is logged. Without `sights` it searches the memory scopes
    of its definition, whoever asks. `shelves` are what it names when it is asked what it knows, `attached` is where the
    files are that come with messages.
    """

    broker: Broker
    registry: Registry
    clock: Clock
    models: ModelHub
    knowledge: KnowledgeSearch
    consents: Consents
    sights: Sights | None = None
    shelves: Shelves | None = None
    attached: Shelf | None = None
    shared: AgentsMemory | None = None
    people: People = Nobody()  # noqa: RUF009  # stateless
    tools: ToolDesk | None = None
    drain: timedelta = timedelta(seconds=10)
    concurrency: int = 64
