"""SQLite under sessions with one hop to its thread for each statement.

SQLAlchemy drives aiosqlite step by step: a cursor is opened, the statement is run, its rows are fetched and the cursor
is closed, each with a hop to the connection's thread and back, which costs more than the statement. Here all of that is
one hop, and the transaction begins within that of its first statement.
"""

# ruff: noqa: SLF001  # an adapter of an adapter: neither SQLAlchemy nor aiosqlite has a public way to do this

import collections
import sqlite3
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_ss_cursor,
)


def one_hop(dialect: Any, _record: object, arguments: Any, named: Any) -> "OneHopConnection":
    """Connect as the dialect does; for the event `do_connect` of an engine."""
    made = dialect.dbapi.connect(*arguments, **named)
    return OneHopConnection(made.dbapi, made._connection)


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    """Runs a statement, fetches all of its rows and closes, in one go; a cursor that streams stays as it was."""

    __slots__ = ("_described", "_last_row", "_size", "_touched")

    _adapt_connection: "OneHopConnection"
    _connection: Any  # aiosqlite's

    def __init__(self, adapt_connection: "OneHopConnection") -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor = None  # type: ignore[assignment]  # there is none to hold
        self._rows = collections.deque()
        self._described: Any = None
        self._touched = -1
        self._last_row: int | None = None
        self._size = 1

    @property
    def description(self) -> Any:
        return self._described

    @property
    def rowcount(self) -> int:
        return self._touched

    @property
    def lastrowid(self) -> Any:
        return self._last_row

    @property
    def arraysize(self) -> int:
        return self._size

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        self._size = value

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        return

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._run(operation, parameters or (), many=False)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(operation, seq_of_parameters, many=True)

    async def _run(self, operation: str, parameters: Any, *, many: bool) -> None:
        adapted = self._adapt_connection
        async with adapted._execute_mutex:
            driver, beginning = self._connection._conn, adapted.take_beginning()
            try:
                done = await self._connection._execute(_in_thread, driver, beginning, operation, parameters, many)
            except Exception:
                if beginning is not None and not driver.in_transaction:
                    adapted.begin_with(beginning)  # it could not begin: nothing runs outside of it
                raise
            rows, self._described, self._touched, self._last_row = done
            self._rows = collections.deque(rows)


class BegunCursor(AsyncAdapt_aiosqlite_ss_cursor):
    """One that streams: its transaction begins before its statement."""

    __slots__ = ()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        adapted: Any = self._adapt_connection
        if (beginning := adapted.take_beginning()) is not None:
            await adapted._connection._execute(_in_thread, adapted._connection._conn, None, beginning, (), False)
        return await super()._execute_async(operation, parameters)


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """A connection whose transactions begin with their first statement."""

    __slots__ = ("_beginning",)

    _cursor_cls = OneHopCursor  # type: ignore[assignment]  # its slots, in which nothing is kept
    _ss_cursor_cls = BegunCursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._beginning: str | None = None

    def begin_with(self, statement: str) -> None:
        """Begin a transaction by this statement, together with the one that comes next."""
        self._beginning = statement

    def take_beginning(self) -> str | None:
        """How the transaction is to begin, if it has not yet; it is for whoever asks to begin it."""
        beginning, self._beginning = self._beginning, None
        return beginning

    def commit(self) -> None:
        if self.take_beginning() is None:
            super().commit()

    def rollback(self) -> None:
        if self.take_beginning() is None:
            super().rollback()


def _in_thread(
    connection: sqlite3.Connection, beginning: str | None, operation: str, parameters: Any, many: bool, /
) -> tuple[list[Any], Any, int, int | None]:
    if beginning is not None:
        connection.execute(beginning)
    cursor = connection.executemany(operation, parameters) if many else connection.execute(operation, parameters)
    try:
        rows = cursor.fetchall() if cursor.description else []
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()
