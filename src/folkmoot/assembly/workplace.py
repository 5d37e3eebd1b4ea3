"""The house, built: every part chosen by the settings, started in order, stopped in reverse.

`open_workplace` owns the home while it is open. What the parts are joined by stands in `joints.py`, in what order they
start in `start.py`, what is done again and again in `chores.py`, how a server listens in `server.py`; a process that
only hosts agents is put together in `whole_host.py`.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from folkmoot.api import build_api
from folkmoot.assembly.chores import serving_chores
from folkmoot.assembly.ground import database_url, own
from folkmoot.assembly.rooms import build_rooms
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.start import opened, start
from folkmoot.assembly.walls import walls_of
from folkmoot.consent import ConsentGate
from folkmoot.home import Home
from folkmoot.kernel import SystemClock
from folkmoot.storage import Database
from folkmoot.storage.turn import in_turn
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
        rooms = build_rooms(settings, home=home, database=await opened(settings, home, stack), clock=SystemClock())
        async with in_turn(rooms.database):
            token = await rooms.people.admit_admin(settings, served=pages, anew=new_token)
        key = f"fml_{secrets.token_urlsafe(32)}"
        rooms.people.tokens.admit(key)
        await start(rooms, stack, chores=serving_chores(rooms))
        if pages:  # what a command opens for a moment calls nobody outside
            await rooms.bridging.start()
            stack.push_async_callback(rooms.bridging.stop)
        doorkeeper = Doorkeeper(credentials=rooms.people.credentials, open_house=settings.auth == "off")
        walls = walls_of(settings, clock=rooms.parts.clock, served=pages, stack=stack)
        app = build_api(rooms.parts, doorkeeper=doorkeeper, repeats=rooms.repeats, walls=walls)
        if pages:
            from folkmoot.dashboard import mount_dashboard

            mount_dashboard(app, parts=rooms.parts, doorkeeper=doorkeeper)
        yield OpenWorkplace(app=app, parts=rooms.parts, gate=rooms.gate, key=key, new_admin_token=token, home=home)


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
