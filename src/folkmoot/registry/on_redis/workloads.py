"""Workloads that are said in a transaction of the database, written to Redis once that has committed.

What was said last is written, and written again until Redis takes it. A process that dies in between leaves an older
number, which whoever counts the tasks corrects.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from folkmoot.kernel import FolkmootError
from folkmoot.telemetry import get_logger

AGAIN_SECONDS: Final = 0.5
_log = get_logger("folkmoot.registry")


class Workloads:
    """`write` says one agent's workload to Redis."""

    def __init__(self, write: Callable[[str, int], Awaitable[None]]) -> None:
        self._write = write
        self._said: dict[str, int] = {}
        self._writing: asyncio.Task[None] | None = None

    def say(self, agent_id: str, workload: int) -> None:
        """Write it soon."""
        self._said[agent_id] = workload
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_on(), name="workloads")

    async def written(self) -> None:
        """Return when everything that was said is written."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write_on(self) -> None:
        while self._said:
            agent_id, workload = next(iter(self._said.items()))
            del self._said[agent_id]
            try:
                await self._write(agent_id, workload)
            except FolkmootError as error:
                _log.warning("workload_waits", agent_id=agent_id, error=error.message)
                self._said.setdefault(agent_id, workload)
                await asyncio.sleep(AGAIN_SECONDS)
