"""The figures that are looked up when somebody reads `/metrics`: depths, counts of rows, states.

Each is read by itself with a patience of its own: a database that is away leaves its figures as they were, and the
others are shown all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from folkmoot.assembly.integrations import Integrations
from folkmoot.assembly.mailbox_series import show_mailboxes
from folkmoot.bridge import BridgeDesk
from folkmoot.kernel import FolkmootError
from folkmoot.memory.documents.library import Library
from folkmoot.messaging import Broker
from folkmoot.models.spending import BudgetDesk
from folkmoot.registry import Registry
from folkmoot.security.model import administrator
from folkmoot.storage import Database
from folkmoot.tasks import TaskDesk
from folkmoot.telemetry import Metrics, get_logger

PATIENCE: Final = timedelta(seconds=3)
_BREAKER: Final[Mapping[str, int]] = {"closed": 0, "half-open": 1, "open": 2}
_log = get_logger("folkmoot.telemetry")


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Reads everything into the metrics when it is called."""

    metrics: Metrics
    broker: Broker
    registry: Registry
    tasks: TaskDesk
    budgets: BudgetDesk
    bridges: BridgeDesk
    library: Library
    services: Integrations
    database: Database

    async def __call__(self) -> None:
        readings: list[Callable[[], Awaitable[None]]] = [
            self._mail,
            self._agents,
            self._work,
            self._knowledge,
            self.budgets.measure,
            self.bridges.measure,
        ]
        self._here()
        await asyncio.gather(*(self._read(one) for one in readings))

    async def _read(self, reading: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await reading()
        except (FolkmootError, TimeoutError) as error:
            _log.warning("figures_not_read", figures=getattr(reading, "__name__", ""), error=str(error))

    def _here(self) -> None:
        pool: Any = self.database.engine.pool
        self.metrics.pool_in_use.set(pool.checkedout() if hasattr(pool, "checkedout") else 0)
        for name, one in self.services.watched.items():
            if one.calls is not None:
                state = str(one.calls.breaker.state)
                self.metrics.integration_breaker.labels(name).set(_BREAKER.get(state, 0))

    async def _mail(self) -> None:
        stats = await self.broker.stats()
        self.metrics.mailbox_depth.set(stats.queued)
        self.metrics.mailbox_deepest.set(max(stats.mailboxes.values(), default=0))
        self.metrics.oldest_seconds.set(stats.oldest_seconds)
        self.metrics.dead_letters.set(stats.dead)
        self.metrics.messages_expired.set(stats.expired)
        self.metrics.messages_in_flight.set(stats.in_flight)
        show_mailboxes(self.metrics, await self.broker.mailbox_stats())

    async def _agents(self) -> None:
        stats = await self.registry.get_registry_stats()
        self.metrics.agents_online.set(stats.online)
        self.metrics.agents_known.set(stats.total)
        self.metrics.agents_silenced.set(stats.silenced)

    async def _work(self) -> None:
        for state, count in (await self.tasks.counts()).items():
            self.metrics.tasks.labels(str(state)).set(count)

    async def _knowledge(self) -> None:
        sizes = await self.library.scopes(principal=administrator())
        self.metrics.documents.set(sum(one.documents for one in sizes))
        self.metrics.chunks.set(sum(one.chunks for one in sizes))
