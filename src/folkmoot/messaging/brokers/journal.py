"""The journal's file: its tables and every statement that is run on it. Plain `sqlite3`, called from threads.

`messages` holds what was accepted and never changes; `settled` has the end of each message that has ended. So a send
and an acknowledgement append a row each, and nothing else.

The rest follows behind, some thousands of rows at a time (`list_new`), up to the number in `listed_up_to`: `listed`
finds messages by mailbox, sender and conversation, as keeping three scattered indexes with every commit would double
the cost of a send; `waiting` has those that had not ended by then. Most have, and never get a row there. A message
that failed, and is to be tried again, has its row at once. `unsettled` joins what is in `waiting` with what did not
follow yet, so a start reads no more than those two.

Many rows go to SQLite in a statement: each run of one gives up the interpreter's lock, and a writer that did so for
every row would wait for a busy event loop each time. `INSERT OR IGNORE` is a part of it: a statement that could fail
half-way, and that is any with several rows and a `NOT NULL` otherwise, first copies every page that it touches.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.ending import First, Settlement
from folkmoot.storage import StorageFullError, StorageUnavailableError

# 1: `waiting` had a row for every message that had not ended, from the first; there was no view.
VERSION: Final = 2
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, mailbox TEXT NOT NULL, sender TEXT NOT NULL,
    rank INTEGER NOT NULL, conversation TEXT NOT NULL, accepted REAL NOT NULL, expires REAL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS listed (
    kind TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (kind, name, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listed_up_to (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL);
INSERT OR IGNORE INTO listed_up_to VALUES (1, 0);
CREATE TABLE IF NOT EXISTS waiting (
    seq INTEGER PRIMARY KEY, attempts INTEGER NOT NULL, due REAL, error TEXT
);
CREATE TABLE IF NOT EXISTS settled (
    seq INTEGER PRIMARY KEY, status TEXT NOT NULL, at REAL NOT NULL, attempts INTEGER NOT NULL, error TEXT, reply BLOB
);
CREATE VIEW IF NOT EXISTS unsettled AS
    SELECT seq FROM waiting WHERE NOT EXISTS (SELECT 1 FROM settled WHERE settled.seq = waiting.seq)
    UNION ALL
    SELECT seq FROM messages WHERE seq > (SELECT seq FROM listed_up_to)
    AND NOT EXISTS (SELECT 1 FROM settled WHERE settled.seq = messages.seq)
    AND NOT EXISTS (SELECT 1 FROM waiting WHERE waiting.seq = messages.seq);
CREATE INDEX IF NOT EXISTS settled_dead ON settled (at) WHERE status = 'dead';
CREATE TABLE IF NOT EXISTS pulse (id INTEGER PRIMARY KEY, at REAL NOT NULL);
"""
_LETTER_COLUMNS: Final = 9
_KINDS: Final = ("mailbox", "sender", "conversation")
_LIST: Final = (
    "INSERT OR IGNORE INTO listed SELECT 'KIND', KIND, seq FROM messages WHERE seq > ? AND seq <= ? ORDER BY 2, 3"
)
_UNLIST: Final = (
    "DELETE FROM listed WHERE (kind, name, seq) IN"
    " (SELECT 'KIND', KIND, seq FROM messages WHERE seq IN (SELECT value FROM json_each(?)))"
)
_DELETE: Final = (
    *(_UNLIST.replace("KIND", kind) for kind in _KINDS),
    "DELETE FROM settled WHERE seq IN (SELECT value FROM json_each(?))",
    "DELETE FROM messages WHERE seq IN (SELECT value FROM json_each(?))",
)
_STILL_WAITING: Final = (
    "INSERT OR IGNORE INTO waiting (seq, attempts) SELECT seq, 0 FROM messages AS m WHERE seq > ? AND seq <= ?"
    " AND NOT EXISTS (SELECT 1 FROM settled AS s WHERE s.seq = m.seq)"
)
_SETTLED_COLUMNS: Final = 6
_ROWS: Final = 32  # in one statement, see above

LetterRow = tuple[int, str, str, str, int, str, float, float | None, bytes]


@dataclass(slots=True)
class Postponement:
    """A message in backoff: it is due at a POSIX time."""

    seq: int
    attempts: int
    due: float
    error: str


