"""Knowledge and shared memory, made from the settings and joined to who asks and who the agents are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from folkmoot.agents import AgentHost
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore
from folkmoot.assembly.vectors import MeaningSide, build_vectors
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.memory import KnowledgeDesk, KnowledgeIndex, RoleScopes
from folkmoot.memory.desk import Askers, Searcher
from folkmoot.memory.shared import SharedMemory
from folkmoot.models.spending import UsageLedger
from folkmoot.registry import Registry, UnknownAgentError
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics

EMBED_EVERY: Final = timedelta(seconds=2)


class KnownSearchers:
    """Who the agents are, for the knowledge: those of the workplace by definition, others by what is registered."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._host: AgentHost | None = None

    def follow(self, host: AgentHost) -> None:
        """Ask this host; it is made after those who ask."""
        self._host = host

    async def find(self, agent_id: str) -> Searcher | None:
        own = self._host.definitions.get(agent_id) if self._host else None
        if own is not None:
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
    meaning: MeaningSide | None

    async def check(self) -> str | None:
        """For `/health`: how it is searched, and how far embedding is."""
        if self.meaning is None:
            return "searched by words"
        progress = await self.meaning.embedding.progress()
        fault = f"; {progress.fault}" if progress.fault else ""
        return f"searched by words and {progress.model}, {progress.embedded} of {progress.total} embedded{fault}"

    async def close(self) -> None:
        """Give back what was opened for searching."""
        if self.meaning is not None:
            await self.meaning.close()


def build_search(
    settings: Settings,
    *,
    database: Database,
    clock: Clock,
    events: EventLog,
    registry: Registry,
    people: Askers,
    ledger: ConsentLedger,
    gate: ConsentGate,
    metrics: Metrics | None = None,
    usage: UsageLedger | None = None,
) -> Searching:
    """Make them."""
    roles = RoleScopes()
    meaning = build_vectors(settings, database=database, clock=clock, ledger=ledger, gate=gate, usage=usage)
    index = KnowledgeIndex(database=database, clock=clock, vectors=meaning.search if meaning else None, metrics=metrics)
    shared = SharedMemory(database=database, clock=clock, events=events)
    searchers = KnownSearchers(registry)
    return Searching(
        index=index,
        desk=KnowledgeDesk(index=index, roles=roles, searchers=searchers, people=people),
        shared=shared,
        roles=roles,
        searchers=searchers,
        chores=[
            Chore(name="shared memory", every=timedelta(minutes=10), act=shared.expire),
            Chore(name="knowledge", every=timedelta(hours=1), act=index.prune),
            *([Chore(name="vectors", every=EMBED_EVERY, act=meaning.embedding.catch_up)] if meaning else []),
        ],
        meaning=meaning,
    )
