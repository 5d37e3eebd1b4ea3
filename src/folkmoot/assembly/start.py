"""The order in which the rooms of a process start; they stop in reverse."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from folkmoot.assembly.ground import database_url
from folkmoot.assembly.rooms import Rooms
from folkmoot.assembly.schema import upgrade
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore, Upkeep
from folkmoot.home import Home
from folkmoot.storage import Database
from folkmoot.storage.turn import in_turn
from folkmoot.telemetry.loop_lag import LoopLag


async def opened(settings: Settings, home: Home, stack: AsyncExitStack) -> Database:
    """The database, with its tables as they are now. Raises `StorageError`s."""
    database = Database(database_url(settings, home))
    stack.push_async_callback(database.close)
    await database.ping()
    async with in_turn(database):
        await upgrade(database)
    return database


async def start(rooms: Rooms, stack: AsyncExitStack, *, chores: Sequence[Chore]) -> None:
    """Mail first, then those who take it, then the runs that send it."""
    stack.push_async_callback(asyncio.to_thread, rooms.tracing.close)
    lag = LoopLag(rooms.parts.metrics)
    lag.start()
    stack.push_async_callback(lag.stop)
    stack.push_async_callback(rooms.models.close)
    stack.push_async_callback(rooms.searching.close)
    stack.push_async_callback(rooms.integrations.close)
    await rooms.spending.ledger.start()
    stack.push_async_callback(rooms.spending.ledger.stop)
    await stack.enter_async_context(rooms.mail.running())
    await rooms.load_estimator()
    await rooms.tooling.start()
    stack.push_async_callback(rooms.tooling.stop)
    await rooms.host.start()
    stack.push_async_callback(rooms.host.stop)
    async with in_turn(rooms.database):
        await rooms.team.open()
    await rooms.runs.start()
    stack.push_async_callback(rooms.runs.stop)
    await rooms.desk.resume()
    await rooms.parts.leads.resume()
    await rooms.talking.start()
    stack.push_async_callback(rooms.talking.stop)
    stack.push_async_callback(rooms.documents.ingest.close)
    upkeep = Upkeep(clock=rooms.parts.clock, chores=chores)
    upkeep.start()
    stack.push_async_callback(upkeep.stop)
