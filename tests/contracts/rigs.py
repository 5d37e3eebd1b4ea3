"""What the broker suite needs of an implementation: one that can be started, and killed without warning."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from folkmoot.kernel import SimulatedClock
from folkmoot.link import Link, Place
from folkmoot.messaging import AgentMessage, Broker, MessagePayload, Priority
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.brokers.memory.broker import InMemoryBroker
from folkmoot.messaging.brokers.redis.broker import RedisBroker
from folkmoot.messaging.middleware import Expiry, Middleware, Retry
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database
from tests.redis_server import RedisServer

RETRY = RetryPolicy(attempts=3, first_delay=timedelta(seconds=1), factor=2, jitter=0)
USUAL: Sequence[Middleware] = (Expiry(), Retry(RETRY))
MAILBOX_LIMIT = 50
MAX_BYTES = 20_000
PATIENCE = timedelta(seconds=30)
HEARTBEAT = timedelta(seconds=0.1)


class StaffList:
    """A directory with a fixed answer for each selector."""

    def __init__(self) -> None:
        self.staff: dict[str, list[str]] = {}
        self.refused: set[tuple[str, str | None]] = set()

    async def fitting(self, selector: str, *, sender: str | None = None) -> Sequence[str]:
        """Who was entered for `selector`, and does not refuse the sender."""
        return [one for one in self.staff.get(selector, []) if (one, sender) not in self.refused]


class Rig(Protocol):
    """One implementation under test."""

    broker: Broker
    clock: SimulatedClock
    directory: StaffList

    async def start(self) -> None:
        """Make and start the broker."""
        ...

    async def crash(self) -> None:
        """Go on with a new broker that knows what the old one would have left behind if it had been killed now."""
        ...

    async def revive(self) -> None:
        """Crash, where that is survived; else stop and start again in the same process."""
        ...

    async def stop(self) -> None:
        """End the test."""
        ...

    async def restart(self, middleware: Sequence[Middleware]) -> None:
        """Go on with the same messages and other middleware."""
        ...

    async def kept(self) -> bytes:
        """Everything that is kept, wherever it is."""
        ...

    async def tamper(self, message_id: str, old: bytes, new: bytes) -> None:
        """Change what is kept of a message behind the broker's back."""
        ...


class EmbeddedRig:
    """The embedded broker. A crash is a copy of its files: that is all a killed process leaves."""

    broker: Broker

    def __init__(self, folder: Path, clock: SimulatedClock, database: Database) -> None:
        self.clock = clock
        self.directory = StaffList()
        self.database = database
        self._folder = folder
        self._lives = 0
        self._middleware: Sequence[Middleware] = USUAL

    async def start(self) -> None:
        """Make and start the broker."""
        self.broker = EmbeddedBroker(
            journal=self._folder / f"life-{self._lives}" / "journal.db",
            clock=self.clock,
            inbox=Inbox(database=self.database, clock=self.clock),
            directory=self.directory,
            middleware=self._middleware,
            mailbox_limit=MAILBOX_LIMIT,
            max_message_bytes=MAX_BYTES,
        )
        await self.broker.start()

    async def restart(self, middleware: Sequence[Middleware]) -> None:
        """Start anew on the same journal."""
        await self.broker.stop()
        self._middleware = middleware
        await self.start()

    async def kept(self) -> bytes:
        """The journal's files, with what its log has."""
        files = (self._folder / f"life-{self._lives}").iterdir()
        return await asyncio.to_thread(lambda: b"".join(file.read_bytes() for file in files))

    async def tamper(self, message_id: str, old: bytes, new: bytes) -> None:
        """Rewrite the body in the journal; the broker is not running meanwhile."""
        await self.broker.stop()
        with closing(sqlite3.connect(self._folder / f"life-{self._lives}" / "journal.db")) as journal, journal:
            (body,) = journal.execute("SELECT body FROM messages WHERE message_id = ?", (message_id,)).fetchone()
            assert old in body
            journal.execute("UPDATE messages SET body = ? WHERE message_id = ?", (body.replace(old, new), message_id))
        await self.start()

    async def crash(self) -> None:
        """Copy the files as they are, then go on with the copy."""
        old, self._lives = self._folder / f"life-{self._lives}", self._lives + 1
        await asyncio.to_thread(shutil.copytree, old, self._folder / f"life-{self._lives}")
        await self.broker.stop()
        await self.start()

    async def revive(self) -> None:
        """Crash."""
        await self.crash()

    async def stop(self) -> None:
        """End the test."""
        await self.broker.stop()


