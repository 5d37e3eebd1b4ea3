"""One database behind one engine: SQLite by default, PostgreSQL by URL.

Reading and writing are two doors, because SQLite has one writer: `write()` takes the write lock at its start
(`BEGIN IMMEDIATE`), one at a time within this process, so that a transaction never fails half-way because another
one got in between. On PostgreSQL both doors are ordinary transactions.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from folkmoot.storage.acting import HOUSE, acting_for, as_the_house
from folkmoot.storage.errors import StorageFullError, StorageUnavailableError
from folkmoot.storage.one_hop import one_hop
from folkmoot.storage.quick import QuickSQLite, Work, executing

BUSY_TIMEOUT = timedelta(seconds=30)
SCRUB_WAIT = timedelta(seconds=2)
_GIVING_BACK = timedelta(seconds=5)
_LOOK = timedelta(milliseconds=10)
T = TypeVar("T")


class Database:
    """Sessions on one database.

    `url` is what `DATABASE_URL` takes: `sqlite:///path/to/file.db`, `postgresql://user:password@host/name`
    (`postgres://` and a `+driver` are accepted). Nothing is opened before the first session.
    """

    def __init__(self, url: str) -> None:
        self.url = _async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine: AsyncEngine = _engine(self.url)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._one_writer = asyncio.Lock() if self.is_sqlite else None
        self._quick = QuickSQLite(self._connected, one_writer=self._one_writer) if self._one_writer else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading: a consistent view, nothing is kept of what it changes; see `acting` for whose rows."""
        with _translated(self.url):
            async with self._sessions() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction: committed when the block ends, rolled back when it raises.

        It sees every row, for whomever the block runs: see `acting`. Raises `StorageFullError` or
        `StorageUnavailableError` for faults of the disk or server; then nothing was kept.
        """
        with _translated(self.url), as_the_house():
            async with self._one_writer or nullcontext(), self._sessions() as session:
                if self.is_sqlite:
                    await session.connection(execution_options={"folkmoot_write": True})
                async with _transaction(session):
                    yield session

    async def run(self, work: Work[T]) -> T:
        """A small transaction of plain statements, for what is written in great number; see `quick.py`.

        It is committed when this returns, and sees every row. Raises what `work` raises, and as `write` does.
        """
        with _translated(self.url):
            if self._quick is None:
                async with self.write() as session:
                    connection = await session.connection()
                    return await connection.run_sync(lambda sync: work(executing(sync)))
            try:
                return await self._quick.run(work)
            except sqlite3.DatabaseError as error:
                raise _by_sqlalchemy(error) from error

    async def ping(self) -> None:
        """Raise `StorageUnavailableError` unless the database answers."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def passes_policies(self) -> bool:
        """Whether PostgreSQL holds no row back from our role, a superuser's as it may be; SQLite has no policies."""
        if self.is_sqlite:
            return False
        asked = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        async with self.read() as session:
            return bool(await session.scalar(asked))

    async def scrub(self, tables: Iterable[str] = ()) -> bool:
        """Erase from the files what was deleted from `tables`, as far as that is ours to do.

        SQLite zeroes what it deletes, but the write-ahead log keeps the older pages until it is truncated here: the
        answer is False while a reader still needs them, and a later call gets further. PostgreSQL vacuums the tables;
        its own log and its backups are the server's affair.
        """
        with _translated(self.url):
            async with self._one_writer or nullcontext(), self.engine.connect() as connection:
                if not self.is_sqlite:
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    for name in tables:
                        await connection.exec_driver_sql(f'VACUUM "{name}"')
                    return True
                driver: Any = (await connection.get_raw_connection()).driver_connection
                # Waiting for a reader keeps every writer out: a short wait, and another call later.
                await driver.execute(f"PRAGMA busy_timeout={int(SCRUB_WAIT.total_seconds() * 1000)}")
                try:
                    cursor = await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    busy = (await cursor.fetchone())[0]
                finally:
                    await driver.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT.total_seconds() * 1000)}")
                return not busy

    async def close(self) -> None:
        """Give back every connection, in a few seconds also those in use."""
        if self._quick is not None:
            await self._quick.close()
        await self._given_back()
        await self.engine.dispose()

    async def _given_back(self) -> None:
        """Wait a little for whoever is about to end: their connections would be torn from them in the middle."""
        pool: Any = self.engine.pool
        for _ in range(_GIVING_BACK // _LOOK):
            if not pool.checkedout():
                return
            await asyncio.sleep(_LOOK.total_seconds())

    def _connected(self) -> sqlite3.Connection:
        """A connection of its own for `run`, tuned as those of sessions are."""
        connection = sqlite3.connect(
            self.url.database or "", timeout=BUSY_TIMEOUT.total_seconds(), check_same_thread=False
        )
        _tune_sqlite(connection, None)
        return connection


@asynccontextmanager
async def _transaction(session: AsyncSession) -> AsyncIterator[None]:
    try:
        yield
        await session.commit()
    except BaseException:
        await session.rollback()
        raise


def _async_url(url: str) -> URL:
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except ArgumentError as error:
        raise StorageUnavailableError(
            f"DATABASE_URL cannot be read ({error}); an example is postgresql://user:password@host:5432/folkmoot"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StorageUnavailableError(
        f"DATABASE_URL names '{backend}', which is not supported; use sqlite:///file.db or postgresql://user:password@host/name"
    )


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        # A restarted server leaves dead connections in the pool: ask each before use.
        engine = create_async_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
        event.listen(engine.sync_engine, "connect", _tune_postgres)
        event.listen(engine.sync_engine, "begin", _begin_postgres)
        return engine
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT.total_seconds()})
    event.listen(engine.sync_engine, "do_connect", one_hop)
    event.listen(engine.sync_engine, "connect", _tune_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _tune_postgres(connection: Any, _record: object) -> None:
    # A process frozen within a transaction must not keep its locks from everybody else.
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {int(BUSY_TIMEOUT.total_seconds() * 1000)}")
    # Every transaction is the house's unless it says otherwise; see `_begin_postgres`.
    cursor.execute(f"SET folkmoot.user_id = '{HOUSE}'")
    cursor.close()
    connection.commit()


def _begin_postgres(connection: Any) -> None:
    user_id = acting_for()
    if user_id != HOUSE:  # until the end of this transaction
        connection.exec_driver_sql("SELECT set_config('folkmoot.user_id', %s, true)", (user_id,))


def _tune_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions on its own: `_begin_sqlite` says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    # What a person had deleted must not be readable in the file: `secure_delete` overwrites it.
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "temp_store=MEMORY",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT.total_seconds() * 1000)}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    write = connection.get_execution_options().get("folkmoot_write", False)
    connection.connection.dbapi_connection.begin_with("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    """Driver errors that mean "no disk" or "no server" become ours; the rest is a fault of the code and passes."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _as_storage_error(error, url) from error
    except DatabaseError as error:
        # A file that is broken, or no database at all, is SQLite's plain DatabaseError; its subclasses say more.
        if type(error.orig) is not sqlite3.DatabaseError:
            raise
        raise StorageUnavailableError(
            f"the database {_shown(url)} cannot be used: {error.orig}; restore it from a backup"
        ) from error
    except PoolTimeoutError as error:
        raise StorageUnavailableError(
            f"the database {_shown(url)} is busy: no connection came free in time; try again"
        ) from error


def _by_sqlalchemy(error: sqlite3.DatabaseError) -> DatabaseError:
    """What a session would have raised."""
    kinds: tuple[tuple[type[sqlite3.DatabaseError], type[DatabaseError]], ...] = (
        (sqlite3.OperationalError, OperationalError),
        (sqlite3.IntegrityError, IntegrityError),
    )
    kind = next((theirs for ours, theirs in kinds if isinstance(error, ours)), DatabaseError)
    return kind(None, None, error)


def _as_storage_error(error: DBAPIError, url: URL) -> Exception:
    where = _shown(url)
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        said = str(cause)
        if "full" in said or "disk I/O" in said:
            return StorageFullError(f"the disk that holds {where} is full; free some space and try again")
        if any(word in said for word in ("unable to open", "readonly", "read-only", "locked", "malformed")):
            return StorageUnavailableError(f"the database {where} cannot be used: {said}")
        return error
    return StorageUnavailableError(f"the database {where} does not answer: {_first_line(cause)}")


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _first_line(cause: object) -> str:
    # The rest of a driver's message repeats the statement.
    return str(cause).strip().split("\n", 1)[0]
