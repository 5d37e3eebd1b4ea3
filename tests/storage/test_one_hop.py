"""Sessions on SQLite by one hop for a statement: whatever is asked of a session comes back as it does elsewhere."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from folkmoot.storage import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    one = Database(f"sqlite:///{tmp_path / 'things.db'}")
    async with one.write() as session:
        await session.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
        await session.execute(
            text("INSERT INTO things (name) VALUES (:name)"), [{"name": f"thing {number}"} for number in range(250)]
        )
    yield one
    await one.close()


async def test_rows_counts_and_ids_are_told(database: Database) -> None:
    async with database.write() as session:
        added = await session.execute(text("INSERT INTO things (name) VALUES ('one more')"))
        assert added.lastrowid == 251  # type: ignore[attr-defined]  # of a cursor's result
        changed = await session.execute(text("UPDATE things SET name = name || '!' WHERE id <= 100"))
        assert changed.rowcount == 100  # type: ignore[attr-defined]
        named = await session.execute(text("DELETE FROM things WHERE id > 200 RETURNING id AS gone"))
        assert (list(named.keys()), len(named.all())) == (["gone"], 51)
    async with database.read() as session:
        found = await session.execute(text("SELECT id, name FROM things ORDER BY id"))
        assert found.fetchmany(2) == [(1, "thing 0!"), (2, "thing 1!")]
        assert found.fetchone() == (3, "thing 2!")
        assert len(found.all()) == 197


async def test_many_rows_are_streamed(database: Database) -> None:
    query = text("SELECT id FROM things ORDER BY id").execution_options(yield_per=40)
    async with database.read() as session:
        rows = await session.stream(query)
        assert [row.id async for row in rows] == list(range(1, 251))
    async with database.engine.connect() as connection, connection.stream(query) as rows:
        assert (await anext(aiter(rows))).id == 1
        async with database.write() as session:
            await session.execute(text("DELETE FROM things"))
        assert await connection.scalar(text("SELECT count(*) FROM things")) == 250, "it runs outside its transaction"


async def test_nothing_runs_outside_a_transaction_that_could_not_begin(database: Database, tmp_path: Path) -> None:
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("PRAGMA busy_timeout=50")  # of the one connection that the pool has
    other = sqlite3.connect(tmp_path / "things.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with database.write() as session:
        with pytest.raises(OperationalError, match="locked"):
            await session.execute(text("DELETE FROM things"))
        other.execute("ROLLBACK")
        await session.execute(text("DELETE FROM things"))
        await session.rollback()
    other.close()
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM things")) == 250


async def test_a_session_reads_one_state_from_its_first_statement_on(database: Database) -> None:
    async with database.read() as reading:
        assert await reading.scalar(text("SELECT count(*) FROM things")) == 250
        async with database.write() as writing:
            await writing.execute(text("DELETE FROM things"))
        assert await reading.scalar(text("SELECT count(*) FROM things")) == 250
    async with database.read() as reading:
        assert await reading.scalar(text("SELECT count(*) FROM things")) == 0


async def test_a_statement_that_fails_or_is_given_up_leaves_nothing(database: Database) -> None:
    async def failing() -> None:
        async with database.write() as session:
            await session.execute(text("DELETE FROM things WHERE id = 7"))
            await session.execute(text("INSERT INTO things (name) VALUES ('thing 3')"))

    async def given_up() -> None:
        async with database.write() as session:
            await session.execute(text("DELETE FROM things"))
            await asyncio.Event().wait()

    with pytest.raises(IntegrityError):
        await failing()
    for turns in range(20):
        task = asyncio.create_task(given_up())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with database.write() as session:
        assert await session.scalar(text("SELECT count(*) FROM things")) == 250


async def test_a_session_that_does_nothing_begins_nothing(database: Database) -> None:
    async with database.write():
        pass
    async with database.read() as session:
        await session.rollback()
        assert await session.scalar(text("SELECT count(*) FROM things")) == 250
        await session.commit()
    async with database.write() as session, session.begin_nested():
        await session.execute(text("DELETE FROM things WHERE id = 1"))
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM things")) == 249
