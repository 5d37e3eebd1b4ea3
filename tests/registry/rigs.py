"""What the registry suite needs of an implementation: one, and another process beside it."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Protocol

from folkmoot.events import Event, EventLog
from folkmoot.events.relay import Drain
from folkmoot.kernel import SimulatedClock
from folkmoot.link import Keys, Link
from folkmoot.registry import AgentInfo, Registry
from folkmoot.registry.on_database import DatabaseRegistry
from folkmoot.registry.on_redis import RedisRegistry
from folkmoot.storage import Database

BEAT = timedelta(seconds=5)


class Told(Protocol):
    """The log of events, with everything in it that was told until now."""

    async def read(
        self, *, after: int = 0, types: Collection[str] | None = None, subject: str | None = None
    ) -> list[Event]: ...

    async def latest_id(self) -> int: ...


class Rig(Protocol):
    """One implementation under test. `database` is the one that tasks are kept in."""

    registry: Registry
    database: Database
    clock: SimulatedClock
    events: Told

    def another(self) -> Registry:
        """The same registry as another process sees it."""
        ...

    async def settle(self) -> None:
        """Let what follows a commit have happened."""
        ...


class OnDatabase:
    """The registry on the database."""

    def __init__(self, database: Database, clock: SimulatedClock) -> None:
        self.database = database
        self.clock = clock
        self._log = EventLog(database=database, clock=clock)
        self.events: Told = self._log
        self.registry: Registry = self.another()

    def another(self) -> Registry:
        return DatabaseRegistry(database=self.database, clock=self.clock, events=self._log, heartbeat_interval=BEAT)

    async def settle(self) -> None:
        """Everything is in the transaction."""


class OnRedis:
    """The registry on Redis, with a server that reads its events into the log."""

    def __init__(self, link: Link, database: Database, clock: SimulatedClock) -> None:
        self.link = link
        self.keys = Keys("tests")
        self.database = database
        self.clock = clock
        self._here = self._open()
        self.registry: Registry = self._here
        log = EventLog(database=database, clock=clock)
        self.drain = Drain(link=link, key=self.keys.registry("news"), database=database, events=log, clock=clock)
        self.events: Told = DrainedLog(log, self.drain)

    def another(self) -> Registry:
        return self._open()

    async def settle(self) -> None:
        await self._here.close()

    def _open(self) -> RedisRegistry:
        return RedisRegistry(link=self.link, keys=self.keys, clock=self.clock, heartbeat_interval=BEAT)


class DrainedLog:
    """A log that first takes in what has come."""

    def __init__(self, log: EventLog, drain: Drain) -> None:
        self._log = log
        self._drain = drain

    async def read(
        self, *, after: int = 0, types: Collection[str] | None = None, subject: str | None = None
    ) -> list[Event]:
        await self._drain.read()
        return await self._log.read(after=after, types=types, subject=subject)

    async def latest_id(self) -> int:
        await self._drain.read()
        return await self._log.latest_id()


def agent(agent_id: str, **fields: Any) -> AgentInfo:
    """An agent with the fields that a test cares about."""
    return AgentInfo(**{"agent_id": agent_id, "name": agent_id.title(), **fields})
