"""Every room, made from the settings and joined to the others; nothing is started here."""

from dataclasses import dataclass
from datetime import timedelta

from folkmoot.agents import AgentContext, AgentHost
from folkmoot.assembly.bridges import Bridging, Outsiders, build_bridges
from folkmoot.assembly.conversations import Talking, build_conversations
from folkmoot.assembly.documents import Documents, build_documents
from folkmoot.assembly.health import HealthDesk
from folkmoot.assembly.integrations import Integrations, integrations
from folkmoot.assembly.joints import CurrentTypes, TwinTexts
from folkmoot.assembly.leads import LeadRoom, LeadTeam, lead_room
from folkmoot.assembly.mail import Ground, Mail, build_mail
from folkmoot.assembly.models import model_hub
from folkmoot.assembly.oidc import oidc_sign_in
from folkmoot.assembly.people import FilesPart, OwnersPart, People, build_people
from folkmoot.assembly.readings import Readings
from folkmoot.assembly.search import Searching, build_search
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.sharing import TaskAskers, task_desk
from folkmoot.assembly.speech import speech_desk
from folkmoot.assembly.team import TeamHall
from folkmoot.assembly.team_knowledge import TeamKnowledge
from folkmoot.assembly.tools import ToolHouse, ToolLogPart, build_tools, user_files
from folkmoot.assembly.twinning import Twinning, build_twins
from folkmoot.assembly.usage import Spending, spending, tracing
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.conversations.attached import AttachedFiles
from folkmoot.events import EventLog
from folkmoot.home import Home
from folkmoot.kernel import Clock
from folkmoot.memory.shared import AgentsMemory
from folkmoot.models import ModelHub
from folkmoot.registry import Registry
from folkmoot.runs import ExecutorPresence, RunEngine
from folkmoot.security.throttle import SignInThrottle
from folkmoot.storage import Database
from folkmoot.tasks import TaskDesk
from folkmoot.tasks.behaviour import Contender
from folkmoot.tasks.desks import Desks
from folkmoot.tasks.managing import Managing
from folkmoot.tasks.mind import ConsentedPlatforms, HubMinds
from folkmoot.tasks.quotations import Quotations
from folkmoot.tasks.roster import RegistryRoster
from folkmoot.telemetry import Metrics, Tracing
from folkmoot.web import IdempotencyStore, Parts


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """What the assembly starts and stops; the faces get `parts`."""

    parts: Parts
    people: People
    repeats: IdempotencyStore
    mail: Mail
    models: ModelHub
    host: AgentHost
    team: TeamHall
    runs: RunEngine
    desk: TaskDesk
    gate: ConsentGate
    twinning: Twinning
    spending: Spending
    searching: Searching
    integrations: Integrations
    documents: Documents
    tooling: ToolHouse
    tracing: Tracing
    leads: LeadRoom
    talking: Talking
    bridging: Bridging
    roster: RegistryRoster
    database: Database

    async def load_estimator(self) -> None:
        """Fit the estimator on every text and outcome that may be learned from now."""
        texts = await self.twinning.evidence.everyone()
        await self.twinning.estimates.fit([*texts, *await self.twinning.outcomes.known()])


