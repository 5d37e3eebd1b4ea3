"""Fixtures that every room's tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Base, Database


@pytest.fixture
def clock() -> SimulatedClock:
    """A clock that stands at Monday 2026-01-05 09:00 UTC until it is advanced."""
    return SimulatedClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database with every table whose module the test imported."""
    database = Database(f"sqlite:///{tmp_path / 'folkmoot.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()
