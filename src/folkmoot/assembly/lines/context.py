"""What agents on a line lean on, as far as the process has a database: knowledge, shared memory, consents, models."""

from contextlib import AsyncExitStack

from folkmoot.agents import AgentContext
from folkmoot.agents.absent import NoConsents, NoKnowledge
from folkmoot.assembly.mail import Ground, Mail
from folkmoot.assembly.models import model_hub
from folkmoot.assembly.search import Searching, build_search
from folkmoot.assembly.settings import Settings
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.kernel import Clock
from folkmoot.memory.shared import AgentsMemory
from folkmoot.security import AuditLog, UserDesk
from folkmoot.security.passwords import Passwords


async def full_context(
    settings: Settings, *, ground: Ground, mail: Mail, clock: Clock, stack: AsyncExitStack
) -> tuple[AgentContext, Searching]:
    """With everything that stands in the database; what was opened is closed by `stack`."""
    database, events = ground.database, ground.events
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
        registry=mail.registry,
        people=users,
        ledger=ConsentLedger(database=database, clock=clock, events=events),
        gate=gate,
    )
    stack.push_async_callback(searching.close)
    context = AgentContext(
        broker=mail.broker,
        registry=mail.registry,
        clock=clock,
        models=models,
        knowledge=searching.index,
        sights=searching.desk,
        shared=AgentsMemory(shared=searching.shared, people=users),
        consents=gate,
    )
    return context, searching


async def bare_context(settings: Settings, *, mail: Mail, clock: Clock, stack: AsyncExitStack) -> AgentContext:
    """Without a database: mail, the registry and models; the rest says what is missing when it is used."""
    models = model_hub(settings, clock)
    stack.push_async_callback(models.close)
    return AgentContext(
        broker=mail.broker,
        registry=mail.registry,
        clock=clock,
        models=models,
        knowledge=NoKnowledge(),
        consents=NoConsents(),
    )
