"""A leads' office for tests: the real desk, run engine and tool log, and a mail tool that remembers what it sent."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from folkmoot.agents import load_workplace
from folkmoot.assembly.leads import LeadTeam
from folkmoot.events import EventLog
from folkmoot.kernel import JsonValue, SystemClock
from folkmoot.leads import LeadData, LeadDesk, Offer
from folkmoot.leads.analyze import Analyst
from folkmoot.leads.desk import Launcher
from folkmoot.leads.follow_up import RUN_NAME, Caller, FollowUps
from folkmoot.leads.services import offers_of
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.runs import Run, RunEngine
from folkmoot.storage import Base, Database
from folkmoot.tools import CallStatus, ToolOutcome
from tests.models.shelf import hub_for

AGENCY = Path(__file__).resolve().parents[2] / "src/folkmoot/agents/teams/agency/workplace.yaml"
STRONG = LeadData(
    name="Ida Brandt",
    email="ida@brandt.example",
    company="Brandt Tools",
    phone="+49 30 5550100",
    message="We need a new shop with 4,000 products, live in three months. The budget is approved.",
    services_interested=("web_development", "ecommerce_solutions"),
    budget_range="50000-80000",
    timeline="3 months",
    source="website",
)
WEAK = LeadData(name="Someone", email="x@y.example", message="just looking", source="website")


def agency_offers() -> list[Offer]:
    """What the agency sells."""
    return offers_of(load_workplace(AGENCY))


@dataclass
class Sent:
    """Stands where the tool desk stands: keeps every call by its key, as the ledger does, and answers as told."""

    status: CallStatus = CallStatus.SUCCEEDED
    error: str | None = None
    result: JsonValue = None
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    by_key: dict[str, ToolOutcome] = field(default_factory=dict)
    crash_at: str = ""

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        agent_id: str,
        user_id: str | None,
        conversation_id: str | None = None,
        key: str | None = None,
    ) -> ToolOutcome:
        assert agent_id
        assert user_id
        assert conversation_id
        assert key is not None
        if key not in self.by_key:
            self.calls.append((name, arguments))
            call_id = f"call_{len(self.calls)}"
            self.by_key[key] = ToolOutcome(status=self.status, call_id=call_id, result=self.result, error=self.error)
        return self.by_key[key]

    def of(self, name: str) -> Sequence[Mapping[str, Any]]:
        return [arguments for called, arguments in self.calls if called == name]


class AtOnce:
    """Stands where the run engine stands, for tests of something else: a run is done when it is launched."""

    def __init__(self) -> None:
        self.follow_ups: FollowUps | None = None

    async def launch(self, name: str, run_id: str, input: Any = None) -> str:  # noqa: A002  # the engine's word
        assert name == RUN_NAME
        assert self.follow_ups is not None
        await self.follow_ups.run(cast(Run, self), input)
        return run_id

    async def result(self, run_id: str, timeout: timedelta | None = None) -> JsonValue:  # noqa: ARG002, ASYNC109  # as the engine
        return None

    async def step(self, name: str, fn: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        assert name
        return await fn(*arguments)


@dataclass
class Office:
    """Everything a test of the desk needs."""

    desk: LeadDesk
    sent: Sent
    engine: Launcher
    database: Database
    follow_ups: FollowUps


@asynccontextmanager
async def office(
    tmp_path: Path,
    *,
    models: ModelHub | None = None,
    sent: Sent | None = None,
    tools: Caller | None = None,
    durable: bool = False,
) -> AsyncIterator[Office]:
    """An office in this folder; a second one in the same folder goes on where the first ended.

    `durable`: with the real run engine; `tools`: a tool desk, in the place of what only remembers.
    """
    clock, sent = SystemClock(), sent or Sent()
    database = Database(f"sqlite:///{tmp_path / 'leads.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    log = EventLog(database=database, clock=clock)
    team = LeadTeam()
    team.replace(load_workplace(AGENCY))
    hub = models or hub_for(ModelSettings(model="offline"))
    analyst = Analyst(models=hub, offers=team.offers, clock=clock)
    follow_ups = FollowUps(database=database, log=log, clock=clock, analyst=analyst, tools=tools or sent, team=team)
    at_once = AtOnce()
    at_once.follow_ups = follow_ups
    engine: RunEngine | AtOnce = at_once
    if durable:
        engine = RunEngine(url=f"sqlite:///{tmp_path / 'runs.db'}", clock=clock, polling=timedelta(milliseconds=20))
        engine.register(RUN_NAME, follow_ups.run)
        await engine.start()
    try:
        yield Office(
            desk=LeadDesk(database=database, log=log, clock=clock, engine=engine),
            sent=sent,
            engine=engine,
            database=database,
            follow_ups=follow_ups,
        )
    finally:
        if isinstance(engine, RunEngine):
            await engine.stop()
        await hub.close()
        await database.close()
