"""The rows of executors, and the engine on which DBOS keeps its tables."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, create_engine, delete, event, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import ConnectionPoolEntry

from folkmoot.runs.tables import ExecutorRow
from folkmoot.storage import StorageUnavailableError

_CONNECT_SECONDS = 10
_BUSY = timedelta(seconds=30)
_FROZEN = timedelta(seconds=5)


async def beat(session: AsyncSession, executor_id: str, moment: datetime) -> dict[str, int]:
    """Write this executor's heartbeat and read everybody's: executor id → beat."""
    written = await session.execute(
        update(ExecutorRow)
        .where(ExecutorRow.executor_id == executor_id)
        .values(beat=ExecutorRow.beat + 1, last_seen=moment)
        .returning(ExecutorRow.beat)
    )
    if written.first() is None:
        await session.execute(insert(ExecutorRow).values(executor_id=executor_id, beat=1, last_seen=moment))
    rows = await session.execute(select(ExecutorRow.executor_id, ExecutorRow.beat))
    return {row.executor_id: row.beat for row in rows}


async def forget(session: AsyncSession, executor_ids: list[str]) -> None:
    """Delete the rows of executors that are gone."""
    await session.execute(delete(ExecutorRow).where(ExecutorRow.executor_id.in_(executor_ids)))


def system_engine(url: str) -> Engine:
    """The engine for DBOS: its defaults have neither WAL on SQLite nor a check of connections on PostgreSQL."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed.set(drivername="sqlite"), pool_size=20, max_overflow=0)
        event.listen(engine, "connect", _tune_sqlite)
        return engine
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=20,
        max_overflow=0,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "folkmoot-runs"},
    )
    event.listen(engine, "connect", _tune_postgres)
    return engine


def ping(engine: Engine) -> None:
    """Raise `StorageUnavailableError` unless the database of the runs answers. Blocks."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        said = str(error.orig).strip().split("\n", 1)[0]
        raise StorageUnavailableError(f"the database of the runs {where} does not answer: {said}") from error


def _tune_postgres(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # A process frozen within a transaction must not keep its runs locked from those that take them over.
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {int(_FROZEN.total_seconds() * 1000)}")
    cursor.close()
    connection.commit()


def _tune_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # DBOS counts on the write lock being taken at the start of a transaction.
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={int(_BUSY.total_seconds() * 1000)}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
