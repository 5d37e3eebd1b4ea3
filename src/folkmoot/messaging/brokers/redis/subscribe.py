"""An agent that takes its mail from Redis: handles lanes, at most `concurrency` of them at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import orjson
from pydantic import ValidationError

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.messaging.broker import Handler
from folkmoot.messaging.brokers.attempt import Attempts, Ending
from folkmoot.messaging.brokers.drain import let_go
from folkmoot.messaging.brokers.redis.desk import Batch, Desk, End

# A handler that never waits must not keep the loop for itself: after so many messages others get their turn.
_TURNS: Final = 16

Send = Callable[[str, str, bytes], Awaitable[None]]


class RedisSubscription:
    """See `Subscription`. `handler` is what `Chain.around` made; `stream` sends a part of a reply on."""

    def __init__(
        self,
        *,
        desk: Desk,
        handler: Handler,
        concurrency: int,
        attempts: Attempts,
        clock: Clock,
        stream: Send,
        life: Callable[[], int | None],
        ended: Callable[["RedisSubscription"], Awaitable[None]],
    ) -> None:
        self.desk = desk
        self._handler = handler
        self._concurrency = concurrency
        self._attempts = attempts
        self._clock = clock
        self._stream = stream
        self._life = life
        self._ended = ended
        self._closed = False
        self._workers: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> int:
        """See `Hand.free`."""
        return 0 if self._closed else self._concurrency - len(self._workers)

    def begin(self, batch: Batch) -> None:
        """See `Hand.begin`."""
        worker = asyncio.create_task(self._work(batch, self._life()), name="folkmoot-delivery")
        self._workers.add(worker)
        worker.add_done_callback(partial(self._done, batch))

    async def cancel(self, *, drain: timedelta = timedelta(0)) -> None:
        """See `Subscription.cancel`."""
        first, self._closed = not self._closed, True
        if first:
            self.desk.hands.remove(self)
        await let_go(self._workers, drain=drain, clock=self._clock)
        await self.desk.flush()
        if first:
            await self._ended(self)

    async def _work(self, batch: Batch, life: int | None) -> None:
        batch.begun = True
        began = time.perf_counter()
        left = len(batch.messages)
        try:
            for turn, (message_id, body, failed) in enumerate(batch.messages, start=1):
                if self._closed or life is None or self._life() != life or self._overtaken(batch):
                    return
                started = self._clock.monotonic()
                ending = await self._attempt(message_id, body, failed + 1)
                left -= 1
                self.desk.ended(End(batch, message_id, ending, self._clock.monotonic() - started))
                if not turn % _TURNS:
                    await asyncio.sleep(0)
        finally:
            # What was not begun stays at the head of its lane, for whoever takes the lane next.
            self.desk.released(batch)
            if not left:
                self.desk.took(time.perf_counter() - began, batch)

    def _overtaken(self, batch: Batch) -> bool:
        """Whether mail of a higher priority came and finds nobody free."""
        return self.desk.highest_rung > batch.rank and not self.free

    async def _attempt(self, message_id: str, body: bytes, attempt: int) -> Ending:
        agent_id = self.desk.agent_id
        try:
            message = self._attempts.read(body)
        except (ValidationError, FolkmootError) as error:
            return self._attempts.unreadable(agent_id, message_id, attempt - 1, error)

        async def stream(chunk: dict[str, Any]) -> None:
            await self._stream(agent_id, message_id, orjson.dumps(chunk))

        return await self._attempts.make(
            message, agent_id=agent_id, attempt=attempt, handler=self._handler, stream=stream
        )

    def _done(self, batch: Batch, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if not batch.begun:
            # A task that is cancelled before its first step runs nothing, not even what it would do finally.
            self.desk.released(batch)
        if not self._closed:
            self.desk.ring()
