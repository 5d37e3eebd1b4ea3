"""The leads, joined to the team that works on them, to its tools and to its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from folkmoot.agents import AgentDefinition, Workplace
from folkmoot.assembly.upkeep import Chore
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.leads import LeadDesk, Offer
from folkmoot.leads.analyze import Analyst
from folkmoot.leads.follow_up import RUN_NAME, Colleague, FollowUps
from folkmoot.leads.services import offers_of
from folkmoot.models import ModelHub
from folkmoot.runs import RunEngine
from folkmoot.storage import Database
from folkmoot.tools import ToolDesk

QUALIFIER: Final = "lead_qualification"
CATCH_UP: Final = timedelta(minutes=5)  # as long as the circuit breaker lets a service rest at most


class LeadTeam:
    """What leads need to know of whoever works here now; replaced whole when a team comes up."""

    def __init__(self) -> None:
        self._name = "Folkmoot"
        self._offers: list[Offer] = []
        self._agents: list[AgentDefinition] = []

    def replace(self, workplace: Workplace) -> None:
        """Another workplace file, or the same in another state."""
        self._name = workplace.name
        self._offers = offers_of(workplace)
        self._agents = sorted(workplace.agents, key=lambda one: one.specialty != QUALIFIER)

    @property
    def name(self) -> str:
        return self._name

    def offers(self) -> Sequence[Offer]:
        return self._offers

    def titles(self) -> Mapping[str, str]:
        return {one.service: one.title for one in self._offers}

    def who_may(self, tool: str) -> Colleague | None:
        return next(
            (Colleague(agent_id=one.agent_id, model=one.model) for one in self._agents if tool in one.tools), None
        )


@dataclass(frozen=True, kw_only=True)
class LeadRoom:
    """The desk, and the chores that go with it."""

    desk: LeadDesk
    chores: Sequence[Chore]


def lead_room(
    *,
    database: Database,
    log: EventLog,
    clock: Clock,
    runs: RunEngine,
    models: ModelHub,
    tools: ToolDesk,
    team: LeadTeam,
) -> LeadRoom:
    """Make the leads' room; its run is registered here, before the engine starts."""
    desk = LeadDesk(database=database, log=log, clock=clock, engine=runs)
    follow_ups = FollowUps(
        database=database,
        log=log,
        clock=clock,
        analyst=Analyst(models=models, offers=team.offers, clock=clock),
        tools=tools,
        team=team,
    )
    runs.register(RUN_NAME, follow_ups.run)
    chores = [
        Chore(name="leads", every=timedelta(hours=6), act=desk.purge),
        Chore(name="leads-owed", every=CATCH_UP, act=desk.catch_up),
    ]
    return LeadRoom(desk=desk, chores=chores)
