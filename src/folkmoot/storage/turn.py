"""One process after another, where several share a database: what looks first and then writes, as starting does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text

from folkmoot.storage.database import Database

_STARTING: Final = 0x666F6C6B  # any number that nobody else of this database takes


@asynccontextmanager
async def in_turn(database: Database) -> AsyncIterator[None]:
    """No other process is in such a block meanwhile; one that dies lets go. On SQLite a home has one owner anyway."""
    if database.is_sqlite:
        yield
        return
    # An idle transaction that holds the lock; what is done in the block has connections of its own.
    async with database.engine.connect() as connection, connection.begin():
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STARTING})
        yield
