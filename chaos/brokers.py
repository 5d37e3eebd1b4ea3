"""The brokers under test: each made for a `Ground` here, and spoken to as a `Broker` everywhere else."""

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from chaos.ground import KEEPER, PLAIN, Ground
from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Broker, MessagePayload, Priority
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Base, Database

HEARTBEAT: Final = timedelta(seconds=0.25)


async def prepare(ground: Ground) -> None:
    """Make the folder, its tables, and the table of effects, which has no key of any kind."""
    ground.folder.mkdir(parents=True)
    database = Database(f"sqlite:///{ground.rows}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.exec_driver_sql("CREATE TABLE effects (id TEXT NOT NULL)")
    await database.close()


def message(ground: Ground, number: int) -> AgentMessage:
    """Message `number` of the round: the same whoever sends it, and however often."""
    return AgentMessage(
        message_id=ground.name(number),
        sender_id=f"sender-{ground.sender(number)}",
        recipient_id=PLAIN if number % 2 else KEEPER,
        conversation_id=f"round-{ground.sender(number)}",
        intent="chat",
        payload=MessagePayload(data={"n": number, "text": "x" * 200}, priority=Priority(ground.priority(number))),
    )


@asynccontextmanager
async def opened(ground: Ground, **options: Any) -> AsyncIterator[Broker]:
    """The round's broker, started; `options` are its constructor's."""
    database, clock = Database(f"sqlite:///{ground.rows}"), SystemClock()
    inbox = Inbox(database=database, clock=clock)
    options = {"retry": RetryPolicy(first_delay=timedelta(seconds=0.1)), **options}
    broker: Broker
    link = None
    if ground.redis_url is None:
        broker = EmbeddedBroker(journal=ground.folder / "journal.db", clock=clock, inbox=inbox, **options)
    else:
        made: Callable[..., Broker] = importlib.import_module("folkmoot.messaging.brokers.redis").RedisBroker

        from folkmoot.link import Link, Place  # noqa: PLC0415  # the embedded rounds need no Redis

        link = Link(Place.of(ground.redis_url))
        broker = made(link=link, clock=clock, inbox=inbox, heartbeat=HEARTBEAT, **options)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
        if link is not None:
            await link.close()
        await database.close()
