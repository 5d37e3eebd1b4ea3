"""Knowledge and shared memory, made from the settings and joined to who asks and who the agents are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from folkmoot.agents import AgentHost
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.memory import KnowledgeDesk, KnowledgeIndex, RoleScopes
from folkmoot.memory.desk import Searcher
from folkmoot.memory.shared import SharedMemory
from folkmoot.registry import AgentRegistry, UnknownAgentError
from folkmoot.security import UserDesk
from folkmoot.storage import Database


class KnownSearchers:
    """Who the agents are, for the knowledge: those hosted here by their definition, others by what is registered."""

    def __init__(self, registry: AgentRegistry) -> None:
        self._registry = registry
        self._host: AgentHost | None = None

    def follow(self, host: AgentHost) -> None:
        """Ask this host; it is made after those who ask."""
        self._host = host

    async def find(self, agent_id: str) -> Searcher | None:
        agent = self._host.agents.get(agent_id) if self._host else None
        if agent is not None:
            own = agent.definition
            return Searcher(agent_id=agent_id, role=own.role, scopes=frozenset(own.memory_scopes))
        try:
            record = await self._registry.get(agent_id)
        except UnknownAgentError:
            return None
        return Searcher(agent_id=agent_id, role=record.role)


@dataclass(frozen=True, kw_only=True)
class Searching:
    """What of the room `memory` the house uses."""

    index: KnowledgeIndex
    desk: KnowledgeDesk
    shared: SharedMemory
    roles: RoleScopes
    searchers: KnownSearchers
    chores: Sequence[Chore]


def build_search(
    settings: Settings,
    *,
    database: Database,
    clock: Clock,
    events: EventLog,
    registry: AgentRegistry,
    users: UserDesk,
    ledger: ConsentLedger,
    gate: ConsentGate,
) -> Searching:
    """Make them."""
    roles = RoleScopes()
    index = KnowledgeIndex(database=database, clock=clock)
    shared = SharedMemory(database=database, clock=clock, events=events)
    searchers = KnownSearchers(registry)
    return Searching(
        index=index,
        desk=KnowledgeDesk(index=index, roles=roles, searchers=searchers, people=users),
        shared=shared,
        roles=roles,
        searchers=searchers,
        chores=[
            Chore(name="shared memory", every=timedelta(minutes=10), act=shared.expire),
            Chore(name="knowledge", every=timedelta(hours=1), act=index.prune),
        ],
    )
