"""What the broker suite needs of an implementation: one that can be started, and killed without warning."""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from folkmoot.kernel import SimulatedClock
from folkmoot.link import Link, Place
from folkmoot.messaging import AgentMessage, Broker, MessagePayload, Priority
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.brokers.memory.broker import InMemoryBroker
from folkmoot.messaging.brokers.redis.broker import RedisBroker
from folkmoot.messaging.middleware import Expiry, Retry
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database

RETRY = RetryPolicy(attempts=3, first_delay=timedelta(seconds=1), factor=2, jitter=0)
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

    async def restart(self) -> None:
        """Crash, where that is survived; else stop and start again in the same process."""
        ...

    async def stop(self) -> None:
        """End the test."""
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

    async def start(self) -> None:
        """Make and start the broker."""
        self.broker = EmbeddedBroker(
            journal=self._folder / f"life-{self._lives}" / "journal.db",
            clock=self.clock,
            inbox=Inbox(database=self.database, clock=self.clock),
            directory=self.directory,
            middleware=[Expiry(), Retry(RETRY)],
            mailbox_limit=MAILBOX_LIMIT,
            max_message_bytes=MAX_BYTES,
        )
        await self.broker.start()

    async def crash(self) -> None:
        """Copy the files as they are, then go on with the copy."""
        old, self._lives = self._folder / f"life-{self._lives}", self._lives + 1
        await asyncio.to_thread(shutil.copytree, old, self._folder / f"life-{self._lives}")
        await self.broker.stop()
        await self.start()

    async def restart(self) -> None:
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

    async def start(self) -> None:
        """Make and start the broker."""
        self.broker = InMemoryBroker(
            clock=self.clock,
            inbox=Inbox(database=self.database, clock=self.clock),
            directory=self.directory,
            middleware=[Expiry(), Retry(RETRY)],
            mailbox_limit=MAILBOX_LIMIT,
            max_message_bytes=MAX_BYTES,
        )
        await self.broker.start()

    async def crash(self) -> None:
        """Not survived."""
        raise AssertionError("a broker in memory does not survive a crash: mark this test `durable`")

    async def restart(self) -> None:
        """Stop and start again: what was accepted is kept as long as the broker."""
        await self.broker.stop()
        await self.broker.start()

    async def stop(self) -> None:
        """End the test."""
        await self.broker.stop()


class RedisRig:
    """The broker on Redis. A crash cuts the line: what was not said by then is never said."""

    broker: Broker

    def __init__(self, url: str, clock: SimulatedClock, database: Database) -> None:
        self.clock = clock
        self.directory = StaffList()
        self.database = database
        self._place = Place.of(url)

    async def start(self) -> None:
        """Connect anew and start."""
        self.link = Link(self._place)
        self.broker = self._redis = RedisBroker(
            link=self.link,
            clock=self.clock,
            inbox=Inbox(database=self.database, clock=self.clock),
            directory=self.directory,
            middleware=[Expiry(), Retry(RETRY)],
            mailbox_limit=MAILBOX_LIMIT,
            max_message_bytes=MAX_BYTES,
            heartbeat=HEARTBEAT,
        )
        await self.broker.start()

    async def crash(self) -> None:
        """Cut the line, forget the broker, go on with another: the lanes of the first are taken over."""
        await self._redis._pipe.close()
        await self.broker.stop()
        await self.link.close()
        await self.start()

    async def restart(self) -> None:
        """Crash."""
        await self.crash()

    async def stop(self) -> None:
        """End the test."""
        await self.broker.stop()
        await self.link.close()


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
