"""Who takes work: what this room needs to know of agents, and how the registry answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from folkmoot.consent import person_key
from folkmoot.messaging import MessageIntent
from folkmoot.registry import AgentInfo, AgentRecord, Registry, UnknownAgentError
from folkmoot.tasks.store import AsyncSession

_KINDS: Final = frozenset({"twin", "specialist"})


@dataclass(frozen=True, kw_only=True)
class Worker:
    """An agent that takes work. `places`: how many open tasks it takes, None is any number; `open_tasks`: how many it
    holds, as the registry was told.
    """

    agent_id: str
    name: str = ""  # as people say it
    person: str | None = None
    online: bool = True
    availability: str = "available"
    until: datetime | None = None
    places: int | None = 5
    open_tasks: int = 0

    @property
    def subject(self) -> str:
        """How the estimator knows it: by its person's key, else by its own id."""
        return person_key(self.person) if self.person else self.agent_id


@dataclass(frozen=True, kw_only=True)
class Crew:
    """Who takes work, and who hands it out: the manager by id, None if nobody is one."""

    workers: Sequence[Worker]
    manager: str | None = None


class Roster(Protocol):
    """The agents that take work: twins and specialists, present or not; never the manager or a user proxy."""

    async def crew(self) -> Crew: ...

    async def workers(self) -> Sequence[Worker]: ...

    async def worker(self, agent_id: str) -> Worker | None: ...

    async def set_workload(self, session: AsyncSession, agent_id: str, open_tasks: int) -> None:
        """Say how many tasks an agent has in hand, in the transaction that changed it. Who is gone is passed over."""
        ...


def takes_work(agent: AgentInfo) -> bool:
    """Whether this agent is asked about tasks. One that never started has said nothing of its intents yet."""
    return agent.type in _KINDS and (not agent.supported_intents or MessageIntent.CONSULT in agent.supported_intents)


class RegistryRoster:
    """See `Roster`."""

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry

    async def crew(self) -> Crew:
        known = await self._registry.discover()
        managers = [one.agent_id for one in known if one.type == "manager"]
        return Crew(
            workers=[_worker(one) for one in known if takes_work(one)], manager=managers[0] if managers else None
        )

    async def workers(self) -> Sequence[Worker]:
        return [_worker(one) for one in await self._registry.discover() if takes_work(one)]

    async def worker(self, agent_id: str) -> Worker | None:
        try:
            record = await self._registry.get(agent_id)
        except UnknownAgentError:
            return None
        return _worker(record) if takes_work(record) else None

    async def set_workload(self, session: AsyncSession, agent_id: str, open_tasks: int) -> None:
        # Who is gone keeps its tasks in the rows, and gets its workload again when it comes back (`recount.py`).
        await self._registry.set_workload(agent_id, open_tasks, session=session)


def _worker(record: AgentRecord) -> Worker:
    return Worker(
        agent_id=record.agent_id,
        name=record.name,
        person=record.person,
        online=record.presence == "online",
        availability=record.availability,
        until=record.until,
        places=record.max_capacity,
        open_tasks=record.current_workload,
    )
