"""The line of one process: the house without its faces, in `FOLKMOOT_HOME`, durable all the same.

It owns the home while it is open, as a server does. Nothing of the web, of durable runs or of the estimator is
imported; only the first opening of a home brings its tables up, for which those of every room are read.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

from folkmoot.agents import AgentHost
from folkmoot.assembly.ground import database_url, own
from folkmoot.assembly.lines.context import full_context
from folkmoot.assembly.lines.line import Line
from folkmoot.assembly.mail import Ground, build_mail
from folkmoot.assembly.schema import upgrade
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore, Upkeep
from folkmoot.events import EventLog
from folkmoot.home import Home
from folkmoot.kernel import SystemClock
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
        ground = Ground(database=database, events=events)
        mail = build_mail(
            settings.model_copy(update={"redis_url": None}), clock=clock, ground=ground, journal=home.path("journal.db")
        )
        await stack.enter_async_context(mail.running())
        context, searching = await full_context(settings, ground=ground, mail=mail, clock=clock, stack=stack)
        host = AgentHost(context=context, heartbeat_interval=heartbeat)
        searching.searchers.follow(host)
        await host.start()
        stack.push_async_callback(host.stop)
        upkeep = Upkeep(
            clock=clock,
            chores=[
                Chore(name="presence", every=heartbeat / 2, act=mail.registry.notice),
                Chore(name="mail", every=timedelta(hours=1), act=lambda: mail.broker.prune(KEPT_MAIL)),
                Chore(name="events", every=timedelta(hours=1), act=lambda: events.prune(older_than=KEPT_EVENTS)),
                *searching.chores,
            ],
        )
        upkeep.start()
        stack.push_async_callback(upkeep.stop)
        yield Line(broker=mail.broker, registry=mail.registry, host=host, clock=clock, where=str(home.folder))
