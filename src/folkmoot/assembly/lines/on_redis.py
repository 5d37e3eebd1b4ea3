"""The line over Redis: programs and servers on many machines that name the same one are one workplace.

With DATABASE_URL agents on it have what stands in the workplace's database too: knowledge, consents, shared memory, and
the transaction in which an effect takes place once. Without it they have their mail, the registry and models. A home
is not needed and not touched.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from folkmoot.agents import AgentHost
from folkmoot.assembly.lines.context import bare_context, full_context
from folkmoot.assembly.lines.line import Line
from folkmoot.assembly.mail import Ground, Mail, build_mail, redis_place
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore, Upkeep
from folkmoot.events import EventLog
from folkmoot.kernel import Clock, SystemClock
from folkmoot.storage import Database

KEPT_MAIL: Final = timedelta(days=7)
_NO_JOURNAL: Final = Path()  # Redis is the journal


@asynccontextmanager
async def redis_line(settings: Settings) -> AsyncIterator[Line]:
    """Open while the block runs; `settings.redis_url` names the place. Raises `LinkDownError`, `StorageError`s."""
    clock = SystemClock()
    heartbeat = timedelta(seconds=settings.heartbeat_interval)
    async with AsyncExitStack() as stack:
        ground = await _ground(settings, clock, stack)
        mail = build_mail(settings, clock=clock, ground=ground, journal=_NO_JOURNAL)
        await stack.enter_async_context(mail.running())
        host = await _host(settings, ground=ground, mail=mail, clock=clock, heartbeat=heartbeat, stack=stack)
        await host.start()
        stack.push_async_callback(host.stop)
        upkeep = Upkeep(
            clock=clock,
            chores=[
                Chore(name="presence", every=heartbeat / 2, act=mail.registry.notice),
                Chore(name="mail", every=timedelta(hours=1), act=lambda: mail.broker.prune(KEPT_MAIL)),
            ],
        )
        upkeep.start()
        stack.push_async_callback(upkeep.stop)
        yield Line(
            broker=mail.broker, registry=mail.registry, host=host, clock=clock, where=f"redis {redis_place(settings)}"
        )


async def _ground(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Ground | None:
    """The workplace's database, which its servers have brought up."""
    if settings.database_url is None:
        return None
    database = Database(settings.database_url.get_secret_value())
    stack.push_async_callback(database.close)
    await database.ping()
    return Ground(database=database, events=EventLog(database=database, clock=clock))


async def _host(
    settings: Settings,
    *,
    ground: Ground | None,
    mail: Mail,
    clock: Clock,
    heartbeat: timedelta,
    stack: AsyncExitStack,
) -> AgentHost:
    if ground is None:
        context = await bare_context(settings, mail=mail, clock=clock, stack=stack)
        return AgentHost(context=context, heartbeat_interval=heartbeat)
    context, searching = await full_context(settings, ground=ground, mail=mail, clock=clock, stack=stack)
    host = AgentHost(context=context, heartbeat_interval=heartbeat)
    searching.searchers.follow(host)
    return host
