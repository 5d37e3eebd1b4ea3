"""The brokers under test: each made for a `Ground` here, and spoken to as a `Broker` everywhere else."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from chaos.ground import KEEPER, PLAIN, Ground
from folkmoot.kernel import SystemClock
from folkmoot.link import Link, Place
from folkmoot.messaging import AgentMessage, Broker, MessagePayload, Priority
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.brokers.redis.broker import RedisBroker
from folkmoot.messaging.middleware import Expiry, Retry
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
async def opened(ground: Ground, *, retry: RetryPolicy | None = None, **options: Any) -> AsyncIterator[Broker]:
    """The round's broker, started; `options` are its constructor's."""
    database, clock = Database(f"sqlite:///{ground.rows}"), SystemClock()
    options |= {
        "clock": clock,
        "inbox": Inbox(database=database, clock=clock),
        "middleware": [Expiry(), Retry(retry or RetryPolicy(first_delay=timedelta(seconds=0.1)))],
    }
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        broker: Broker
        if ground.redis_url is None:
            broker = EmbeddedBroker(journal=ground.folder / "journal.db", **options)
        else:
            link = Link(Place.of(ground.redis_url))
            stack.push_async_callback(link.close)
            broker = RedisBroker(link=link, heartbeat=HEARTBEAT, **options)
        await broker.start()
        stack.push_async_callback(broker.stop)
        yield broker
