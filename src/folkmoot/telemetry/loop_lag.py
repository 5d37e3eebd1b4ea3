"""How late the event loop is: the first thing that tells of a call that blocks it."""

import asyncio
import time
from typing import Final

from folkmoot.telemetry.metrics import Metrics

EVERY_SECONDS: Final = 0.5


class LoopLag:
    """Sleeps again and again, and measures how much longer it slept than it wanted."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._watch = asyncio.create_task(self._look(), name="loop-lag")

    async def stop(self) -> None:
        """End."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            wanted = time.perf_counter() + EVERY_SECONDS
            await asyncio.sleep(EVERY_SECONDS)  # the machine's own time: a simulated clock is never late
            self._metrics.loop_lag.observe(max(time.perf_counter() - wanted, 0.0))
