"""The database behind both doors: reading a consistent view, writing all or nothing, one writer after another."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, String, insert, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from folkmoot.kernel import Family
from folkmoot.storage import Database, JsonColumn, StorageFullError, StorageUnavailableError, UtcDateTime
from tests.postgres import PostgresServer


class Own(DeclarativeBase):
    """Apart from `folkmoot.storage.Base`: this table is no part of the product's schema."""


class Thing(Own):
    __tablename__ = "things"

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(Integer, default=0)
    moment: Mapped[datetime | None] = mapped_column(UtcDateTime)
    document: Mapped[Any] = mapped_column(JsonColumn, default=None, nullable=True)


@pytest.fixture
async def store(any_database_url: str) -> AsyncIterator[Database]:
    database = Database(any_database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Own.metadata.create_all)
    yield database
    await database.close()


async def keys(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted(await session.scalars(select(Thing.key)))


async def test_a_transaction_is_kept_whole_or_not_at_all(store: Database) -> None:
    async with store.write() as session:
        session.add(Thing(key="kept"))

    async def fail() -> None:
        async with store.write() as session:
            session.add(Thing(key="lost"))
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await keys(store) == ["kept"]


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(store: Database) -> None:
    inside = asyncio.Event()

    async def stuck() -> None:
        async with store.write() as session:
            session.add(Thing(key="lost"))
            await session.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stuck())
    await inside.wait()
    task.cancel()
    await asyncio.wait([task])
    async with asyncio.timeout(10), store.write() as session:
        session.add(Thing(key="next"))
    assert await keys(store) == ["next"]


async def test_what_a_reader_changes_is_not_kept(store: Database) -> None:
    async with store.read() as session:
        session.add(Thing(key="never"))
        await session.flush()
    assert await keys(store) == []


async def test_a_hundred_counters_at_once_lose_no_count(store: Database) -> None:
    """Each reads, then writes: only a write lock taken at the start makes that safe on SQLite."""
    async with store.write() as session:
        session.add(Thing(key="counter", count=0))

    async def count() -> None:
        async with store.write() as session:
            value = await session.scalar(select(Thing.count).where(Thing.key == "counter").with_for_update())
            assert value is not None
            await asyncio.sleep(0)
            await session.execute(update(Thing).where(Thing.key == "counter").values(count=value + 1))

    async with asyncio.timeout(60):
        await asyncio.gather(*(count() for _ in range(100)))
    async with store.read() as session:
        assert await session.scalar(select(Thing.count)) == 100


