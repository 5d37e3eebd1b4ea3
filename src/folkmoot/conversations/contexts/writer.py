"""The writer of users' files: each turn once, also when the process is killed in the middle.

A row says up to which turn a file tells, and how many of its characters are right. A turn is put behind those, and
what stood there is cut: it was written by a process that ended before the row said so. Then the row is changed. A file
that grows too large loses its oldest turns first, as a step of its own: such a file is shorter than the row says, and
all of it is right.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple, Protocol

from folkmoot.conversations.archive.markdown import turn
from folkmoot.conversations.contexts.store import keep_place, place_of, turns_after, users_behind
from folkmoot.conversations.model import ChatMessage
from folkmoot.conversations.store import AsyncSession
from folkmoot.kernel import Clock, FolkmootError
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.conversations")
FILE: Final = "conversations.md"
HEAD: Final = "# Conversations\n\n"
_DROPPED: Final = "(Older turns were dropped here: a file has an end.)\n\n"
_KEPT: Final = 0.6  # of the limit, when the oldest turns are dropped
_LONGEST: Final = 30_000  # characters of one message
WAIT: Final = timedelta(seconds=30)
_LONGEST_WAITS: Final = 10  # of those: who talks on and on is written for now and then all the same
_EVERY_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 60.0  # after a fault of the disk, or a full area
_BATCH: Final = 50
_AT_ONCE: Final = 20
_TURNS: Final = 30


class Files(Protocol):
    """Where users' files are: each is whole or as it was whenever the process ends."""

    async def change(self, user: str, name: str, make: Callable[[str | None], str]) -> object:
        """Replace a file by what `make` answers of it (None if there is none); nobody else changes it meanwhile."""
        ...


class _Due(NamedTuple):
    """When a file is to be written: then, if nothing else settles, and at the latest."""

    at: float
    latest: float


class ContextFiles:
    """Keeps the files of one database's users in step from `start()` to `stop()`.

    `most_bytes` is how large a file may become. A file is written as a whole each time, so that it is when nothing has
    settled for `wait`, or ten times that after the first turn it lacks. `alone`: no other process shares the database;
    others, which must then share the files too, are kept out by a lock on the row while one of them writes.
    """

    def __init__(
        self, *, database: Database, clock: Clock, files: Files, most_bytes: int, alone: bool, wait: timedelta = WAIT
    ) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._most = most_bytes
        self._alone = alone
        self._wait = wait.total_seconds()
        self._behind: dict[str, _Due] = {}
        self._one_at_a_time = asyncio.Lock()
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Write what an earlier process left, and go on as answers settle."""
        async with self._database.read() as session:
            self._behind |= dict.fromkeys(await users_behind(session), _Due(0.0, 0.0))
        self._writing = asyncio.create_task(self._write_on(), name="conversation-files")

    async def stop(self) -> None:
        """Write no more; the rest is written after the next start."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    def settled(self, answer: ChatMessage) -> None:
        """Take note that there is something to write; never waits."""
        now = self._clock.monotonic()
        before = self._behind.get(answer.user_id)
        latest = before.latest if before is not None else now + self._wait * _LONGEST_WAITS
        self._behind[answer.user_id] = _Due(min(now + self._wait, latest), latest)

    async def catch_up(self, user_id: str) -> None:
        """Let a user's file tell of every answer that has settled. Raises what the files are wrong in."""
        async with self._one_at_a_time:
            # Before the writing: an answer that settles meanwhile puts it back.
            due = self._behind.pop(user_id, None)
            try:
                while await self._write(user_id):
                    pass
            except BaseException:
                if due is not None:
                    self._behind.setdefault(user_id, due)
                raise

    async def refresh(self, user_id: str) -> None:
        """The same, where the file is to be shown as it is if it cannot be written now; that is logged."""
        try:
            await self.catch_up(user_id)
        except FolkmootError as error:
            again = self._clock.monotonic() + _AGAIN_SECONDS
            self._behind[user_id] = _Due(again, again)
            _log.warning("conversation_file_not_written", user_id=user_id, error=error.message)

    async def write_all(self) -> None:
        """Write for those whose time has come; whose file cannot be written is tried again later.

        Where they are many, the others follow the next times: answers are made meanwhile.
        """
        now = self._clock.monotonic()
        due = [user_id for user_id, when in self._behind.items() if when.at <= now]
        for user_id in due[: max(_AT_ONCE, len(due) // _TURNS)]:
            await self.refresh(user_id)

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.write_all()
            except Exception:  # noqa: BLE001  # without this loop no file would be written any more; it is logged
                _log.exception("conversation_files_not_written")

    async def _write(self, user_id: str) -> bool:
        """Write some turns; whether there may be more."""
        if not self._alone:
            async with self._database.write() as session:
                return await self._write_within(session, session, user_id)
        async with self._database.read() as session:
            return await self._write_within(session, None, user_id)

    async def _write_within(self, reading: AsyncSession, writing: AsyncSession | None, user_id: str) -> bool:
        place = await place_of(reading, user_id, lock=writing is not None)
        if place is None:
            return False
        seq, length = place
        turns, last, more = await turns_after(reading, user_id, after=seq, limit=_BATCH)
        if last == seq:
            return False
        text, reached = "", seq
        for question, answer in turns:
            one = turn(question, answer, longest=min(_LONGEST, self._most // 40))
            if text and len((text + one).encode()) > self._most // 4:
                more = True  # the rest is for the next time
                break
            text, reached = text + one, answer.seq or reached
        else:
            reached = last
        if text:
            shorter = await self._made_room(user_id, length, text)
            if shorter is not None:
                await self._keep(writing, user_id, seq=seq, length=shorter)
                return True
            length = await self._changed(user_id, lambda before: _appended(before, length, text))
        await self._keep(writing, user_id, seq=reached, length=length)
        return more

    async def _made_room(self, user_id: str, length: int, text: str) -> int | None:
        """Drop the oldest turns where the text would not fit; how many characters are left, None if it fits.

        What is left is to be kept in the row before anything is appended: see above.
        """
        most = self._most - len(text.encode())
        if length * 4 <= most:  # no character has more bytes
            return None
        dropped: list[bool] = []

        def shorter(before: str | None) -> str:
            kept = before[:length] if before else HEAD
            if len(kept.encode()) <= most:
                return kept
            dropped.append(True)
            return _without_oldest(kept, int(self._most * _KEPT))

        left = await self._changed(user_id, shorter)
        return left if dropped else None

    async def _changed(self, user_id: str, make: Callable[[str | None], str]) -> int:
        lengths: list[int] = []

        def noted(before: str | None) -> str:
            after = make(before)
            lengths.append(len(after))
            return after

        await self._files.change(user_id, FILE, noted)
        return lengths[-1]

    async def _keep(self, writing: AsyncSession | None, user_id: str, *, seq: int, length: int) -> None:
        if writing is not None:
            await keep_place(writing, user_id, seq=seq, length=length)
            return
        async with self._database.write() as session:
            await keep_place(session, user_id, seq=seq, length=length)


def _appended(before: str | None, length: int, text: str) -> str:
    return f"{before[:length] if before else HEAD}{text}"


def _without_oldest(text: str, most: int) -> str:
    """The last `most` bytes of it, from the beginning of a turn."""
    room = most - len(HEAD) - len(_DROPPED)
    rest = text.encode()[-room:].decode("utf-8", "ignore") if room > 0 else ""
    _, found, turns = rest.partition("\n## ")
    return f"{HEAD}{_DROPPED}{'## ' + turns if found else ''}"
