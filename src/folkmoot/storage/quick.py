"""Small transactions in great number: each is one call, and those that come together are one commit.

A session costs some milliseconds of the processor for every few statements, most of it on the way between threads. What
is written for each message of a conversation goes this way instead: plain statements, which both databases understand,
in a function that is run where the database is. On SQLite that is a thread with a connection of its own, which takes
everything that waits into one commit; on PostgreSQL it is an ordinary transaction.
"""

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from folkmoot.storage.base import utc_text

T = TypeVar("T")
_NAMED = re.compile(r"(?<![:\w]):([a-z_]+)")


class Execute(Protocol):
    """Runs one statement, `:name` for each parameter; its rows, empty if it has none.

    Aware times and objects of JSON go in as they are; what comes out is as the database keeps it.
    """

    def __call__(self, statement: str, parameters: Mapping[str, Any], /) -> Sequence[Sequence[Any]]: ...


Work = Callable[[Execute], T]


@dataclass
class _Waiting:
    work: Work[Any]
    done: "asyncio.Future[Any]"


class QuickSQLite:
    """Runs works on a SQLite file, each as if alone. `one_writer` is the lock that sessions write under as well."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, one_writer: asyncio.Lock) -> None:
        self._connect = connect
        self._one_writer = one_writer
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="folkmoot-quick")
        self._waiting: list[_Waiting] = []
        self._pumping: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, work: Work[T]) -> T:
        """What `work` gives, once it is committed; what it raises, and then nothing of it is kept."""
        if self._closed:
            raise sqlite3.OperationalError("unable to open the database: it was closed")
        one = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._pumping is None:
            self._pumping = asyncio.create_task(self._pump(), name="folkmoot-quick")
        # Whoever is cancelled meanwhile does not hear of it; the transaction takes place.
        result: T = await asyncio.shield(one.done)
        return result

    async def close(self) -> None:
        """Finish what waits, take nothing more, and close the file."""
        self._closed = True
        if self._pumping is not None:
            await asyncio.gather(self._pumping, return_exceptions=True)
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
            self._connection = None
        self._thread.shutdown(wait=False)

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                async with self._one_writer:
                    batch, self._waiting = self._waiting, []
                    try:
                        outcomes = await loop.run_in_executor(self._thread, self._together, [one.work for one in batch])
                    except BaseException as error:
                        _tell(batch, [(None, error)] * len(batch))
                        raise
                _tell(batch, outcomes)
        finally:
            self._pumping = None
            left, self._waiting = self._waiting, []  # of a pump that was cancelled
            _tell(left, [(None, asyncio.CancelledError())] * len(left))

    def _together(self, works: Sequence[Work[Any]]) -> list[tuple[Any, BaseException | None]]:
        """In the thread: all works in one transaction; one that fails is as if it had not been."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:  # noqa: BLE001  # each who waits is told
            return [(None, error)] * len(works)
        try:
            outcomes = [self._one(connection, work, alone=len(works) == 1) for work in works]
            if len(works) == 1 and outcomes[0][1] is not None:
                if connection.in_transaction:  # a full disk has ended it already
                    connection.execute("ROLLBACK")
            else:
                connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  # see above
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return [(None, error)] * len(works)
        return outcomes

    @staticmethod
    def _one(connection: sqlite3.Connection, work: Work[Any], *, alone: bool) -> tuple[Any, BaseException | None]:
        def execute(statement: str, parameters: Mapping[str, Any], /) -> Sequence[Sequence[Any]]:
            return connection.execute(
                statement, {name: _for_sqlite(one) for name, one in parameters.items()}
            ).fetchall()

        if not alone:
            connection.execute("SAVEPOINT one")
        try:
            result = work(execute)
        except Exception as error:  # who waits for this one is told
            if not alone:
                if not connection.in_transaction:  # a full disk has ended it, for all of them
                    raise
                connection.execute("ROLLBACK TO one")
                connection.execute("RELEASE one")
            return None, error
        if not alone:
            connection.execute("RELEASE one")
        return result, None


def _tell(batch: Sequence[_Waiting], outcomes: Sequence[tuple[Any, BaseException | None]]) -> None:
    for one, (result, error) in zip(batch, outcomes, strict=True):
        if one.done.done():
            continue
        if error is None:
            one.done.set_result(result)
        elif isinstance(error, asyncio.CancelledError):
            one.done.cancel()
        else:
            one.done.set_exception(error)
            one.done.exception()  # who was cancelled does not look at it


def executing(connection: Connection) -> Execute:
    """The statements of a work on a connection to PostgreSQL."""

    def execute(statement: str, parameters: Mapping[str, Any], /) -> Sequence[Sequence[Any]]:
        given = {name: _for_postgres(one) for name, one in parameters.items()}
        result = connection.exec_driver_sql(_psycopg(statement), given)
        return [tuple(row) for row in result] if result.returns_rows else []

    return execute


@lru_cache(maxsize=256)
def _psycopg(statement: str) -> str:
    return _NAMED.sub(r"%(\1)s", statement.replace("%", "%%"))


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


def _for_postgres(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
