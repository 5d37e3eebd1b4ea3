"""The team of a workplace: which agents come up, and those that join or leave while it runs.

Who works here is said by a workplace file: the setting's, else the one in the home, which `initialize` put there from a
team that comes with Folkmoot. Twins made one by one stand in the database and come up beside it, in every process that
hosts agents.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

from folkmoot.agents import AgentDefinition, AgentHost, Workplace, load_workplace
from folkmoot.assembly.joints import CurrentTypes, declared_of
from folkmoot.assembly.samples import ACME, copy_team, team_folder
from folkmoot.assembly.team_knowledge import TeamKnowledge
from folkmoot.kernel import Family, FolkmootError
from folkmoot.memory import RoleScopes
from folkmoot.registry import Registry, UnknownAgentError
from folkmoot.skills.estimates import Estimates
from folkmoot.telemetry import get_logger
from folkmoot.twins import Twin, TwinRoster

_log = get_logger("folkmoot.team")

# Who consults where twins were made one by one and no workplace file names a manager.
MANAGER: Final = AgentDefinition(agent_id="manager", name="Manager", type="manager", role="Task manager")


class OtherTeamError(FolkmootError):
    """A different team is up already."""

    code: ClassVar[str] = "other_team"
    family: ClassVar[Family] = Family.CONFLICT


class TeamHall:
    """Brings agents up and lets them go; `file` is the setting's workplace file, `kept` the home's own.

    Without `knowledge` the workplace's documents are another process's business. `wanted` are ids that this process was
    told to host: one that no file names is said.
    """

    def __init__(
        self,
        *,
        host: AgentHost,
        registry: Registry,
        estimates: Estimates,
        twins: TwinRoster,
        types: CurrentTypes,
        roles: RoleScopes,
        knowledge: TeamKnowledge | None,
        told: Sequence[Callable[[Workplace], None]] = (),
        file: Path | None,
        kept: Path,
        wanted: Collection[str] = (),
    ) -> None:
        self._host = host
        self._registry = registry
        self._estimates = estimates
        self._twins = twins
        self._types = types
        self._roles = roles
        self._knowledge = knowledge
        self._told = told
        self._file = file
        self._kept = kept
        self._wanted = frozenset(wanted)
        self._named: frozenset[str] = frozenset()
        self._one_at_a_time = asyncio.Lock()

    @property
    def file(self) -> Path | None:
        """The workplace file in use, None before there is one."""
        return self._file or (self._kept if self._kept.is_file() else None)

    async def open(self) -> None:
        """At the start: bring up whoever the file and the database name. Raises `WorkplaceInvalidError`."""
        async with self._one_at_a_time:
            if self.file is not None:
                await self._bring_up(await asyncio.to_thread(load_workplace, self.file))
            elif await self._twins.list():
                await self._bring_up(Workplace(agents=(MANAGER,)))

    async def initialize(self, team: str | None = None) -> Mapping[str, object]:
        """Bring a team up: `{manager, workers}`. None means the file's team, or `acme` where there is no file."""
        async with self._one_at_a_time:
            if self.file is None:
                await asyncio.to_thread(copy_team, team or ACME, self._kept.parent)
            elif team is not None:
                await self._check_same(team)
            assert self.file is not None
            await self._bring_up(await asyncio.to_thread(load_workplace, self.file))
        return await self.who()

    async def who(self) -> dict[str, object]:
        """The manager and those who take work, by id."""
        agents = await self._registry.discover()
        managers = [one.agent_id for one in agents if one.type == "manager"]
        workers = [one.agent_id for one in agents if one.type in {"twin", "specialist"}]
        return {"manager": managers[0] if managers else None, "workers": sorted(workers)}

    async def ensure_twin(self, person: str, *, email: str, role: str = "", department: str = "") -> Twin:
        """The twin of a person, made and hosted if there is none."""
        async with self._one_at_a_time:
            twin = await self._twins.ensure(person, email=email)
            await self._bring_twin(twin, role=role, department=department)
        return twin

    async def keep_up(self) -> None:
        """Follow the other processes: twins that were made there come up here too, and those forgotten there go."""
        async with self._one_at_a_time:
            made = {twin.agent_id: twin for twin in await self._twins.list()}
            for twin in made.values():
                if twin.agent_id not in self._host.definitions:
                    role, department = await self._place_of(twin)
                    await self._bring_twin(twin, role=role, department=department)
            for one in self._host.definitions.values():
                if one.type == "twin" and one.agent_id not in self._named and one.agent_id not in made:
                    await self._let_go(one)

    async def dismiss(self, twin: Twin) -> None:
        """Let the agent of a forgotten person go, unless the workplace file names it."""
        async with self._one_at_a_time:
            workplace = await asyncio.to_thread(load_workplace, self.file) if self.file else None
            named = {one.agent_id for one in workplace.agents} if workplace else set()
            definition = self._host.definitions.get(twin.agent_id)
            if definition is not None and twin.agent_id not in named:
                await self._let_go(definition)

    async def _bring_twin(self, twin: Twin, *, role: str, department: str) -> None:
        there = self._host.definitions
        if not any(one.type == "manager" for one in there.values()):
            await self._host.take(MANAGER)
        if twin.agent_id not in there:
            definition = _of_twin(twin, role=role, department=department)
            await self._host.take(definition)
            await self._estimates.declare([declared_of(definition)])

    async def _place_of(self, twin: Twin) -> tuple[str, str]:
        """The role and department that a twin was given where it was made."""
        try:
            known = await self._registry.get(twin.agent_id)
        except UnknownAgentError:
            return "", ""
        return known.role, known.department

    async def _let_go(self, twin: AgentDefinition) -> None:
        await self._host.remove(twin.agent_id)
        await self._estimates.withdraw(declared_of(twin).person)

    async def _check_same(self, team: str) -> None:
        wanted = await asyncio.to_thread(load_workplace, team_folder(team) / "workplace.yaml")
        assert self.file is not None
        there = await asyncio.to_thread(load_workplace, self.file)
        if there.name != wanted.name:
            raise OtherTeamError(
                f"this workplace is '{there.name}' ({self.file}) and cannot become '{team}' as well; "
                "start that team in a FOLKMOOT_HOME of its own",
                team=team,
            )

    async def _bring_up(self, workplace: Workplace) -> None:
        folder = self.file.parent if self.file else self._kept.parent
        if self._knowledge is not None:
            await self._knowledge.check(workplace, folder)
        self._types.replace(workplace.task_types)
        self._roles.replace(workplace.knowledge_scopes)
        for tell in self._told:
            tell(workplace)
        for one in workplace.agents:
            if one.type == "twin" and one.person:
                await self._twins.ensure(one.person, email=one.email or "", agent_id=one.agent_id)
        self._named = frozenset(one.agent_id for one in workplace.agents)
        if nobody := self._wanted - self._named:
            _log.warning("local_agents_unknown", agents=sorted(nobody), file=str(self.file))
        further = [_of_twin(twin) for twin in await self._twins.list() if twin.agent_id not in self._named]
        everybody = (*workplace.agents, *further)
        await self._host.reload(workplace.model_copy(update={"agents": everybody}))
        if self._knowledge is not None:
            await self._knowledge.bring(workplace, folder)
        await self._estimates.declare([declared_of(one) for one in everybody if one.type in {"twin", "specialist"}])


def _of_twin(twin: Twin, *, role: str = "", department: str = "") -> AgentDefinition:
    return AgentDefinition(
        agent_id=twin.agent_id,
        name=twin.name,
        type="twin",
        person=twin.name,
        email=twin.email or None,
        role=role,
        department=department,
        description=f"The digital twin of {twin.name}.",
    )
