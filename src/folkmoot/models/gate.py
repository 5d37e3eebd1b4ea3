"""How often a provider is asked: so many requests a minute, so many on their way at once, each process for itself.

Who comes when there is no room waits for its turn, in order and not for ever: `patience` bounds the wait, and a turn
that would come later is refused at once, with the time at which it would have come.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.models.errors import ModelLimitedError
from folkmoot.models.model import ProviderLimits

_MINUTE: Final = 60.0


class ProviderGate:
    """The gate of one provider. Not shared between threads."""

    def __init__(
        self,
        provider: str,
        *,
        clock: Clock,
        patience: timedelta,
        per_minute: int | None = None,
        at_once: int | None = None,
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._patience = patience.total_seconds()
        self._per_minute = per_minute
        self._at_once = at_once
        self._turns: deque[float] = deque()  # when requests of the last minute began, and when those that wait will
        self._on_their_way = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def limits(self) -> ProviderLimits:
        """What holds, and how much of it is in use now."""
        self._forget_old()
        return ProviderLimits(
            per_minute=self._per_minute,
            at_once=self._at_once,
            last_minute=len(self._turns),
            on_their_way=self._on_their_way,
            waiting=len(self._queue),
        )

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Hold one of the places while a request is on its way. Raises `ModelLimitedError`."""
        began = self._clock.monotonic()
        await self._take_place()
        try:
            await self._take_turn(self._patience - (self._clock.monotonic() - began))
            yield
        finally:
            self._give_place()

    async def _take_place(self) -> None:
        if self._at_once is None or (self._on_their_way < self._at_once and not self._queue):
            self._on_their_way += 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(mine)
        alarm = asyncio.ensure_future(self._clock.sleep(timedelta(seconds=self._patience)))
        try:
            await asyncio.wait({mine, alarm}, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            if mine.done():
                self._give_place()  # it came to us while we were being ended
            raise
        finally:
            alarm.cancel()
            if mine in self._queue:
                self._queue.remove(mine)
        if not mine.done():
            raise self._too_many(f"{self._at_once} requests are on their way", self._patience)

    def _give_place(self) -> None:
        if self._queue:
            self._queue.popleft().set_result(None)  # the place goes to whoever waits longest
        else:
            self._on_their_way -= 1

    async def _take_turn(self, patience: float) -> None:
        if self._per_minute is None:
            return
        now = self._clock.monotonic()
        self._forget_old()
        turn = now
        if len(self._turns) >= self._per_minute:
            turn = max(now, self._turns[-self._per_minute] + _MINUTE)
        wait = turn - now
        if wait > max(patience, 0.0):
            raise self._too_many(f"it is asked {self._per_minute} times a minute at most", wait)
        self._turns.append(turn)
        if wait > 0:
            try:
                await self._clock.sleep(timedelta(seconds=wait))
            except BaseException:
                self._turns.remove(turn)
                raise

    def _forget_old(self) -> None:
        before = self._clock.monotonic() - _MINUTE
        while self._turns and self._turns[0] <= before:
            self._turns.popleft()

    def _too_many(self, why: str, wait: float) -> ModelLimitedError:
        return ModelLimitedError(
            f"{self._provider} takes no more requests now: {why} (MODEL_REQUESTS_PER_MINUTE, MODEL_REQUESTS_AT_ONCE)",
            provider=self._provider,
            retry_after_seconds=round(max(wait, 1.0), 3),
        )
