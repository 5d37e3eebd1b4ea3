"""The ground on which everything stands: a home that is owned, and its database.

`library_on` opens no more than documents need: a command that hands some over is done before a whole workplace would
have been built.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from folkmoot.assembly.schema import upgrade
from folkmoot.assembly.settings import Settings
from folkmoot.events import EventLog
from folkmoot.home import Home, HomeBusyError
from folkmoot.kernel import Clock, SystemClock
from folkmoot.memory import KnowledgeIndex
from folkmoot.memory.documents import Ingest, Library
from folkmoot.reading import DocumentReader
from folkmoot.storage import Database

DATABASE: Final = "folkmoot.db"
DOCUMENTS: Final = "documents"
OWN_SECONDS: Final = 20.0


async def own(home: Home, stack: AsyncExitStack) -> None:
    """Take the home; a command that works in it for a moment is waited for, a server is not."""
    deadline = time.monotonic() + OWN_SECONDS
    while True:
        try:
            stack.enter_context(home.owned())
        except HomeBusyError as busy:
            if busy.fields.get("url") or time.monotonic() > deadline:
                raise
        else:
            return
        await asyncio.sleep(0.2)


def database_url(settings: Settings, home: Home) -> str:
    """Where the rows are."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{home.path(DATABASE)}"


def ingest_on(
    settings: Settings, *, home: Home, database: Database, clock: Clock, events: EventLog, index: KnowledgeIndex
) -> Ingest:
    """What takes documents in."""
    return Ingest(
        database=database,
        clock=clock,
        events=events,
        index=index,
        reader=DocumentReader(),
        folder=home.path(DOCUMENTS),
        largest=settings.knowledge_max_mb * 1024 * 1024,
    )


@asynccontextmanager
async def library_on(settings: Settings) -> AsyncIterator[Library]:
    """The documents of a home in which nothing runs. Raises `HomeBusyError`, `HomeUnusableError`, `StorageError`s."""
    home, clock = Home(settings.home), SystemClock()
    async with AsyncExitStack() as stack:
        await own(home, stack)
        database = Database(database_url(settings, home))
        stack.push_async_callback(database.close)
        await upgrade(database)
        ingest = ingest_on(
            settings,
            home=home,
            database=database,
            clock=clock,
            events=EventLog(database=database, clock=clock),
            index=KnowledgeIndex(database=database, clock=clock),
        )
        stack.push_async_callback(ingest.close)
        yield Library(database=database, ingest=ingest)
