"""The house, built: every part chosen by the settings, started in order, stopped in reverse.

`open_workplace` owns the home while it is open. What the parts are joined by stands in `joints.py`, what is done again
and again in `upkeep.py`, how a server listens in `server.py`.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from folkmoot.api import build_api
from folkmoot.assembly.ground import database_url, own
from folkmoot.assembly.rooms import Rooms, build_rooms
from folkmoot.assembly.schema import upgrade
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.walls import walls_of
from folkmoot.consent import ConsentGate
from folkmoot.home import Home
from folkmoot.kernel import SystemClock
from folkmoot.storage import Database
from folkmoot.telemetry.loop_lag import LoopLag
from folkmoot.web import Doorkeeper, Parts


@dataclass(frozen=True, kw_only=True)
class OpenWorkplace:
    """A workplace that runs.

    `key` opens its API as long as it is open; `new_admin_token` is set if it is new, and shown once.
    """

    app: FastAPI
    parts: Parts
    gate: ConsentGate
    key: str
    new_admin_token: str | None
    home: Home

    def announce(self, url: str) -> None:
        """Tell commands in this home where it is served."""
        self.home.announce(url=url, key=self.key)


@asynccontextmanager
async def open_workplace(
    settings: Settings, *, pages: bool = False, new_token: bool = False
) -> AsyncIterator[OpenWorkplace]:
    """Build and start everything, and stop it in reverse when the block ends.

    `pages`: it is served, with the dashboard. `new_token`: the administrator's token is made anew. Raises
    `HomeBusyError`, `HomeUnusableError`, `StorageError`s and `WorkplaceInvalidError` before anything is accepted.
    """
    home = Home(settings.home)
    async with AsyncExitStack() as stack:
        await own(home, stack)
        database = Database(database_url(settings, home))
        stack.push_async_callback(database.close)
        await database.ping()
        await upgrade(database)
        rooms = build_rooms(settings, home=home, database=database, clock=SystemClock())
        token = await rooms.people.admit_admin(settings, served=pages, anew=new_token)
        key = f"fml_{secrets.token_urlsafe(32)}"
        rooms.people.tokens.admit(key)
        await _start(rooms, stack)
        doorkeeper = Doorkeeper(credentials=rooms.people.credentials, open_house=settings.auth == "off")
        walls = walls_of(settings, clock=rooms.parts.clock, served=pages)
        app = build_api(rooms.parts, doorkeeper=doorkeeper, repeats=rooms.repeats, walls=walls)
        if pages:
            from folkmoot.dashboard import mount_dashboard

            mount_dashboard(app, parts=rooms.parts, doorkeeper=doorkeeper)
        yield OpenWorkplace(app=app, parts=rooms.parts, gate=rooms.gate, key=key, new_admin_token=token, home=home)


async def _start(rooms: Rooms, stack: AsyncExitStack) -> None:
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
    await rooms.team.open()
    await rooms.runs.start()
    stack.push_async_callback(rooms.runs.stop)
    await rooms.desk.resume()
    await rooms.parts.leads.resume()
    stack.push_async_callback(rooms.documents.ingest.close)
    rooms.upkeep.start()
    stack.push_async_callback(rooms.upkeep.stop)


@asynccontextmanager
async def on_database(settings: Settings, *, own: bool = True) -> AsyncIterator[Database]:
    """The database alone, for its keeper; with `own` nobody else may have the home open."""
    home = Home(settings.home)
    async with AsyncExitStack() as stack:
        if own:
            stack.enter_context(home.owned())
        else:
            home.prepare()
        database = Database(database_url(settings, home))
        stack.push_async_callback(database.close)
        await database.ping()
        yield database
