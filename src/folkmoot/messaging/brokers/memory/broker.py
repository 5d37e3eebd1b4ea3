"""The broker of one process without a journal; see `folkmoot.messaging.brokers.memory`.

What was accepted is kept as long as this object: a stop and a start lose nothing, the end of the process everything.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from folkmoot.kernel import Clock
from folkmoot.messaging.broker import (
    BrokerStats,
    Directory,
    Handler,
    MailboxStats,
    MessageRecord,
    MessageStatus,
    Receipt,
    Subscription,
)
from folkmoot.messaging.brokers.address import Addresses, copy_for
from folkmoot.messaging.brokers.alarm import Alarm
from folkmoot.messaging.brokers.attempt import Attempts
from folkmoot.messaging.brokers.deliver import EmbeddedSubscription
from folkmoot.messaging.brokers.ending import First, Settlement
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.mailboxes import Mailbox, Mailboxes
from folkmoot.messaging.brokers.memory.accept import Acceptance
from folkmoot.messaging.brokers.memory.archive import Archive
from folkmoot.messaging.brokers.memory.deliver import Deliverer
from folkmoot.messaging.brokers.memory.kept import Kept
from folkmoot.messaging.brokers.memory.shelf import Shelf
from folkmoot.messaging.brokers.overview import Overview
from folkmoot.messaging.brokers.patience import Patience
from folkmoot.messaging.brokers.replies import Asker, StreamReader, reply_of
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.envelope import MAX_MESSAGE_BYTES, AgentMessage
from folkmoot.messaging.errors import BrokerStoppedError
from folkmoot.messaging.middleware import Chain, Expiry, Middleware, Retry
from folkmoot.messaging.store import Inbox
from folkmoot.telemetry import Metrics

REMEMBERED: Final = 10_000


class InMemoryBroker:
    """See `Broker` for the promises; what they say of the death of the process does not hold here.

    `mailbox_limit` counts the unsettled messages of one agent. `remembered` bounds how many messages are known after
    they were handled or expired, and how many dead letters there are; the oldest are forgotten first.
    `max_message_bytes` bounds a message and a reply as JSON.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        inbox: Inbox | None = None,
        directory: Directory | None = None,
        middleware: Sequence[Middleware] | None = None,
        mailbox_limit: int = 100_000,
        remembered: int = REMEMBERED,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        metrics: Metrics | None = None,
    ) -> None:
        self._clock = clock
        self._inbox = inbox
        self._addresses = Addresses(directory)
        self._running = False
        self._chain = Chain([Expiry(), Retry()] if middleware is None else middleware)
        self._figures = Figures(metrics, clock)
        self._mailboxes = Mailboxes()
        self._alarm = Alarm(clock)
        self._patience = Patience(alarm=self._alarm, clock=clock)
        self._shelf = Shelf(figures=self._figures, remembered=remembered)
        self._settler = Settler(
            ledger=self._shelf, mailboxes=self._mailboxes, alarm=self._alarm, clock=clock, figures=self._figures
        )
        self._shelf.tells(self._settler.recorded)
        self._attempts = Attempts(
            chain=self._chain, inbox=inbox, clock=clock, max_bytes=max_message_bytes, in_bytes=False
        )
        self._deliverer = Deliverer(
            shelf=self._shelf,
            settler=self._settler,
            attempts=self._attempts,
            figures=self._figures,
            chain=self._chain,
            clock=clock,
        )
        self._archive = Archive(shelf=self._shelf, out=self._settler.out, chain=self._chain)
        self._acceptance = Acceptance(
            clock=clock,
            addresses=self._addresses,
            shelf=self._shelf,
            mailboxes=self._mailboxes,
            settler=self._settler,
            figures=self._figures,
            chain=self._chain,
            mailbox_limit=mailbox_limit,
            max_bytes=max_message_bytes,
        )
        self._overview = Overview(
            mailboxes=self._mailboxes,
            settler=self._settler,
            reader=self._shelf,
            traffic=self._figures.traffic,
            clock=clock,
        )
        self._subscriptions: set[EmbeddedSubscription] = set()

    async def start(self) -> None:
        """See `Broker.start`."""
        if self._running:
            return
        self._acceptance.replay()
        self._figures.measure_depth(self._mailboxes.total)
        self._running = True

    async def stop(self) -> None:
        """See `Broker.stop`."""
        if not self._running:
            return
        self._running = False
        await asyncio.gather(*(subscription.cancel() for subscription in list(self._subscriptions)))
        await self._alarm.stop()
        self._patience.clear()
        for kept in self._shelf.waiting():
            kept.ask_no_more()
        self._mailboxes.clear()
        self._settler.clear()

    async def publish(self, message: AgentMessage) -> Receipt:
        """See `Broker.publish`."""
        self._must_run()
        kept, new = await self._acceptance.take(message)
        return Receipt(message_id=kept.message.message_id, recipient_id=kept.message.recipient_id, duplicate=not new)

    async def subscribe(self, agent_id: str, handler: Handler, *, concurrency: int = 16) -> Subscription:
        """See `Broker.subscribe`."""
        self._must_run()
        mailbox = self._mailboxes.of(agent_id)
        subscription = EmbeddedSubscription(
            mailbox=mailbox,
            handler=self._chain.around(handler),
            concurrency=concurrency,
            deliverer=self._deliverer,
            clock=self._clock,
            ended=self._unsubscribed,
        )
        self._subscriptions.add(subscription)
        mailbox.takers.append(subscription)
        subscription.pump()
        return subscription

    async def request(self, message: AgentMessage, *, timeout: timedelta) -> AgentMessage:  # noqa: ASYNC109  # see `Broker`
        """See `Broker.request`."""
        self._must_run()
        asker: Asker[int] = Asker()
        self._patience.begins(asker, message, timeout)
        kept: Kept | None = None
        try:
            kept, _ = await self._acceptance.take(message)
            kept.listen(asker)
            return self._reply(kept, await asker.answer)
        finally:
            self._patience.ends(asker, timeout)
            if kept is not None:
                kept.leave(asker)

    async def request_stream(
        self,
        message: AgentMessage,
        *,
        timeout: timedelta,  # noqa: ASYNC109  # see `Broker`
    ) -> AsyncIterator[dict[str, Any] | AgentMessage]:
        """See `Broker.request_stream`."""
        self._must_run()
        reader: StreamReader[int] = StreamReader()
        kept, _ = await self._acceptance.take(message)
        kept.listen(reader)
        try:
            while isinstance(heard := await self._next(reader, kept.message, timeout), dict):
                yield heard
            yield self._reply(kept, heard)
        finally:
            kept.leave(reader)

    async def broadcast(self, message: AgentMessage) -> dict[str, Receipt | Exception]:
        """See `Broker.broadcast`."""
        self._must_run()
        results: dict[str, Receipt | Exception] = {}
        for recipient in await self._addresses.everyone(message):
            try:
                results[recipient] = await self.publish(copy_for(message, recipient))
            except Exception as error:  # noqa: BLE001  # it is that recipient's outcome, and the caller gets it
                results[recipient] = error
        return results

    async def find(self, message_id: str) -> MessageRecord | None:
        """See `Broker.find`."""
        return self._archive.find(message_id)

    async def messages(
        self,
        *,
        agent_id: str | None = None,
        conversation_id: str | None = None,
        status: MessageStatus | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> list[MessageRecord]:
        """See `Broker.messages`."""
        return self._archive.messages(
            agent_id=agent_id, conversation_id=conversation_id, status=status, limit=limit, before=before
        )

    async def dead_letters(
        self, *, agent_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[MessageRecord]:
        """See `Broker.dead_letters`."""
        return self._archive.dead_letters(agent_id=agent_id, limit=limit, offset=offset)

    async def retry_dead_letter(self, message_id: str) -> MessageRecord:
        """See `Broker.retry_dead_letter`."""
        self._must_run()
        kept = self._archive.dead_letter(message_id)
        self._acceptance.accept_again(kept)
        return self._archive.record(kept)

    async def drop_dead_letter(self, message_id: str) -> None:
        """See `Broker.drop_dead_letter`."""
        self._shelf.drop_dead(self._archive.dead_letter(message_id))

    async def forget_replies(self, agent_id: str, intents: Collection[str]) -> int:
        """See `Broker.forget_replies`."""
        return self._shelf.forget_replies(agent_id, intents)

    async def prune(self, older_than: timedelta = timedelta(days=7)) -> int:
        """See `Broker.prune`."""
        before = self._clock.now() - older_than
        pruned = self._shelf.prune(before.timestamp())
        if self._inbox is not None:
            # The mark of a message that may come again must outlive it, however long it has been waiting.
            oldest = self._shelf.oldest()
            await self._inbox.prune(before if oldest is None else min(before, datetime.fromtimestamp(oldest, UTC)))
        return pruned

    async def stats(self) -> BrokerStats:
        """See `Broker.stats`."""
        oldest = self._shelf.oldest()
        in_flight = len(self._settler.out)
        ended = self._figures.ended
        return BrokerStats(
            queued=max(self._mailboxes.total() - in_flight, 0),
            in_flight=in_flight,
            handled=ended.get(MessageStatus.HANDLED.value, 0),
            dead=ended.get(MessageStatus.DEAD.value, 0),
            expired=ended.get(MessageStatus.EXPIRED.value, 0),
            oldest_seconds=0.0 if oldest is None else max(self._clock.now().timestamp() - oldest, 0.0),
            mailboxes=self._mailboxes.sizes(),
        )

    async def mailbox_stats(self, agent_id: str | None = None) -> list[MailboxStats]:
        """See `Broker.mailbox_stats`."""
        return await self._overview.mailbox_stats(agent_id)

    async def health_check(self) -> None:
        """See `Broker.health_check`."""
        self._must_run()

    async def _next(
        self, reader: StreamReader[int], message: AgentMessage, patience: timedelta
    ) -> dict[str, Any] | Settlement[int] | First[int]:
        self._patience.begins(reader, message, patience)
        try:
            return await reader.next()
        finally:
            self._patience.ends(reader, patience)

    def _reply(self, kept: Kept, heard: dict[str, Any] | Settlement[int] | First[int]) -> AgentMessage:
        assert isinstance(heard, Settlement)
        return reply_of(kept.message, heard, self._attempts.read)

    def _unsubscribed(self, subscription: EmbeddedSubscription, mailbox: Mailbox) -> None:
        self._subscriptions.discard(subscription)
        mailbox.takers.remove(subscription)
        self._mailboxes.tidy(mailbox)

    def _must_run(self) -> None:
        if not self._running:
            raise BrokerStoppedError("the broker is not running; start it first")
