"""The handling of one message after another: what a subscription does."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.messaging.broker import Handler, Reply
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.mailboxes import Lane, Mailbox
from folkmoot.messaging.brokers.reader import Reader
from folkmoot.messaging.brokers.replies import Replies, ReplyWriter
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import AlreadyHandledError, MessageTooLargeError
from folkmoot.messaging.store import Inbox
from folkmoot.telemetry import Tracing, bound_to

# A handler that never waits must not keep the loop for itself: after so many messages others get their turn.
_TURNS: Final = 16


class EmbeddedDelivery:
    """One attempt; see `Delivery`."""

    __slots__ = ("_inbox", "_replies", "_seq", "attempt", "message")

    def __init__(self, *, message: AgentMessage, attempt: int, seq: int, inbox: Inbox, replies: Replies) -> None:
        self.message = message
        self.attempt = attempt
        self._seq = seq
        self._inbox = inbox
        self._replies = replies

    def transaction(self, reply: Reply = None) -> AbstractAsyncContextManager[Any]:
        """See `Delivery.transaction`."""
        return self._inbox.transaction(self.message, reply)

    async def stream(self, chunk: dict[str, Any]) -> None:
        """See `Delivery.stream`."""
        self._replies.chunk(self._seq, chunk)


class Deliverer:
    """Handles single messages, for every subscription of a broker."""

    def __init__(
        self,
        *,
        reader: Reader,
        settler: Settler,
        replies: Replies,
        inbox: Inbox,
        clock: Clock,
        max_bytes: int,
        figures: Figures,
        tracing: Tracing,
    ) -> None:
        self._reader = reader
        self._settler = settler
        self._replies = replies
        self._inbox = inbox
        self._clock = clock
        self._max_bytes = max_bytes
        self._figures = figures
        self._tracing = tracing
        self._writing = ReplyWriter()

    async def deliver(self, seq: int, mailbox: Mailbox, lane: Lane, handler: Handler) -> None:
        """Handle one message that was taken, and record how that ended."""
        message = await self._message(seq, mailbox, lane)
        if message is None:
            return
        began = self._figures.handling_begins()
        try:
            with bound_to(
                message_id=message.message_id,
                conversation_id=message.conversation_id,
                agent_id=mailbox.agent_id,
                user_id=_asked_by(message),
            ):
                reply = await self._traced(seq, message, handler)
        except asyncio.CancelledError as error:
            if _stopped_from_outside():
                self._settler.given_back(seq, mailbox, lane)
                raise
            self._settler.failed(seq, mailbox, lane, message, _cancelled_inside(error))
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is the message's failure, logged and kept there
            self._settler.failed(seq, mailbox, lane, message, error)
        else:
            self._settler.handled(seq, mailbox, lane, message, reply)
        finally:
            self._figures.handling_took(message.intent, began)

    async def _traced(self, seq: int, message: AgentMessage, handler: Handler) -> bytes | None:
        if not self._tracing.on:
            return await self._attempt(seq, message, handler)
        with self._tracing.span(
            f"handle {message.intent}",
            kind="consumer",
            parent=message.trace,
            **{
                "messaging.system": "folkmoot",
                "messaging.message.id": message.message_id,
                "messaging.message.conversation_id": message.conversation_id,
                "messaging.destination.name": message.recipient_id,
                "folkmoot.sender_id": message.sender_id,
            },
        ):
            return await self._attempt(seq, message, handler)

    async def _attempt(self, seq: int, message: AgentMessage, handler: Handler) -> bytes | None:
        attempt = self._settler.attempts.get(seq, 0) + 1
        delivery = EmbeddedDelivery(message=message, attempt=attempt, seq=seq, inbox=self._inbox, replies=self._replies)
        try:
            return self._encoded(message, await handler(delivery))
        except AlreadyHandledError as error:
            if error.fields.get("message_id") != message.message_id:
                raise
            return self._encoded(message, _kept(error))

    async def _message(self, seq: int, mailbox: Mailbox, lane: Lane) -> AgentMessage | None:
        self._settler.out.add(seq)
        body = self._reader.pop(seq)
        if body is None:
            try:
                body = await self._reader.load(seq, mailbox, lane)
            except FolkmootError as error:
                self._settler.unread(seq, mailbox, lane, error)
                return None
            except asyncio.CancelledError:
                self._settler.given_back(seq, mailbox, lane)
                raise
        try:
            message = AgentMessage.model_validate_json(body or b"")
        except ValidationError as error:
            self._settler.unreadable(seq, mailbox, lane, error)
            return None
        if message.expires_at is not None and message.expires_at <= self._clock.now():
            self._settler.expired(seq, mailbox, attempts=self._settler.attempts.get(seq, 0))
            mailbox.release(lane)
            return None
        return message

    def _encoded(self, message: AgentMessage, reply: Reply) -> bytes | None:
        if reply is None:
            return None
        body = self._writing.encoded(message, reply, self._clock.now())
        if len(body) > self._max_bytes:
            raise MessageTooLargeError(
                f"the reply has {len(body)} bytes, more than the {self._max_bytes} allowed; send a reference to it",
                size=len(body),
                limit=self._max_bytes,
            )
        return body


class EmbeddedSubscription:
    """An agent that takes its mail: at most `concurrency` workers, each handling one message after another."""

    def __init__(
        self,
        *,
        mailbox: Mailbox,
        handler: Handler,
        concurrency: int,
        deliverer: Deliverer,
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
        if self._parked:
            self._calling = True
            self._parked.pop().set_result(None)
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
        for called in self._parked:
            called.set_result(None)
        self._parked.clear()
        # A handler may end its own agent: nobody waits for himself.
        workers = self._workers - {asyncio.current_task()}
        if workers and drain > timedelta(0):
            finished = asyncio.ensure_future(asyncio.wait(workers))
            patience = asyncio.ensure_future(self._clock.sleep(drain))
            await asyncio.wait({finished, patience}, return_when=asyncio.FIRST_COMPLETED)
            finished.cancel()
            patience.cancel()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        turns = 0
        self._calling = False
        while not self._closed:
            taken = self._mailbox.take()
            if taken is None:
                await self._park()
                continue
            self.pump()
            lane, seq = taken
            await self._deliverer.deliver(seq, self._mailbox, lane, self._handler)
            turns += 1
            if not turns % _TURNS:
                await asyncio.sleep(0)

    async def _park(self) -> None:
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parked.append(called)
        await called
        self._calling = False

    def _done(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        # What it gave back, or left when it ended, is for the replicas.
        self._mailbox.pump()


def _asked_by(message: AgentMessage) -> str | None:
    user_id = message.payload.context.get("on_behalf_of")
    return user_id if isinstance(user_id, str) else None


def _stopped_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _cancelled_inside(error: asyncio.CancelledError) -> RuntimeError:
    fault = RuntimeError("the handler was cancelled by something it waited for")
    fault.__cause__ = error
    return fault


def _kept(error: AlreadyHandledError) -> Reply:
    reply = error.fields.get("reply")
    return reply if isinstance(reply, dict) else None
