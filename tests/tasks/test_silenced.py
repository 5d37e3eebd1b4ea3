"""A silenced agent takes no work: nobody asks it, and nothing is awarded to it."""

from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import MessageIntent
from folkmoot.registry import AgentInfo
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.storage import Database
from folkmoot.tasks.roster import RegistryRoster


async def test_who_is_silenced_counts_as_away(database: Database, clock: SimulatedClock) -> None:
    registry = DatabaseRegistry(database=database, clock=clock, events=EventLog(database=database, clock=clock))
    roster = RegistryRoster(registry=registry)
    for name in ("ann", "ben"):
        intents = (str(MessageIntent.CONSULT),)
        await registry.register(AgentInfo(agent_id=name, name=name, type="specialist", supported_intents=intents))
    await registry.silence("ann", reason="it errs", by="admin")
    assert {one.agent_id: one.online for one in await roster.workers()} == {"ann": False, "ben": True}
    await registry.unsilence("ann", by="admin")
    assert all(one.online for one in await roster.workers())
