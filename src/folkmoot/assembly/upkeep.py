"""What is done again and again while the workplace is open: sweeping consents, pruning what is past its time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.telemetry import get_logger

PATIENCE: Final = timedelta(seconds=3)
_log = get_logger("folkmoot.upkeep")


@dataclass(frozen=True, kw_only=True)
class Chore:
    """Something to be done every `every`, the first time at once."""

    name: str
    every: timedelta
    act: Callable[[], Awaitable[Any]]


class Upkeep:
    """Runs chores until it is stopped; one that fails is logged and tried again at its next time."""

    def __init__(self, *, clock: Clock, chores: Sequence[Chore]) -> None:
        self._clock = clock
        self._chores = chores
        self._tasks: list[asyncio.Task[None]] = []
        self._idle: set[asyncio.Task[None] | None] = set()
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin."""
        self._stopping.clear()
        self._tasks = [asyncio.create_task(self._repeat(chore), name=f"chore-{chore.name}") for chore in self._chores]

    async def stop(self) -> None:
        """End; a chore at work may finish it, unless that takes long: then it is cancelled, and its transaction too."""
        self._stopping.set()
        for task in self._idle:
            if task is not None:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE.total_seconds())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _repeat(self, chore: Chore) -> None:
        me = asyncio.current_task()
        while not self._stopping.is_set():
            try:
                await chore.act()
            except FolkmootError as error:
                _log.warning("a chore failed and is tried again", chore=chore.name, error=error.message)
            if self._stopping.is_set():
                return
            self._idle.add(me)
            await self._clock.sleep(chore.every)
            self._idle.discard(me)