@dataclass(slots=True)
class Changes:
    """What one commit writes. Rows are in the order of their `seq`, which is the order of acceptance."""

    letters: list[LetterRow] = field(default_factory=list)
    postponed: list[Postponement] = field(default_factory=list)
    settled: list[Settlement[int]] = field(default_factory=list)


def open_journal(path: Path, *, full_sync: bool, read_only: bool = False) -> sqlite3.Connection:
    """A connection to the journal at `path`, which is made if need be."""
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=30.0, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        if read_only:
            connection.execute("PRAGMA query_only=ON")
            return connection
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if full_sync else 'NORMAL'}")
        connection.execute("PRAGMA cache_size=-32000")
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("PRAGMA journal_size_limit=67108864")
        _make_tables(connection, path)
    except (sqlite3.Error, OSError) as error:
        raise translated(error, path) from error
    return connection


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StorageUnavailableError(
            f"the journal {path} was written by a newer version of Folkmoot; start that version, or move the file away",
            version=version,
        )
    if version < VERSION:
        connection.executescript(_SCHEMA)
        # A row in `waiting` is then one that goes when its message has ended.
        list_new(connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def translated(error: Exception, path: Path) -> StorageFullError | StorageUnavailableError:
    """A driver's error as one that tells a person what to do."""
    said = str(error)
    if isinstance(error, sqlite3.OperationalError) and ("full" in said or "disk I/O" in said):
        return StorageFullError(f"the disk that holds {path} is full; free some space and send again", path=str(path))
    return StorageUnavailableError(f"the journal {path} cannot be used: {said}", path=str(path))


def commit(connection: sqlite3.Connection, changes: Changes) -> dict[int, First[int]]:
    """Write `changes` in one transaction. Answers which letters had been accepted before, by the `seq` of the new one.

    Raises `sqlite3.Error`; then nothing was written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        firsts = _insert_letters(connection, changes.letters) if changes.letters else {}
        for late in changes.postponed:
            connection.execute(
                "INSERT OR REPLACE INTO waiting (seq, attempts, due, error) VALUES (?, ?, ?, ?)",
                (late.seq, late.attempts, late.due, late.error),
            )
        if changes.settled:
            _insert_settled(connection, changes.settled)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return firsts


def _insert_letters(connection: sqlite3.Connection, rows: Sequence[LetterRow]) -> dict[int, First[int]]:
    inserted = _insert_many(connection, "messages", _LETTER_COLUMNS, rows)
    return _firsts(connection, rows) if inserted != len(rows) else {}


def _firsts(connection: sqlite3.Connection, rows: Sequence[LetterRow]) -> dict[int, First[int]]:
    ids = json.dumps([row[1] for row in rows])
    kept = {
        message_id: First(seq, mailbox)
        for message_id, seq, mailbox in connection.execute(
            "SELECT message_id, seq, mailbox FROM messages WHERE message_id IN (SELECT value FROM json_each(?))", (ids,)
        )
    }
    return {row[0]: kept[row[1]] for row in rows if kept[row[1]].key != row[0]}


def _insert_settled(connection: sqlite3.Connection, ends: Sequence[Settlement[int]]) -> None:
    (listed,) = connection.execute("SELECT seq FROM listed_up_to").fetchone()
    # Handled at once: it has no row there. One that is left there by mistake is not taken for waiting either.
    seqs = [
        end.key for end in ends if end.key <= listed or end.attempts != 1 or end.status is not MessageStatus.HANDLED
    ]
    if seqs:
        connection.execute("DELETE FROM waiting WHERE seq IN (SELECT value FROM json_each(?))", (json.dumps(seqs),))
    rows = [(end.key, end.status.value, end.at, end.attempts, end.error, end.reply) for end in ends]
    _insert_many(connection, "settled", _SETTLED_COLUMNS, rows)


def _insert_many(connection: sqlite3.Connection, table: str, columns: int, rows: Sequence[Sequence[Any]]) -> int:
    inserted, whole = 0, len(rows) - len(rows) % _ROWS
    if whole:
        parts = [_flat(rows[start : start + _ROWS]) for start in range(0, whole, _ROWS)]
        inserted = connection.executemany(_insert(table, columns, _ROWS), parts).rowcount
    if whole < len(rows):
        rest = rows[whole:]
        inserted += connection.execute(_insert(table, columns, len(rest)), _flat(rest)).rowcount
    return inserted


def _flat(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [value for row in rows for value in row]


@lru_cache(maxsize=64)
def _insert(table: str, columns: int, rows: int) -> str:
    values = ",".join([f"({','.join('?' * columns)})"] * rows)
    return f"INSERT OR IGNORE INTO {table} VALUES {values}"  # noqa: S608  # one of two constants


def list_new(connection: sqlite3.Connection) -> None:
    """Bring `listed` and `waiting` up to date."""
    (listed,) = connection.execute("SELECT seq FROM listed_up_to").fetchone()
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM messages").fetchone()
    if last <= listed:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for kind in _KINDS:
            # Sorted, so that a page of the table is written once for all rows that fall on it.
            connection.execute(_LIST.replace("KIND", kind), (listed, last))
        connection.execute(_STILL_WAITING, (listed, last))
        connection.execute("UPDATE listed_up_to SET seq = ?", (last,))


def unlisted(connection: sqlite3.Connection) -> int:
    """About how many messages `list_new` would have to do with."""
    (count,) = connection.execute(
        "SELECT coalesce(max(seq), 0) - (SELECT seq FROM listed_up_to) FROM messages"
    ).fetchone()
    return max(int(count), 0)


def bring_back(connection: sqlite3.Connection, seq: int) -> bool:
    """Make a dead letter wait again with fresh attempts; False if it is none (any more)."""
    # Its row in `waiting` is then one that goes when it is settled.
    list_new(connection)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("DELETE FROM settled WHERE seq = ? AND status = 'dead'", (seq,)).rowcount:
            return False
        connection.execute("INSERT OR REPLACE INTO waiting (seq, attempts) VALUES (?, 0)", (seq,))
    return True


def drop_dead(connection: sqlite3.Connection, seq: int) -> bool:
    """Delete a dead letter; False if it is none (any more)."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("DELETE FROM settled WHERE seq = ? AND status = 'dead'", (seq,)).rowcount:
            return False
        _delete(connection, json.dumps([seq]))
    return True


def _delete(connection: sqlite3.Connection, seqs: str) -> None:
    for statement in _DELETE:
        connection.execute(statement, (seqs,))


def prune(connection: sqlite3.Connection, before: float, after_seq: int, limit: int) -> tuple[int, dict[str, int]]:
    """Delete up to `limit` handled or expired messages settled before a time, starting after `after_seq`.

    Answers the last `seq` looked at (-1 at the end), and how many of each status went.
    """
    looked = connection.execute(
        "SELECT seq, status, at FROM settled WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
    ).fetchall()
    old = [(seq, status) for seq, status, at in looked if at < before and status != "dead"]
    if old:
        seqs = json.dumps([seq for seq, _ in old])
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            _delete(connection, seqs)
    counts: dict[str, int] = {}
    for _, status in old:
        counts[status] = counts.get(status, 0) + 1
    return (looked[-1][0] if len(looked) == limit else -1), counts


def forget_replies(connection: sqlite3.Connection, agent_id: str, intents: Iterable[str]) -> int:
    """Empty the replies of an agent to messages of some intents, in the file too; how many."""
    connection.execute("PRAGMA secure_delete = ON")
    try:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            emptied = connection.execute(
                "UPDATE settled SET reply = NULL WHERE reply IS NOT NULL AND seq IN (SELECT seq FROM messages "
                "WHERE mailbox = ? AND json_extract(CAST(body AS TEXT), '$.intent') "
                "IN (SELECT value FROM json_each(?)))",
                (agent_id, json.dumps(list(intents))),
            ).rowcount
        # The log beside the file has the words as well.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.execute("PRAGMA secure_delete = OFF")
    return emptied


def touch(connection: sqlite3.Connection, at: float) -> None:
    """Write one small row, to learn whether writing works."""
    connection.execute("INSERT OR REPLACE INTO pulse VALUES (1, ?)", (at,))


def seq_list(seqs: Iterable[int]) -> str:
    """A list of `seq` as one bound value, for `json_each`."""
    return json.dumps(list(seqs))