class MemoryRig:
    """The broker in memory. It does not outlive its process: what needs that is not asked of it (mark `durable`)."""

    broker: Broker

    def __init__(self, clock: SimulatedClock, database: Database) -> None:
        self.clock = clock
        self.directory = StaffList()
        self.database = database
        self._middleware: Sequence[Middleware] = USUAL

    async def start(self) -> None:
        """Make and start the broker."""
        self.broker = self._memory = InMemoryBroker(
            clock=self.clock,
            inbox=Inbox(database=self.database, clock=self.clock),
            directory=self.directory,
            middleware=self._middleware,
            mailbox_limit=MAILBOX_LIMIT,
            max_message_bytes=MAX_BYTES,
        )
        await self.broker.start()

    async def restart(self, middleware: Sequence[Middleware]) -> None:
        """Start anew, with nothing."""
        await self.broker.stop()
        self._middleware = middleware
        await self.start()

    async def kept(self) -> bytes:
        """The messages and replies in memory, as they are there."""
        kept = self._memory._shelf._by_id.values()
        ends = [item.settlement for item in kept if item.settlement is not None]
        return b"".join([item.written.body for item in kept] + [end.reply or b"" for end in ends])

    async def tamper(self, message_id: str, old: bytes, new: bytes) -> None:  # noqa: ARG002  # see `Rig`
        """Nobody else has a hand in this memory."""
        raise AssertionError(f"what is in memory cannot be rewritten ({message_id}): mark this test `durable`")

    async def crash(self) -> None:
        """Not survived."""
        raise AssertionError("a broker in memory does not survive a crash: mark this test `durable`")

    async def revive(self) -> None:
        """Stop and start again: what was accepted is kept as long as the broker."""
        await self.broker.stop()
        await self.broker.start()

    async def stop(self) -> None:
        """End the test."""
        await self.broker.stop()


class RedisRig:
    """The broker on Redis. A crash cuts the line: what was not said by then is never said."""

    broker: Broker

    def __init__(
        self, url: str, clock: SimulatedClock, database: Database, *, heartbeat: timedelta = HEARTBEAT
    ) -> None:
        self.clock = clock
        self.directory = StaffList()
        self.database = database
        self.url = url
        self._heartbeat = heartbeat
        self._place = Place.of(url)
        self._middleware: Sequence[Middleware] = USUAL

    async def start(self) -> None:
        """Connect anew and start."""
        self.link = Link(self._place)
        self.broker = self._redis = RedisBroker(
            link=self.link,
            clock=self.clock,
            inbox=Inbox(database=self.database, clock=self.clock),
            directory=self.directory,
            middleware=self._middleware,
            mailbox_limit=MAILBOX_LIMIT,
            max_message_bytes=MAX_BYTES,
            heartbeat=self._heartbeat,
        )
        await self.broker.start()

    async def restart(self, middleware: Sequence[Middleware]) -> None:
        """Leave, and come back."""
        await self.stop()
        self._middleware = middleware
        await self.start()

    async def kept(self) -> bytes:
        """Every key with its value, as Redis would hand it to another Redis."""
        found = []
        async for key in self.link.client.scan_iter():
            found += [key, await self._plain(key)]
        return b"\n".join(found)

    async def tamper(self, message_id: str, old: bytes, new: bytes) -> None:
        """Rewrite the body in the record."""
        client: Any = self.link.client
        async for key in client.scan_iter(f"*:m:{message_id}"):
            body = await client.hget(key, "b")
            assert old in body
            await client.hset(key, "b", body.replace(old, new))

    async def _plain(self, key: bytes) -> bytes:
        client: Any = self.link.client
        match await client.type(key):
            case b"hash":
                return repr(await client.hgetall(key)).encode()
            case b"stream":
                return repr(await client.xrange(key)).encode()
            case b"list":
                return repr(await client.lrange(key, 0, -1)).encode()
            case b"zset":
                return repr(await client.zrange(key, 0, -1)).encode()
            case b"set":
                return repr(await client.smembers(key)).encode()
            case _:
                return repr(await client.get(key)).encode()

    async def crash(self) -> None:
        """Cut the line, forget the broker, go on with another: the lanes of the first are taken over."""
        await self._redis._pipe.close()
        await self.broker.stop()
        await self.link.close()
        await self.start()

    async def revive(self) -> None:
        """Crash."""
        await self.crash()

    async def stop(self) -> None:
        """End the test."""
        await self.broker.stop()
        await self.link.close()


class KilledRedisRig(RedisRig):
    """The same on a Redis that writes down whatever it acknowledges; a crash kills the server as well."""

    def __init__(self, server: RedisServer, clock: SimulatedClock, database: Database) -> None:
        super().__init__(server.url, clock, database)
        self._server = server

    async def crash(self) -> None:
        """Kill Redis and the process that used it, and go on with what Redis wrote."""
        await asyncio.to_thread(self._server.kill)
        await self._redis._pipe.close()
        await self.broker.stop()
        await self.link.close()
        await asyncio.to_thread(self._server.start)
        await self.start()


def message(
    recipient: str = "bob",
    sender: str = "alice",
    *,
    priority: Priority = Priority.NORMAL,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> AgentMessage:
    """A message with the fields that a test cares about."""
    return AgentMessage(
        sender_id=sender,
        recipient_id=recipient,
        intent="chat",
        payload=MessagePayload(data=data or {}, priority=priority),
        **fields,
    )
