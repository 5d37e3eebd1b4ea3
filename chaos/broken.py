"""Brokers with a planted fault, by which a test shows that the harness notices: it fails on each of them.

`forgets`: acknowledges before the handler ran, so a kill loses what was being handled. `doubles`: hands out a
transaction without the mark, so what comes again takes effect again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from chaos.ground import Ground
from folkmoot.messaging import Broker, Delivery, Handler, Reply, Subscription
from folkmoot.storage import Database


def broken(broker: Broker, ground: Ground) -> Broker:
    """The broker as it is, or with the fault that the ground asks for."""
    if not ground.broken:
        return broker
    return cast("Broker", {"forgets": _Forgets, "doubles": _Doubles}[ground.broken](broker, ground))


class _Planted:
    """Everything but `subscribe` is the broker's own."""

    def __init__(self, broker: Broker, ground: Ground) -> None:
        self._broker = broker
        self._database = Database(f"sqlite:///{ground.rows}")
        self._tasks: set[asyncio.Task[Reply]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


class _Forgets(_Planted):
    async def subscribe(self, agent_id: str, handler: Handler, **options: Any) -> Subscription:
        async def acknowledge_first(delivery: Delivery) -> Reply:
            task = asyncio.ensure_future(handler(delivery))
            self._tasks.add(task)
            return {"of": delivery.message.message_id}

        return await self._broker.subscribe(agent_id, acknowledge_first, **options)


class _Doubles(_Planted):
    async def subscribe(self, agent_id: str, handler: Handler, **options: Any) -> Subscription:
        async def without_mark(delivery: Delivery) -> Reply:
            return await handler(cast("Delivery", _Unmarked(delivery, self._database)))

        return await self._broker.subscribe(agent_id, without_mark, **options)


class _Unmarked:
    """A delivery whose transaction leaves no mark."""

    def __init__(self, delivery: Delivery, database: Database) -> None:
        self.message = delivery.message
        self.attempt = delivery.attempt
        self._database = database

    @asynccontextmanager
    async def transaction(self, _reply: Reply = None) -> AsyncIterator[Any]:
        async with self._database.write() as session:
            yield session
