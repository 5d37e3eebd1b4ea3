"""Writing to the log and following it.

Followers hold no queue: each re-reads the table from the last id it passed on, so a slow reader costs no memory and a
reader that comes back with an id misses nothing. They are woken by commits of this process, each by those of its types,
and, for what other processes commit, by one poll that they share.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from folkmoot.events.errors import BadEventError
from folkmoot.events.model import Event, News
from folkmoot.events.store import (
    Transaction,
    delete_before,
    insert_now,
    insert_rows,
    record,
    select_events,
    select_latest_id,
)
from folkmoot.kernel import Clock, FolkmootError
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

POLL = timedelta(seconds=0.5)
_BATCH = 500
_log = get_logger("folkmoot.events")


class EventLog:
    """The log of one database. `poll`: how soon events of other processes are seen."""

    def __init__(self, *, database: Database, clock: Clock, poll: timedelta = POLL) -> None:
        self._database = database
        self._clock = clock
        self._poll = poll.total_seconds()
        self._followers: dict[asyncio.Event, Collection[str] | None] = {}
        self._poller: asyncio.Task[None] | None = None

    async def record(
        self,
        session: Transaction,
        type: str,  # noqa: A002  # the field's name
        subject: str,
        data: Mapping[str, Any],
        *,
        at: datetime | None = None,
    ) -> None:
        """Record an event in the caller's `database.write()` transaction: it is kept if and only if that commits.

        `at`: when it happened, if that was not now.

        Raises `BadEventError` at once if `data` is not JSON or the session is in a savepoint.
        """
        row = self._row(type, subject, data)
        record(session, row if at is None else row | {"timestamp": at}, committed=self._wake)

    async def append(self, type: str, subject: str, data: Mapping[str, Any]) -> Event:  # noqa: A002  # the field's name
        """Record an event in a transaction of its own."""
        row = self._row(type, subject, data)
        async with self._database.write() as session:
            event_id = await insert_now(session, row)
        self._wake({type})
        return Event(id=event_id, **row)

    async def tell(self, news: Sequence[News]) -> None:
        """Record news in this order, in a transaction of its own."""
        if not news:
            return
        rows = [self._row(one.type, one.subject, one.data) | ({"timestamp": one.at} if one.at else {}) for one in news]
        await self._database.run(partial(insert_rows, rows=rows, alone=self._database.is_sqlite))
        self._wake({one.type for one in news})

    async def read(
        self, *, after: int = 0, types: Collection[str] | None = None, subject: str | None = None, limit: int = 500
    ) -> list[Event]:
        """The first `limit` events with an id above `after`, oldest first; only these `types`, only this `subject`."""
        async with self._database.read() as session:
            return await select_events(session, after=after, types=types, subject=subject, limit=limit)

    async def latest_id(self) -> int:
        """The id of the newest event, 0 if there is none."""
        async with self._database.read() as session:
            return await select_latest_id(session)

    async def follow(
        self, *, after: int | None = None, types: Collection[str] | None = None, subject: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """Every event with an id above `after`, then each new one as it commits, without end, gap or repetition.

        None means from now on: from the moment the iteration starts. Close it (`contextlib.aclosing`) when done.
        """
        async with self._woken(types) as wake:
            position = await self.latest_id() if after is None else after
            while True:
                wake.clear()
                async with self._database.read() as session:
                    # What is visible ends at `newest`: with a filter the position moves past all that did not fit.
                    newest = await select_latest_id(session)
                    batch = await select_events(
                        session, after=position, up_to=newest, types=types, subject=subject, limit=_BATCH
                    )
                for event in batch:
                    yield event
                if len(batch) == _BATCH:
                    position = batch[-1].id
                else:
                    position = max(position, newest)
                    await wake.wait()

    async def prune(self, *, older_than: timedelta) -> int:
        """Delete events older than that; how many. Followers simply go on; ids are not used again."""
        async with self._database.write() as session:
            return await delete_before(session, self._clock.now() - older_than)

    def _row(self, type: str, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002  # the field's name
        try:
            # The copy also protects the log from a caller who goes on changing the object until the commit.
            copy = json.loads(json.dumps(dict(data), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise BadEventError(f"the data of event '{type}' is not JSON: {error}", type=type) from error
        return {"type": type, "subject": subject, "data": copy, "timestamp": self._clock.now()}

    def _wake(self, types: Collection[str] | None = None) -> None:
        """Wake who follows one of these types; None: everybody."""
        for follower, followed in self._followers.items():
            if types is None or followed is None or not set(types).isdisjoint(followed):
                follower.set()

    @asynccontextmanager
    async def _woken(self, types: Collection[str] | None) -> AsyncIterator[asyncio.Event]:
        wake = asyncio.Event()
        self._followers[wake] = types
        if self._poller is None:
            self._poller = asyncio.create_task(self._watch_others(), name="events-poll")
        try:
            yield wake
        finally:
            del self._followers[wake]
            if not self._followers and self._poller is not None:
                poller, self._poller = self._poller, None
                poller.cancel()
                # What it reads with is given back before whoever closes the database does.
                await asyncio.gather(poller, return_exceptions=True)

    async def _watch_others(self) -> None:
        seen = 0
        while True:
            try:
                newest = await self.latest_id()
            except FolkmootError as error:
                # The database is away; followers find out by themselves when they read, this watch just goes on.
                _log.warning("events cannot be read", error=error.message)
            else:
                if newest != seen:
                    seen = newest
                    self._wake()
            await asyncio.sleep(self._poll)
