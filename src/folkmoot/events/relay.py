"""The way of events from processes without the database: a stream in Redis, which servers read into the log.

Whoever has no database, such as a host of agents on another machine, pushes what happened (`Relay`), or lets a script
push it in the step that changes something. Each server reads the stream (`Drain`). How far it was read is a row that
moves in the transaction that records the events: servers that read at the same time, or die in between, record each
event once, and in the order of the stream. The stream is bounded: where no server reads for long, the oldest goes.
"""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from folkmoot.events.errors import BadEventError
from folkmoot.events.log import EventLog
from folkmoot.events.model import News
from folkmoot.events.store import lock_position, move_position, read_position
from folkmoot.events.tables import LONGEST_SUBJECT, LONGEST_TYPE
from folkmoot.kernel import Clock, FolkmootError
from folkmoot.link import Link
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

LONGEST: Final = 100_000
FIELD: Final = "news"
BATCH: Final = 500
WAIT_SECONDS: Final = 1.0
_log = get_logger("folkmoot.events")
Result = TypeVar("Result")


class Relay:
    """Pushes to one stream. `key`: its name in Redis. A push whose answer was lost may be told twice."""

    def __init__(self, *, link: Link, key: str, clock: Clock, longest: int = LONGEST) -> None:
        self.key = key
        self.longest = longest
        self._link = link
        self._clock = clock

    async def tell(self, news: Sequence[News]) -> None:
        """Push it. Raises `BadEventError`, `LinkDownError`."""
        if not news:
            return
        packed = [pack(one, now=self._clock.now()) for one in news]
        with self._link.faults():
            pipe = self._link.client.pipeline(transaction=False)
            for one in packed:
                pipe.xadd(self.key, {FIELD: one}, maxlen=self.longest, approximate=True)
            await pipe.execute()


class Drain:
    """Reads a relay's stream into the log, from `start()` to `stop()`; any number of servers may do so at once."""

    def __init__(self, *, link: Link, key: str, database: Database, events: EventLog, clock: Clock) -> None:
        self._link = link
        self._key = key
        self._database = database
        self._events = events
        self._clock = clock
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; twice is once."""
        if self._task is None:
            self._ending.clear()
            self._task = asyncio.create_task(self._read_on(), name="events-drain")

    async def stop(self) -> None:
        """Record what is there, and end."""
        task, self._task = self._task, None
        if task is None:
            return
        self._ending.set()
        await task
        try:
            await self.read()
        except FolkmootError as error:
            # It stays in the stream, for the next server that reads.
            _log.warning("relayed_events_wait", error=error.message)

    async def read(self) -> int:
        """Record all that is there now; how many events. Raises `LinkDownError` and faults of the database."""
        async with self._database.read() as session:
            position = await read_position(session, self._key)
        count = 0
        while batch := await self._pull(position, wait=False):
            recorded, position = await self._record(batch)
            count += recorded
        return count

    async def _read_on(self) -> None:
        position: str | None = None
        while not self._ending.is_set():
            try:
                if position is None:
                    async with self._database.read() as session:
                        position = await read_position(session, self._key)
                if batch := await self._until_the_end(self._pull(position, wait=True)):
                    _, position = await self._record(batch)
            except FolkmootError as error:
                # Redis or the database is away for a moment; what is in the stream waits.
                _log.warning("relayed_events_wait", error=error.message)
                position = None
                await self._until_the_end(asyncio.sleep(WAIT_SECONDS))

    async def _until_the_end(self, act: Coroutine[Any, Any, Result]) -> Result | None:
        """What `act` gives, None if this ends first. Nothing but waiting is ever broken off, no transaction is."""
        acting = asyncio.create_task(act)
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait({acting, ending}, return_when=asyncio.FIRST_COMPLETED)
            return acting.result() if acting.done() else None
        finally:
            for one in (acting, ending):
                one.cancel()
            await asyncio.gather(acting, ending, return_exceptions=True)

    async def _pull(self, position: str, *, wait: bool) -> list[tuple[str, bytes]]:
        with self._link.faults():
            found: Any = await self._link.client.xread(
                {self._key: position}, count=BATCH, block=int(WAIT_SECONDS * 1000) if wait else None
            )
        entries = found[0][1] if found else []  # of the one stream that was asked for
        return [(entry_id.decode(), fields.get(FIELD.encode(), b"")) for entry_id, fields in entries]

    async def _record(self, batch: Sequence[tuple[str, bytes]]) -> tuple[int, str]:
        """Record what no other server has recorded; how many that were, and where to go on."""
        async with self._database.write() as session:
            reached = await lock_position(session, self._key, self._clock.now())
            fresh = [(entry, packed) for entry, packed in batch if place(entry) > place(reached)]
            for entry, packed in fresh:
                try:
                    news = unpack(packed)
                    await self._events.record(session, news.type, news.subject, news.data, at=news.at)
                except BadEventError as error:
                    _log.error("relayed_event_unreadable", entry=entry, error=error.message)
            position = max(reached, batch[-1][0], key=place)
            if fresh:
                await move_position(session, self._key, position, self._clock.now())
        with self._link.faults():
            # What is recorded for good is not needed any more; the next number stays where it is.
            await self._link.client.xtrim(self._key, minid=_after(position), approximate=False)
        return len(fresh), position


def pack(news: News, *, now: datetime) -> bytes:
    """As it travels. Raises `BadEventError` if its data is no JSON."""
    at = (news.at or now).isoformat()
    try:
        return json.dumps(
            {"type": news.type, "subject": news.subject, "data": dict(news.data), "at": at}, allow_nan=False
        ).encode()
    except (TypeError, ValueError) as error:
        raise BadEventError(f"the data of event '{news.type}' is not JSON: {error}", type=news.type) from error


def unpack(packed: bytes) -> News:
    """What `pack` made. Raises `BadEventError`."""
    try:
        value = json.loads(packed)
        news = News(
            type=value["type"], subject=value["subject"], data=value["data"], at=datetime.fromisoformat(value["at"])
        )
        fits = 0 < len(news.type) <= LONGEST_TYPE and len(news.subject) <= LONGEST_SUBJECT
    except (ValueError, KeyError, TypeError) as error:
        raise BadEventError(f"an event that came over Redis cannot be read: {error}") from error
    if not fits:  # what the table would refuse must not hold up what comes after it
        raise BadEventError("an event that came over Redis has a type or subject that is too long")
    return news


def place(entry: str) -> tuple[int, int]:
    """The order of the stream: `1767603600000-3` comes after `1767603600000-2`."""
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number or 0)


def _after(entry: str) -> str:
    milliseconds, number = place(entry)
    return f"{milliseconds}-{number + 1}"
