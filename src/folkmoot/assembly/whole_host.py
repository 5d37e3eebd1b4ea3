"""A process that only hosts agents, but whole ones: with the workplace's database they do all that they do in a server.

It has every room of a server and none of its faces: the behaviours of tasks, so that they consult, negotiate and
manage; tools with their log; durable runs, of which it takes its share as another server would. It needs the same
settings as the servers. Without a database agents are hosted on a line (`hosting.py`).
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from folkmoot.assembly.chores import hosting_chores
from folkmoot.assembly.mail import redis_place
from folkmoot.assembly.rooms import build_rooms
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.start import opened, start
from folkmoot.home import Home, HomeBusyError
from folkmoot.kernel import SystemClock

FOLDER: Final = "hosts"


@asynccontextmanager
async def hosting_whole(
    file: Path, *, only: Collection[str], settings: Settings, tell: Callable[[str], None]
) -> AsyncIterator[None]:
    """Host agents of a file while the block runs, all of them if `only` is empty; `tell` gets a line for each.

    Raises `StorageError`s, `LinkDownError`, `WorkplaceInvalidError`.
    """
    own = {"workplace_file": file, "agent_config_file": None, "local_agents": ",".join(only) or "on"}
    settings = settings.model_copy(update=own)
    async with AsyncExitStack() as stack:
        home = _home_for(settings, stack)
        database = await opened(settings, home, stack)
        rooms = build_rooms(settings, home=home, database=database, clock=SystemClock(), brings_documents=False)
        await start(rooms, stack, chores=hosting_chores(rooms))
        for agent_id in rooms.host.agents:
            tell(f"{agent_id} is up at redis {redis_place(settings)}")
        yield


def _home_for(settings: Settings, stack: AsyncExitStack) -> Home:
    """The first free one below FOLKMOOT_HOME: a server and hosts of one machine may be started with the same."""
    number = 1
    while True:
        home = Home(settings.home / FOLDER / str(number))
        try:
            stack.enter_context(home.owned())
        except HomeBusyError:
            number += 1
        else:
            return home
