"""What is the database's own matter in its registry."""

from sqlalchemy import event

from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database
from tests.registry.rigs import OnDatabase, agent


async def test_a_hundred_heartbeats_are_two_statements(database: Database, clock: SimulatedClock) -> None:
    registry = OnDatabase(database, clock).registry
    ids = [f"agent-{number}" for number in range(100)]
    for agent_id in ids:
        await registry.register(agent(agent_id))
    statements: list[str] = []
    event.listen(
        database.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2].split()[0])
    )
    await registry.heartbeat(ids)
    assert sorted(statement for statement in statements if statement != "BEGIN") == ["SELECT", "UPDATE"]
