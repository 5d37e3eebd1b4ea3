"""Where rooms of one floor meet: what one needs, in the terms of the other.

Each class here keeps a Protocol that a room states and asks another room for the answer; nothing is decided here.
"""

from collections.abc import Mapping, Sequence

from folkmoot.agents import AgentHost
from folkmoot.consent import ConsentGate, Purpose, person_key
from folkmoot.registry import AgentInfo, AgentRecord, AgentRegistry, UnknownAgentError
from folkmoot.storage import Database
from folkmoot.tasks import TaskTypes, Worker
from folkmoot.tasks.task_types import DEFAULT_TASK_TYPES
from folkmoot.tasks.behaviour import Contender
from folkmoot.agents import Answering

WORKING = ("twin", "specialist")


class CurrentTypes(TaskTypes):
    """The task types of the team that is up now."""

    def replace(self, types: Mapping[str, Sequence[str]]) -> None:
        """Use the workplace's map, beside the usual types that it does not name."""
        super().__init__({**DEFAULT_TASK_TYPES, **types})


class RegistryRoster:
    """The agents that take work, for `tasks`: from the registry, with what only the definition says."""

    def __init__(self, *, registry: AgentRegistry, database: Database) -> None:
        self._registry = registry
        self._database = database
        self._host: AgentHost | None = None

    def follow(self, host: AgentHost) -> None:
        """Learn models and personas from this host's definitions; the host is made after the roster."""
        self._host = host

    async def workers(self) -> Sequence[Worker]:
        return [self._worker(one) for one in await self._registry.discover() if one.type in WORKING]

    async def worker(self, agent_id: str) -> Worker | None:
        try:
            record = await self._registry.get(agent_id)
        except UnknownAgentError:
            return None
        return self._worker(record) if record.type in WORKING else None

    async def set_workload(self, agent_id: str, open_tasks: int) -> None:
        try:
            async with self._database.write() as session:
                await self._registry.set_workload(session, agent_id, open_tasks)
        except UnknownAgentError:
            return

    def _worker(self, record: AgentRecord) -> Worker:
        agent = self._host.agents.get(record.agent_id) if self._host else None
        return Worker(
            agent_id=record.agent_id,
            person=person_key(record.person) if record.person else None,
            online=record.presence == "online",
            availability=record.availability,
            until=record.until,
            places=record.max_capacity,
            model=agent.definition.model if agent else None,
            persona=agent.definition.persona if agent else "",
        )


class TaskBehaviour:
    """What agents do about tasks, for `agents`: those that take work contend."""

    def __init__(self, contender: Contender) -> None:
        self._contender = contender

    def handlers(self, agent: AgentInfo) -> Mapping[str, Answering]:
        if agent.type not in WORKING:
            return {}
        subject = person_key(agent.person) if agent.person else agent.agent_id
        return self._contender.handlers(agent.agent_id, subject)


class RemoteConsent:
    """Whether a person's texts may leave this network, for `tasks`."""

    def __init__(self, gate: ConsentGate) -> None:
        self._gate = gate

    async def may_leave(self, person: str) -> bool:
        return bool(await self._gate.live(person, Purpose.REMOTE_MODEL))