def build_rooms(
    settings: Settings, *, home: Home, database: Database, clock: Clock, brings_documents: bool = True
) -> Rooms:
    """Make every room. The order is that of the floors, from below.

    `brings_documents`: this process keeps the library in step with the workplace file.
    """
    metrics = Metrics()
    traces = tracing(settings)
    heartbeat = timedelta(seconds=settings.heartbeat_interval)
    events = EventLog(database=database, clock=clock)
    files = user_files(settings, home)
    people = build_people(
        settings, home=home, database=database, clock=clock, files=files, throttle=SignInThrottle(clock=clock)
    )
    ledger = ConsentLedger(database=database, clock=clock, events=events)
    gate = ConsentGate(database=database, clock=clock)
    mail = build_mail(
        settings,
        clock=clock,
        ground=Ground(database=database, events=events),
        journal=home.path("journal.db"),
        metrics=metrics,
        tracing=traces,
    )
    broker, registry = mail.broker, mail.registry
    presence = None if database.is_sqlite else ExecutorPresence(database=database, clock=clock, heartbeat=heartbeat)
    runs = RunEngine(url=_runs_url(database, home), clock=clock, presence=presence, metrics=metrics, tracing=traces)
    spent = spending(settings, database=database, clock=clock, events=events, metrics=metrics)
    outsiders = Outsiders(people.users)
    searching = build_search(
        settings,
        database=database,
        clock=clock,
        events=events,
        registry=registry,
        people=outsiders,
        ledger=ledger,
        gate=gate,
        metrics=metrics,
        usage=spent.ledger,
    )
    index = searching.index
    hub = model_hub(settings, clock, ledger=spent.ledger, tracing=traces, metrics=metrics)
    services = integrations(settings, clock)
    documents = build_documents(
        settings,
        home=home,
        database=database,
        clock=clock,
        events=events,
        index=index,
        services=services,
    )
    tooling = build_tools(
        settings,
        home=home,
        database=database,
        clock=clock,
        events=events,
        users=people.users,
        files=files,
        metrics=metrics,
        tracing=traces,
        tools=services.tools,
        process=runs.executor_id,
        presence=presence,
    )
    lead_team = LeadTeam()
    leads = lead_room(
        database=database,
        log=events,
        clock=clock,
        runs=runs,
        models=hub,
        tools=tooling.parts.desk,
        team=lead_team,
    )
    twinning = build_twins(
        home=home,
        database=database,
        clock=clock,
        events=events,
        ledger=ledger,
        gate=gate,
        index=index,
        broker=broker,
        metrics=metrics,
        parts=[FilesPart(people.users, files), OwnersPart(people.users), ToolLogPart(tooling.parts.log)],
    )
    estimates, outcomes, twins = twinning.estimates, twinning.outcomes, twinning.twins
    roster = RegistryRoster(registry=registry)
    types = CurrentTypes()
    quotations = Quotations(database=database, texts=TwinTexts(twins=twins, gate=gate))
    minds = HubMinds(hub=hub, characters=twinning.characters, gate=ConsentedPlatforms(consents=gate))
    contender = Contender(
        broker=broker,
        estimates=estimates,
        situations=Desks(database=database, roster=roster),
        minds=minds,
        clock=clock,
        quotations=quotations,
    )
    context = AgentContext(
        broker=broker,
        registry=registry,
        clock=clock,
        models=hub,
        knowledge=index,
        sights=searching.desk,
        shelves=documents.library,
        attached=AttachedFiles(database=database),
        tools=tooling.parts.desk,
        shared=AgentsMemory(shared=searching.shared, people=people.users),
        consents=gate,
    )
    desk = task_desk(
        database=database,
        log=events,
        clock=clock,
        broker=broker,
        runs=runs,
        estimates=estimates,
        outcomes=outcomes,
        roster=roster,
        types=types,
        quotations=quotations,
        minds=minds,
        patience=timedelta(seconds=settings.message_timeout),
        metrics=metrics,
    )
    managing = Managing(desk=desk, askers=TaskAskers(users=people.users, registry=registry))
    host = AgentHost(
        context=context,
        behaviours=[contender, managing],
        heartbeat_interval=heartbeat,
        here=settings.hosts,
        alone=mail.link is None,
    )
    talking = build_conversations(
        settings,
        database=database,
        clock=clock,
        broker=broker,
        registry=registry,
        host=host,
        models=hub,
        gate=gate,
        embedder=searching.meaning.embedder if searching.meaning is not None else None,
        files=files,
        process=runs.executor_id,
    )
    bridging = build_bridges(
        settings, database=database, clock=clock, talking=talking, metrics=metrics, process=runs.executor_id
    )
    outsiders.follow(bridging.desk)
    twinning.characters.follow(host)
    tooling.walls.follow(host)
    searching.searchers.follow(host)
    file = settings.workplace_file or settings.agent_config_file
    team = TeamHall(
        host=host,
        registry=registry,
        estimates=estimates,
        twins=twins,
        types=types,
        roles=searching.roles,
        knowledge=TeamKnowledge(ingest=documents.ingest, library=documents.library) if brings_documents else None,
        told=[lead_team.replace, tooling.workplace_changed, bridging.workplace_changed, talking.workplace_changed],
        file=file.expanduser() if file else None,
        kept=home.path("workplace.yaml"),
        wanted=settings.named_agents,
    )
    started_at = clock.now()
    checks = {
        "database": database.ping,
        "broker": broker.health_check,
        "registry": lambda: _who_is_there(registry),
        "models": lambda: _model_in_use(hub),
        "memory": searching.check,
        "workflows": runs.health_check,
    }
    repeats = IdempotencyStore(database)
    parts = Parts(
        clock=clock,
        started_at=started_at,
        metrics=metrics,
        broker=broker,
        events=events,
        registry=registry,
        consents=ledger,
        users=people.users,
        keys=people.keys,
        audit=people.audit,
        credentials=people.credentials,
        tasks=desk,
        leads=leads.desk,
        conversations=talking.desk,
        bridges=bridging.desk,
        archive=talking.archive,
        sessions=talking.sessions,
        gallery=talking.gallery,
        flows=talking.flows,
        contexts=talking.contexts,
        twins=twins,
        imports=twinning.imports,
        forgetting=twinning.forgetting,
        team=team,
        tools=tooling.parts,
        user_files=files,
        knowledge=searching.desk,
        library=documents.library,
        follower=documents.follower,
        shared_memory=searching.shared,
        models=hub,
        speech=speech_desk(settings),
        budgets=spent.desk,
        readings=Readings(
            metrics=metrics,
            broker=broker,
            registry=registry,
            tasks=desk,
            budgets=spent.desk,
            bridges=bridging.desk,
            library=documents.library,
            services=services,
            models=hub,
            database=database,
        ),
        tracing=traces,
        oidc=oidc_sign_in(settings, database=database, clock=clock, people=people),
        health=HealthDesk(
            checks=checks,
            clock=clock,
            started_at=started_at,
            integrations=services.health,
            far={"broker", "registry"} if mail.link is not None else (),
            bridges=bridging.health,
        ),
    )
    return Rooms(
        parts=parts,
        people=people,
        repeats=repeats,
        mail=mail,
        models=hub,
        host=host,
        team=team,
        runs=runs,
        desk=desk,
        gate=gate,
        twinning=twinning,
        spending=spent,
        searching=searching,
        integrations=services,
        documents=documents,
        tooling=tooling,
        tracing=traces,
        leads=leads,
        talking=talking,
        bridging=bridging,
        roster=roster,
        database=database,
    )


async def _who_is_there(registry: Registry) -> str:
    stats = await registry.get_registry_stats()
    return f"{stats.online} of {stats.total} agents online"


async def _model_in_use(hub: ModelHub) -> str:
    handle = await hub.resolve(None)
    return handle.name


def _runs_url(database: Database, home: Home) -> str:
    if database.is_sqlite:
        return f"sqlite:///{home.path('runs.db')}"
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)
