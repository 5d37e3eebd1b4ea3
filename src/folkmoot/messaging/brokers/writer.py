"""The one thread that writes the journal, in groups.

What the loop submits within one of its rounds goes over as one batch; batches that gather while the thread commits are
committed together; the loop hears of a whole commit by one call. A commit that fails refuses its sends. Its
acknowledgements are owed: they belong to work that was done, so they are kept here and written with the next commit
that succeeds.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from folkmoot.messaging.brokers.ending import First, Settlement
from folkmoot.messaging.brokers.journal import (
    Changes,
    LetterRow,
    Postponement,
    commit,
    list_new,
    open_journal,
    translated,
    unlisted,
)
from folkmoot.messaging.brokers.mailboxes import Mailbox
from folkmoot.messaging.brokers.write import Written
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import BrokerStoppedError
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
T = TypeVar("T")
# Rows in one transaction: enough for full speed, few enough that nobody waits long for theirs.
_LARGEST_COMMIT: Final = 4096
_OWED_RETRY_SECONDS: Final = 0.25
# How many messages may be unlisted, so that who asks for a list waits for a few hundredths of a second at most; and
# from how many on they are listed as soon as there was nothing else to do for a moment.
_UNLISTED: Final = 10_000
_WORTH_LISTING: Final = 256
_IDLE_SECONDS: Final = 0.1


@dataclass(slots=True)
class Letter:
    """A message on its way into the journal; `sender` hears how that went.

    `kept` is what its mailbox has at hand of it.
    """

    row: LetterRow
    message: AgentMessage
    mailbox: Mailbox
    sender: "LetterSender"
    kept: Written | bytes


@dataclass(slots=True)
class Batch:
    """What was submitted together."""

    letters: list[Letter] = field(default_factory=list)
    postponed: list[Postponement] = field(default_factory=list)
    settled: list[Settlement[int]] = field(default_factory=list)

    def add(self, other: "Batch") -> None:
        """Append what `other` holds."""
        self.letters += other.letters
        self.postponed += other.postponed
        self.settled += other.settled

    def __len__(self) -> int:
        return len(self.letters) + len(self.postponed) + len(self.settled)


@dataclass(slots=True)
class _Call:
    act: Callable[[sqlite3.Connection], Any]
    answer: Future[Any]


class LetterSender(Protocol):
    """Who waits for a letter to be accepted."""

    def accepted(self, first: First[int] | None) -> None:
        """The journal has it; `first` is the message that had this id before."""
        ...

    def failed(self, fault: Exception) -> None:
        """The journal does not have it."""
        ...


class Committed(Protocol):
    """What is told, in the loop, of a commit: the batch, and which letters had come before."""

    def __call__(self, batch: Batch, firsts: dict[int, First[int]], /) -> None: ...


class Refused(Protocol):
    """What is told, in the loop, of letters that could not be written."""

    def __call__(self, letters: list[Letter], error: Exception, /) -> None: ...


class Writer:
    """Takes batches in the loop, commits them in its thread, reports back in the loop."""

    def __init__(self, *, path: Path, full_sync: bool) -> None:
        self._path = path
        self._full_sync = full_sync
        self._committed: Committed | None = None
        self._refused: Refused | None = None
        self._queue: queue.SimpleQueue[Batch | _Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outbox = Batch()
        self._flush_is_due = False
        self._ahead: _Call | None = None
        self._unlisted = 0
        self._ending = False

    async def start(self, *, committed: Committed, refused: Refused) -> None:
        """Open the journal and begin. Raises `StorageUnavailableError` or `StorageFullError`."""
        self._committed, self._refused = committed, refused
        self._loop = asyncio.get_running_loop()
        connection = await asyncio.to_thread(open_journal, self._path, full_sync=self._full_sync)
        self._ending = False
        self._thread = threading.Thread(target=self._run, args=(connection,), name="folkmoot-journal", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Write what was submitted, then close."""
        if self._thread is None:
            return
        self._flush()
        self._queue.put(None)
        thread, self._thread = self._thread, None
        await asyncio.to_thread(thread.join)
        # The last reports are in the loop's queue: let them be heard before the broker is gone.
        await asyncio.sleep(0)

    def submit_letter(self, letter: Letter) -> None:
        """Accept a letter in the next commit."""
        self._outbox.letters.append(letter)
        if not self._flush_is_due:
            self._schedule()

    def submit_settled(self, settlement: Settlement[int]) -> None:
        """Record the end of a message in the next commit that succeeds."""
        self._outbox.settled.append(settlement)
        if not self._flush_is_due:
            self._schedule()

    def submit_postponed(self, postponement: Postponement) -> None:
        """Record a backoff in the next commit that succeeds."""
        self._outbox.postponed.append(postponement)
        if not self._flush_is_due:
            self._schedule()

    async def call(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Run `act` on the writing connection, after everything submitted before."""
        if self._thread is None:
            raise BrokerStoppedError("the broker is not running; start it before you change its journal")
        self._flush()
        answer: Future[T] = Future()
        self._queue.put(_Call(act, answer))
        return await asyncio.wrap_future(answer)

    def _schedule(self) -> None:
        assert self._loop is not None
        self._flush_is_due = True
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        if len(self._outbox):
            batch, self._outbox = self._outbox, Batch()
            self._queue.put(batch)

    # What follows runs in the thread.

    def _run(self, connection: sqlite3.Connection) -> None:
        owed = Batch()
        with contextlib.suppress(sqlite3.Error):
            self._unlisted = unlisted(connection)
        with contextlib.closing(connection):
            while not self._ending:
                batch = self._gather(owed)
                if len(batch):
                    owed = self._write(connection, batch)
                elif self._ahead is None and self._unlisted >= _WORTH_LISTING:
                    self._list(connection)
                if self._ahead is not None:
                    call, self._ahead = self._ahead, None
                    self._answer(connection, call)
        if len(owed):
            _log.warning("acknowledgements_not_written", count=len(owed), journal=str(self._path))

    def _gather(self, owed: Batch) -> Batch:
        """Wait for work; whatever is there by then is one batch. A call or the end closes it."""
        batch = owed
        wait: float | None = None
        if len(owed):
            wait = _OWED_RETRY_SECONDS
        elif self._unlisted >= _WORTH_LISTING:
            wait = _IDLE_SECONDS
        while len(batch) < _LARGEST_COMMIT:
            try:
                work = self._queue.get(timeout=wait) if wait is None or wait > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if isinstance(work, Batch):
                batch.add(work)
            else:
                self._ahead = work
                self._ending = work is None
                break
            wait = 0
        return batch

    def _write(self, connection: sqlite3.Connection, batch: Batch) -> Batch:
        """Commit; answers what is owed afterwards."""
        try:
            firsts = commit(
                connection, Changes([letter.row for letter in batch.letters], batch.postponed, batch.settled)
            )
        except (sqlite3.Error, ValueError, OverflowError) as error:
            # The latter two are values that SQLite does not take: the thread must outlive them.
            fault = translated(error, self._path)
            _log.error("journal_write_failed", error=fault.message, refused=len(batch.letters))
            if batch.letters:
                self._tell(self._refused, batch.letters, fault)
            return Batch([], batch.postponed, batch.settled)
        self._tell(self._committed, batch, firsts)
        self._unlisted += len(batch.letters)
        if self._unlisted >= _UNLISTED:
            self._list(connection)
        return Batch()

    def _list(self, connection: sqlite3.Connection) -> None:
        self._unlisted = 0
        try:
            list_new(connection)
        except sqlite3.Error as error:
            # Nothing is lost: the next time, or whoever asks for a list, makes up for it.
            _log.error("journal_listing_failed", error=translated(error, self._path).message)

    def _answer(self, connection: sqlite3.Connection, call: _Call) -> None:
        try:
            call.answer.set_result(call.act(connection))
        except sqlite3.Error as error:
            call.answer.set_exception(translated(error, self._path))
        except Exception as error:  # noqa: BLE001  # whoever called gets it; the thread must go on
            call.answer.set_exception(error)

    def _tell(self, hear: Callable[..., None] | None, *arguments: object) -> None:
        assert self._loop is not None
        assert hear is not None
        # A closed loop has nobody left to tell: what was committed is found at the next start.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(hear, *arguments)
