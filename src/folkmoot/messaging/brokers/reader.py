"""Everything that is asked of the journal, on its own connection and thread, so that reading never delays a send.

Also the bodies of waiting messages: those just sent are at hand if there is room, and are not read as JSON then; the
others are read from the file some at a time, ahead of their turn.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.journal import open_journal, seq_list, translated
from folkmoot.messaging.brokers.mailboxes import Lane, Mailbox
from folkmoot.messaging.brokers.write import Written
from folkmoot.messaging.errors import BrokerStoppedError

T = TypeVar("T")
_REPLAY_PAGE: Final = 10_000
_AHEAD: Final = 128
_ROOM: Final = 32 * 1024 * 1024

# seq, accepted, body, attempts while waiting, error while waiting, status, at, attempts, error, reply
RecordRow = tuple[
    int, float, bytes, int | None, str | None, str | None, float | None, int | None, str | None, bytes | None
]
# seq, mailbox, sender, rank, expires, attempts, due
WaitingRow = tuple[int, str, str, int, float | None, int, float | None]

_RECORD: Final = (
    "SELECT m.seq, m.accepted, m.body, w.attempts, w.error, s.status, s.at, s.attempts, s.error, s.reply"
    " FROM messages AS m LEFT JOIN waiting AS w ON w.seq = m.seq LEFT JOIN settled AS s ON s.seq = m.seq"
)


class Reader:
    """Answers questions about the journal, and gives bodies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._at_hand: dict[int, Written | bytes] = {}
        self._room = _ROOM
        self._paging = asyncio.Lock()

    async def start(self) -> None:
        """Open the journal, which the writer has made."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="folkmoot-journal-reader")
        loop = asyncio.get_running_loop()
        self._connection = await loop.run_in_executor(
            self._pool, lambda: open_journal(self._path, full_sync=False, read_only=True)
        )

    async def stop(self) -> None:
        """Close; bodies at hand are forgotten."""
        self._at_hand.clear()
        self._room = _ROOM
        pool, self._pool = self._pool, None
        connection, self._connection = self._connection, None
        if pool is not None:
            if connection is not None:
                await asyncio.get_running_loop().run_in_executor(pool, connection.close)
            pool.shutdown(wait=False)

    def keep(self, seq: int, kept: Written | bytes) -> None:
        """Have what was written at hand if there is room."""
        size = _size(kept)
        if self._room >= size:
            self._at_hand[seq] = kept
            self._room -= size

    def pop(self, seq: int) -> Written | bytes | None:
        """What is at hand of a message, which it is no longer."""
        kept = self._at_hand.pop(seq, None)
        if kept is not None:
            self._room += _size(kept)
        return kept

    async def load(self, seq: int, mailbox: Mailbox, lane: Lane) -> Written | bytes | None:
        """A body from the file, and those that will be wanted next with it; None if there is no such message."""
        async with self._paging:
            kept = self.pop(seq)
            if kept is not None:
                return kept
            ahead = [other for other in mailbox.upcoming(lane, _AHEAD) if other not in self._at_hand]
            bodies = await self._ask(lambda connection: _bodies(connection, [seq, *ahead]))
            for other in ahead:
                if other in bodies:
                    self.keep(other, bodies[other])
            return bodies.get(seq)

    async def waiting(self, after: int) -> list[WaitingRow]:
        """A page of the messages that wait, in order of acceptance, behind `after`; empty at the end."""
        return await self._ask(
            lambda connection: connection.execute(
                "SELECT m.seq, m.mailbox, m.sender, m.rank, m.expires, coalesce(w.attempts, 0), w.due"
                " FROM messages AS m LEFT JOIN waiting AS w ON w.seq = m.seq WHERE m.seq IN"
                " (SELECT seq FROM unsettled WHERE seq > ? ORDER BY seq LIMIT ?) ORDER BY m.seq",
                (after, _REPLAY_PAGE),
            ).fetchall()
        )

    async def last_seq(self) -> int:
        """The highest number given so far, 0 if none; also that of a message which was pruned since."""
        rows = await self._ask(
            lambda connection: connection.execute(
                "SELECT max(coalesce((SELECT max(seq) FROM messages), 0), (SELECT seq FROM listed_up_to))"
            ).fetchall()
        )
        return int(rows[0][0])

    async def counts(self) -> dict[str, int]:
        """How many messages ended in which status."""
        rows: list[tuple[str, int]] = await self._ask(
            lambda connection: connection.execute("SELECT status, count(*) FROM settled GROUP BY status").fetchall()
        )
        return dict(rows)

    async def oldest(self) -> float | None:
        """When the oldest unsettled message was accepted (POSIX time)."""
        rows = await self._ask(
            lambda connection: connection.execute(
                "SELECT accepted FROM messages WHERE seq = (SELECT seq FROM unsettled ORDER BY seq LIMIT 1)"
            ).fetchall()
        )
        return float(rows[0][0]) if rows else None

    async def oldest_of(self, seqs: Sequence[int]) -> dict[str, float]:
        """When the oldest of these messages that are not settled was accepted (POSIX time), by mailbox."""
        rows: list[tuple[str, float]] = await self._ask(
            lambda connection: connection.execute(
                "SELECT m.mailbox, min(m.accepted) FROM messages AS m WHERE m.seq IN (SELECT value FROM json_each(?))"
                " AND NOT EXISTS (SELECT 1 FROM settled AS s WHERE s.seq = m.seq) GROUP BY m.mailbox",
                (seq_list(seqs),),
            ).fetchall()
        )
        return dict(rows)

    async def dead_by_mailbox(self) -> dict[str, int]:
        """How many dead letters each mailbox has."""
        rows: list[tuple[str, int]] = await self._ask(
            lambda connection: connection.execute(
                "SELECT m.mailbox, count(*) FROM settled AS s JOIN messages AS m ON m.seq = s.seq"
                " WHERE s.status = 'dead' GROUP BY m.mailbox"
            ).fetchall()
        )
        return dict(rows)

    async def settlement(self, seq: int) -> Settlement[int] | None:
        """How a message ended, or None if it has not."""
        rows = await self._ask(
            lambda connection: connection.execute(
                "SELECT seq, status, at, attempts, error, reply FROM settled WHERE seq = ?", (seq,)
            ).fetchall()
        )
        return next((Settlement(row[0], MessageStatus(row[1]), *row[2:]) for row in rows), None)

    async def by_id(self, message_id: str) -> RecordRow | None:
        """One message by its id."""
        rows = await self.records("m.message_id = ?", (message_id,), order="", limit=1)
        return rows[0] if rows else None

    async def records(
        self, where: str, values: Sequence[object], *, order: str = " ORDER BY m.seq DESC", limit: int, offset: int = 0
    ) -> list[RecordRow]:
        """Messages for which a condition of this package's own holds."""
        statement = f"{_RECORD} WHERE {where}{order} LIMIT ? OFFSET ?"
        rows: list[RecordRow] = await self._ask(
            lambda connection: connection.execute(statement, (*values, limit, offset)).fetchall()
        )
        return rows

    async def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        pool, connection = self._pool, self._connection
        if pool is None or connection is None:
            raise BrokerStoppedError("the broker is not running; start it before you ask it")
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, question, connection)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error


def _size(kept: Written | bytes) -> int:
    return kept.size if isinstance(kept, Written) else len(kept)


def _bodies(connection: sqlite3.Connection, seqs: list[int]) -> dict[int, bytes]:
    rows: Iterator[tuple[int, bytes]] = connection.execute(
        "SELECT seq, body FROM messages WHERE seq IN (SELECT value FROM json_each(?))", (seq_list(seqs),)
    )
    return dict(rows)
