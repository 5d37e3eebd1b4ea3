"""The line of one process: the house without its faces, in `FOLKMOOT_HOME`, durable all the same.

It owns the home while it is open, as a server does. Nothing of the web, of durable runs or of the estimator is
imported; only the first opening of a home brings its tables up, for which those of every room are read.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

from folkmoot.agents import AgentContext, AgentHost
from folkmoot.assembly.ground import database_url, own
from folkmoot.assembly.lines.line import Line
from folkmoot.assembly.models import model_hub
from folkmoot.assembly.schema import upgrade
from folkmoot.assembly.search import build_search
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore, Upkeep
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.events import EventLog
from folkmoot.home import Home
from folkmoot.kernel import SystemClock
from folkmoot.memory.shared import AgentsMemory
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.security import AuditLog, UserDesk
from folkmoot.security.passwords import Passwords
from folkmoot.storage import Database

KEPT_MAIL: Final = timedelta(days=7)
KEPT_EVENTS: Final = timedelta(days=30)


@asynccontextmanager
async def embedded_line(settings: Settings) -> AsyncIterator[Line]:
    """Open it while the block runs. Raises `HomeBusyError`, `HomeUnusableError`, `StorageError`s."""
    home, clock = Home(settings.home), SystemClock()
    heartbeat = timedelta(seconds=settings.heartbeat_interval)
    async with AsyncExitStack() as stack:
        await own(home, stack)
        database = Database(database_url(settings, home))
        stack.push_async_callback(database.close)
        await database.ping()
        await upgrade(database)
        events = EventLog(database=database, clock=clock)
        registry = DatabaseRegistry(database=database, clock=clock, events=events, heartbeat_interval=heartbeat)
        inbox = Inbox(database=database, clock=clock)
        broker = EmbeddedBroker(journal=home.path("journal.db"), clock=clock, inbox=inbox, directory=registry)
        await broker.start()
        stack.push_async_callback(broker.stop)
        models = model_hub(settings, clock)
        stack.push_async_callback(models.close)
        users = UserDesk(
            database=database, clock=clock, audit=AuditLog(database=database, clock=clock), passwords=Passwords()
        )
        gate = ConsentGate(database=database, clock=clock)
        searching = build_search(
            settings,
            database=database,
            clock=clock,
            events=events,
            registry=registry,
            users=users,
            ledger=ConsentLedger(database=database, clock=clock, events=events),
            gate=gate,
        )
        stack.push_async_callback(searching.close)
        context = AgentContext(
            broker=broker,
            registry=registry,
            clock=clock,
            models=models,
            knowledge=searching.index,
            sights=searching.desk,
            shared=AgentsMemory(shared=searching.shared, people=users),
            consents=gate,
        )
        host = AgentHost(context=context, heartbeat_interval=heartbeat)
        searching.searchers.follow(host)
        await host.start()
        stack.push_async_callback(host.stop)
        upkeep = Upkeep(
            clock=clock,
            chores=[
                Chore(name="presence", every=heartbeat / 2, act=registry.notice),
                Chore(name="mail", every=timedelta(hours=1), act=lambda: broker.prune(KEPT_MAIL)),
                Chore(name="events", every=timedelta(hours=1), act=lambda: events.prune(older_than=KEPT_EVENTS)),
                *searching.chores,
            ],
        )
        upkeep.start()
        stack.push_async_callback(upkeep.stop)
        yield Line(broker=broker, registry=registry, host=host, clock=clock, where=str(home.folder))