async def test_writers_in_two_processes_wait_for_each_other(tmp_path: Path) -> None:
    file = tmp_path / "shared.db"
    database = Database(f"sqlite:///{file}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Own.metadata.create_all)
    other = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sqlite3, sys, time\n"
        f"db = sqlite3.connect({str(file)!r}, isolation_level=None)\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "time.sleep(0.7)\n"
        "db.execute(\"INSERT INTO things (key, count) VALUES ('theirs', 1)\")\n"
        "db.execute('COMMIT')\n",
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"locked\n"
    started = time.monotonic()
    async with database.write() as session:
        assert list(await session.scalars(select(Thing.key))) == ["theirs"], "the view is from after the wait"
        session.add(Thing(key="ours"))
    assert time.monotonic() - started > 0.3
    assert await other.wait() == 0
    assert await keys(database) == ["ours", "theirs"]
    await database.close()


async def test_a_reader_does_not_wait_for_a_writer(store: Database) -> None:
    async with store.write() as session:
        session.add(Thing(key="unfinished"))
        await session.flush()
        async with asyncio.timeout(5):
            assert await keys(store) == []
    assert await keys(store) == ["unfinished"]


async def test_times_come_back_as_the_same_moment_and_sort(store: Database) -> None:
    east = datetime(2026, 1, 5, 12, 30, 0, 1, tzinfo=timezone(timedelta(hours=3)))
    moments = {"a": east, "b": datetime(2026, 1, 5, 9, 30, tzinfo=UTC), "c": datetime(200, 12, 31, tzinfo=UTC)}
    async with store.write() as session:
        session.add_all([Thing(key=key, moment=moment) for key, moment in moments.items()])
    async with store.read() as session:
        things = list(await session.scalars(select(Thing).order_by(Thing.moment)))
        later = list(await session.scalars(select(Thing.key).where(Thing.moment > moments["b"])))
    assert [thing.key for thing in things] == ["c", "b", "a"]
    assert later == ["a"]
    assert things[-1].moment == east
    assert things[-1].moment.tzinfo is UTC
    with pytest.raises(StatementError, match="without a zone"):
        async with store.write() as session:
            await session.execute(insert(Thing).values(key="d", moment=datetime(2026, 1, 5)))  # noqa: DTZ001  # the case


async def test_documents_come_back_as_they_were(store: Database) -> None:
    document = {"list": [1, 2.5, None, True], "ümlaut": "naïve 🙂", "nested": {"a": {}}}
    async with store.write() as session:
        session.add(Thing(key="a", document=document))
    async with store.read() as session:
        assert await session.scalar(select(Thing.document)) == document


async def test_faults_of_the_code_stay_what_they_are(store: Database) -> None:
    async with store.write() as session:
        session.add(Thing(key="a"))
    with pytest.raises(IntegrityError):
        async with store.write() as session:
            session.add(Thing(key="a"))


async def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    database = Database("postgresql://folkmoot:secret@127.0.0.1:1/nowhere")
    with pytest.raises(StorageUnavailableError, match=r"127\.0\.0\.1:1/nowhere does not answer") as caught:
        await database.ping()
    assert "secret" not in caught.value.message
    assert caught.value.family is Family.UNAVAILABLE
    await database.close()


@pytest.mark.postgres
async def test_a_restarted_server_is_found_again(postgres_server: PostgresServer, postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Own.metadata.create_all)
    await asyncio.gather(*(database.ping() for _ in range(5)))

    async def write_while_it_restarts() -> None:
        async with database.write() as session:
            session.add(Thing(key="lost"))
            await session.flush()
            await asyncio.to_thread(postgres_server.restart)

    with pytest.raises(StorageUnavailableError):
        await write_while_it_restarts()
    await asyncio.gather(*(database.ping() for _ in range(5)))
    assert await keys(database) == []
    await database.close()


@pytest.mark.postgres
async def test_a_stopped_server_is_a_storage_error_and_not_a_crash(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    database = Database(postgres_url)
    await database.ping()
    await asyncio.to_thread(postgres_server.stop)
    try:
        with pytest.raises(StorageUnavailableError):
            await database.ping()
    finally:
        await asyncio.to_thread(postgres_server.start)
    await database.ping()
    await database.close()


async def test_a_full_disk_is_said_plainly_and_nothing_of_the_write_is_kept(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Own.metadata.create_all)
    async with database.write() as session:
        session.add(Thing(key="before"))
        pages = (await session.execute(text("PRAGMA page_count"))).scalar_one()

    async def fill() -> None:
        async with database.write() as session:
            await session.execute(text(f"PRAGMA max_page_count={pages + 2}"))
            session.add_all([Thing(key=f"{number}", document={"filler": "x" * 4000}) for number in range(20)])

    with pytest.raises(StorageFullError, match="full"):
        await fill()
    assert await keys(database) == ["before"]
    await database.close()


async def test_a_place_that_cannot_be_opened_is_said_plainly(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'missing' / 'folkmoot.db'}")
    with pytest.raises(StorageUnavailableError, match="unable to open"):
        await database.ping()
    await database.close()
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 1000)
    database = Database(f"sqlite:///{tmp_path / 'broken.db'}")
    with pytest.raises(StorageUnavailableError, match="not a database"):
        await database.ping()
    await database.close()


async def test_closing_waits_for_whoever_is_about_to_end(any_database_url: str) -> None:
    database = Database(any_database_url)
    begun, end = asyncio.Event(), asyncio.Event()

    async def read() -> int:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
            begun.set()
            await end.wait()
            return int((await session.execute(text("SELECT 2"))).scalar_one())

    reading = asyncio.create_task(read())
    await begun.wait()
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0.1)
    assert not closing.done()
    end.set()
    pool: Any = database.engine.pool
    await closing
    assert pool.checkedout() == 0
    assert await reading == 2


def test_urls_are_understood_or_refused_with_an_example() -> None:
    assert Database("sqlite:///a.db").is_sqlite
    for url in ("postgresql://u:p@h/n", "postgres://u:p@h/n", "postgresql+psycopg2://u:p@h/n"):
        assert Database(url).url.drivername == "postgresql+psycopg"
    for bad, said in (("mysql://u:p@h/n", "'mysql'"), ("nonsense", "cannot be read")):
        with pytest.raises(StorageUnavailableError, match=said) as caught:
            Database(bad)
        assert "postgresql://user:password@" in caught.value.message
