"""How mail is moved, and where it is said who is there: in this process, or over the Redis that REDIS_URL names.

In one process MESSAGES says whether mail outlives it.

Broker and registry go together: who is reached over Redis must be found there too. A process with a database writes
events into the log, and a server also those that others left in Redis; a process without one leaves its events there.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from folkmoot.assembly.news import Newsroom
from folkmoot.assembly.settings import Settings
from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.link import Keys, Link, Place
from folkmoot.messaging import Broker
from folkmoot.messaging.middleware import Expiry, Middleware, Retry
from folkmoot.messaging.middleware.deduplicate import Deduplicate
from folkmoot.messaging.middleware.encrypt import Encrypt
from folkmoot.messaging.middleware.measure import Measure
from folkmoot.messaging.middleware.permit import Permit
from folkmoot.messaging.middleware.tell import Tell
from folkmoot.messaging.middleware.trace import Trace
from folkmoot.messaging.news import Listener
from folkmoot.messaging.store import Inbox
from folkmoot.registry import Registry
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics, Tracing


class Reader(Protocol):
    """Something that reads from Redis as long as the mail runs."""

    def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The parts, made and not started. `link` is None in one process."""

    broker: Broker
    registry: Registry
    news: Newsroom
    link: Link | None = None
    readers: Sequence[Reader] = ()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Started while the block runs. Raises what opening the journal or the way to Redis raises."""
        from folkmoot.registry.on_redis import RedisRegistry

        async with AsyncExitStack() as stack:
            if self.link is not None:
                stack.push_async_callback(self.link.close)
                await self.link.ping()
            if isinstance(self.registry, RedisRegistry):
                stack.push_async_callback(self.registry.close)
            for reader in self.readers:
                reader.start()
                stack.push_async_callback(reader.stop)
            self.news.start()
            stack.push_async_callback(self.news.stop)
            await self.broker.start()
            stack.push_async_callback(self.broker.stop)
            yield


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a process has beside Redis: its database with the log of events."""

    database: Database
    events: EventLog


def build_mail(
    settings: Settings,
    *,
    clock: Clock,
    ground: Ground | None,
    journal: Path,
    metrics: Metrics | None = None,
    tracing: Tracing | None = None,
) -> Mail:
    """Make broker and registry. Without a `ground` REDIS_URL must be set. `journal` is used in one process alone."""
    if settings.redis_url is not None:
        return _over_redis(settings, clock=clock, ground=ground, metrics=metrics, tracing=tracing)
    assert ground is not None
    return _in_this_process(settings, clock=clock, ground=ground, journal=journal, metrics=metrics, tracing=tracing)


def redis_place(settings: Settings) -> Place:
    """Where REDIS_URL, REDIS_PASSWORD and REDIS_DB say that Redis is."""
    assert settings.redis_url is not None
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    return Place.of(settings.redis_url.get_secret_value(), password=password, db=settings.redis_db)


def _in_this_process(
    settings: Settings,
    *,
    clock: Clock,
    ground: Ground,
    journal: Path,
    metrics: Metrics | None,
    tracing: Tracing | None,
) -> Mail:
    from folkmoot.registry.on_database import DatabaseRegistry

    registry = DatabaseRegistry(
        database=ground.database, clock=clock, events=ground.events, heartbeat_interval=_heartbeat(settings)
    )
    news = Newsroom(announcer=ground.events)
    inbox = Inbox(database=ground.database, clock=clock)
    middleware = _middleware(settings, registry=registry, tell=news.hear, metrics=metrics, tracing=tracing)
    broker: Broker
    if settings.messages == "memory":
        from folkmoot.messaging.brokers.memory.broker import InMemoryBroker

        broker = InMemoryBroker(clock=clock, inbox=inbox, directory=registry, metrics=metrics, middleware=middleware)
    else:
        from folkmoot.messaging.brokers.embedded import EmbeddedBroker

        broker = EmbeddedBroker(
            journal=journal, clock=clock, inbox=inbox, directory=registry, metrics=metrics, middleware=middleware
        )
    return Mail(broker=broker, registry=registry, news=news)


def _over_redis(
    settings: Settings, *, clock: Clock, ground: Ground | None, metrics: Metrics | None, tracing: Tracing | None
) -> Mail:
    from folkmoot.events.relay import Drain, Relay
    from folkmoot.messaging.brokers.redis.broker import RedisBroker
    from folkmoot.registry.on_redis import RedisRegistry

    link, keys, heartbeat = Link(redis_place(settings)), Keys(), _heartbeat(settings)
    registry = RedisRegistry(link=link, keys=keys, clock=clock, heartbeat_interval=heartbeat)
    relayed = keys.registry("news")
    if ground is None:
        news = Newsroom(announcer=Relay(link=link, key=relayed, clock=clock))
        readers: list[Reader] = []
    else:
        news = Newsroom(announcer=ground.events)
        readers = [Drain(link=link, key=relayed, database=ground.database, events=ground.events, clock=clock)]
    broker = RedisBroker(
        link=link,
        clock=clock,
        inbox=Inbox(database=ground.database, clock=clock) if ground is not None else None,
        directory=registry,
        middleware=_middleware(settings, registry=registry, tell=news.hear, metrics=metrics, tracing=tracing),
        heartbeat=heartbeat,
        patience=timedelta(seconds=settings.message_timeout),
        replicas=settings.redis_replicas,
        keys=keys,
    )
    return Mail(broker=broker, registry=registry, news=news, link=link, readers=readers)


def _middleware(
    settings: Settings,
    *,
    registry: Registry,
    tell: Listener,
    metrics: Metrics | None,
    tracing: Tracing | None,
) -> list[Middleware]:
    """What a workplace's broker does besides moving messages, the outermost first."""
    chain: list[Middleware] = [Deduplicate(), Permit(registry.may_address)]
    if tracing is not None:
        chain.append(Trace(tracing))
    if metrics is not None:
        chain.append(Measure(metrics))
    chain += [Tell(tell), Expiry(), Retry()]
    if settings.keyring.sealing is not None:
        chain.append(Encrypt(settings.keyring))
    return chain


def _heartbeat(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.heartbeat_interval)
