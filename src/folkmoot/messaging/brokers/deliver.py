"""The handling of one message after another: what a subscription does."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, Protocol

from pydantic import ValidationError

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.messaging.broker import Handler
from folkmoot.messaging.brokers.attempt import Attempts
from folkmoot.messaging.brokers.drain import let_go
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.mailboxes import Lane, Mailbox
from folkmoot.messaging.brokers.reader import Reader
from folkmoot.messaging.brokers.replies import Replies
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.brokers.write import Written
from folkmoot.messaging.envelope import AgentMessage

# A handler that never waits must not keep the loop for itself: after so long others get their turn.
_TURN_SECONDS: Final = 0.002


class Deliverer:
    """Handles single messages, for every subscription of a broker."""

    def __init__(
        self, *, reader: Reader, settler: Settler, replies: Replies[int], attempts: Attempts, figures: Figures
    ) -> None:
        self._reader = reader
        self._settler = settler
        self._replies = replies
        self._attempts = attempts
        self._figures = figures

    async def deliver(self, seq: int, mailbox: Mailbox, lane: Lane, handler: Handler) -> None:
        """Handle one message that was taken, and record how that ended; `handler` is what `Chain.around` made."""
        message = await self._message(seq, mailbox, lane)
        if message is None:
            return

        async def stream(chunk: dict[str, Any]) -> None:
            self._replies.chunk(seq, chunk)

        began = self._figures.traffic.begins()
        try:
            ending = await self._attempts.make(
                message,
                agent_id=mailbox.agent_id,
                attempt=self._settler.attempts.get(seq, 0) + 1,
                handler=handler,
                stream=stream,
            )
        except asyncio.CancelledError:
            self._settler.given_back(seq, mailbox, lane)
            raise
        self._figures.traffic.attempted(mailbox.agent_id, began, ending.status)
        self._settler.ended(seq, mailbox, lane, ending)

    async def _message(self, seq: int, mailbox: Mailbox, lane: Lane) -> AgentMessage | None:
        self._settler.out.add(seq)
        kept = self._reader.pop(seq)
        if kept is None:
            try:
                kept = await self._reader.load(seq, mailbox, lane)
            except FolkmootError as error:
                self._settler.unread(seq, mailbox, lane, error)
                return None
            except asyncio.CancelledError:
                self._settler.given_back(seq, mailbox, lane)
                raise
        try:
            return kept.message() if isinstance(kept, Written) else self._attempts.read(kept or b"")
        except (ValidationError, FolkmootError) as error:
            failed = self._settler.attempts.get(seq, 0)
            self._settler.ended(seq, mailbox, lane, self._attempts.unreadable(mailbox.agent_id, seq, failed, error))
            return None


class Delivering(Protocol):
    """What a subscription does with each message that it takes."""

    async def deliver(self, seq: int, mailbox: Mailbox, lane: Lane, handler: Handler) -> None:
        """Handle one message and record how that ended."""
        ...


class EmbeddedSubscription:
    """An agent that takes its mail: at most `concurrency` workers, each handling one message after another."""

    def __init__(
        self,
        *,
        mailbox: Mailbox,
        handler: Handler,
        concurrency: int,
        deliverer: Delivering,
        clock: Clock,
        ended: Callable[["EmbeddedSubscription", Mailbox], None],
    ) -> None:
        self._mailbox = mailbox
        self._handler = handler
        self._concurrency = concurrency
        self._deliverer = deliverer
        self._clock = clock
        self._ended = ended
        self._closed = False
        self._workers: set[asyncio.Task[None]] = set()
        self._parked: list[asyncio.Future[None]] = []
        self._calling = False

    def pump(self) -> None:
        """See that a worker comes for what is ready.

        One is called at a time; it calls the next before it begins (`_take`). So messages whose handlers do not wait
        are handled by one worker, which saves a task for each.
        """
        if self._calling or self._closed or not self._mailbox.has_ready():
            return
        if called := self._parked_worker():
            self._calling = True
            called.set_result(None)
        elif len(self._workers) < self._concurrency:
            self._calling = True
            worker = asyncio.create_task(self._work(), name="folkmoot-delivery")
            self._workers.add(worker)
            worker.add_done_callback(self._done)

    async def cancel(self, *, drain: timedelta = timedelta(0)) -> None:
        """See `Subscription.cancel`."""
        if not self._closed:
            self._closed = True
            self._ended(self, self._mailbox)
        while called := self._parked_worker():
            called.set_result(None)
        await let_go(self._workers, drain=drain, clock=self._clock)

    async def _work(self) -> None:
        until = time.perf_counter() + _TURN_SECONDS
        self._calling = False
        while not self._closed:
            taken = self._mailbox.take()
            if taken is None:
                await self._park()
                until = time.perf_counter() + _TURN_SECONDS
                continue
            self.pump()
            lane, seq = taken
            await self._deliverer.deliver(seq, self._mailbox, lane, self._handler)
            if time.perf_counter() > until:
                await asyncio.sleep(0)
                until = time.perf_counter() + _TURN_SECONDS

    async def _park(self) -> None:
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parked.append(called)
        await called
        self._calling = False

    def _parked_worker(self) -> asyncio.Future[None] | None:
        """One that waits to be called, and is not cut off by the end of its event loop."""
        while self._parked:
            if not (called := self._parked.pop()).done():
                return called
        return None

    def _done(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        # What it gave back, or left when it ended, is for the replicas.
        self._mailbox.pump()
