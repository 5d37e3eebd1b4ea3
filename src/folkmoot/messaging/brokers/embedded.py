"""The broker of one process: mailboxes in memory, everything accepted in an SQLite journal, whatever kills the process.

A send is acknowledged when its row is committed. The end of a message (handled with its reply, dead, expired) is
committed too before an asker hears of it. With `full_sync` commits survive a power cut; without, they survive the
death of the process, and a power cut may cost the last moments.

The parts: see `folkmoot.messaging.brokers`.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
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
from folkmoot.messaging.brokers.accept import Acceptance
from folkmoot.messaging.brokers.address import Addresses, to_each
from folkmoot.messaging.brokers.alarm import Alarm
from folkmoot.messaging.brokers.archive import Archive, not_dead
from folkmoot.messaging.brokers.attempt import Attempts
from folkmoot.messaging.brokers.deliver import Deliverer, EmbeddedSubscription
from folkmoot.messaging.brokers.ending import First, Settlement
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.journal import drop_dead, forget_replies, list_new, prune, touch
from folkmoot.messaging.brokers.mailboxes import Mailbox, Mailboxes
from folkmoot.messaging.brokers.overview import Overview
from folkmoot.messaging.brokers.patience import lose_patience
from folkmoot.messaging.brokers.reader import Reader
from folkmoot.messaging.brokers.replies import Asker, Replies, StreamReader, reply_of
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.brokers.writer import Writer
from folkmoot.messaging.envelope import MAX_MESSAGE_BYTES, AgentMessage
from folkmoot.messaging.errors import BrokerStoppedError
from folkmoot.messaging.middleware import Chain, Expiry, Middleware, Retry
from folkmoot.messaging.store import Inbox
from folkmoot.storage import StorageFullError
from folkmoot.telemetry import Metrics, get_logger

_log = get_logger("folkmoot.messaging")
_PRUNED_AT_ONCE: Final = 2000


class EmbeddedBroker:
    """See `Broker` for the promises.

    `journal` is the file of the journal, owned by this broker alone. `mailbox_limit` counts the unsettled messages of
    one agent. `max_message_bytes` bounds a message and a reply as JSON.
    """

    def __init__(
        self,
        *,
        journal: Path,
        clock: Clock,
        inbox: Inbox | None = None,
        directory: Directory | None = None,
        middleware: Sequence[Middleware] | None = None,
        mailbox_limit: int = 1_000_000,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        full_sync: bool = False,
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
        self._replies = Replies[int]()
        self._reader = Reader(journal)
        self._writer = Writer(path=journal, full_sync=full_sync)
        self._settler = Settler(
            ledger=self._writer,
            mailboxes=self._mailboxes,
            alarm=self._alarm,
            clock=clock,
            figures=self._figures,
        )
        self._attempts = Attempts(chain=self._chain, inbox=inbox, clock=clock, max_bytes=max_message_bytes)
        self._deliverer = Deliverer(
            reader=self._reader,
            settler=self._settler,
            replies=self._replies,
            attempts=self._attempts,
            figures=self._figures,
        )
        self._archive = Archive(reader=self._reader, out=self._settler.out, chain=self._chain)
        self._acceptance = Acceptance(
            clock=clock,
            addresses=self._addresses,
            archive=self._archive,
            reader=self._reader,
            writer=self._writer,
            mailboxes=self._mailboxes,
            settler=self._settler,
            replies=self._replies,
            figures=self._figures,
            chain=self._chain,
            mailbox_limit=mailbox_limit,
            max_bytes=max_message_bytes,
        )
        self._overview = Overview(
            mailboxes=self._mailboxes,
            settler=self._settler,
            reader=self._reader,
            traffic=self._figures.traffic,
            clock=clock,
        )
        self._subscriptions: set[EmbeddedSubscription] = set()

    async def start(self) -> None:
        """See `Broker.start`."""
        if self._running:
            return
        await self._writer.start(committed=self._acceptance.committed, refused=self._acceptance.refused)
        await self._reader.start()
        self._figures.ended.clear()
        for status, count in (await self._reader.counts()).items():
            self._figures.settled(status, count)
        self._figures.traffic.dead = Counter(await self._reader.dead_by_mailbox())
        await self._acceptance.replay()
        self._figures.measure_depth(self._mailboxes.total)
        self._running = True

    async def stop(self) -> None:
        """See `Broker.stop`."""
        if not self._running:
            return
        self._running = False
        await asyncio.gather(*(subscription.cancel() for subscription in list(self._subscriptions)))
        await self._alarm.stop()
        await self._writer.stop()
        self._replies.stop()
        await self._reader.stop()
        self._mailboxes.clear()
        self._settler.clear()

    async def publish(self, message: AgentMessage) -> Receipt:
        """See `Broker.publish`."""
        self._must_run()
        return await self._acceptance.send(message)

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
        # Not `Asker[int]()`: calling the alias costs more than making the object.
        asker: Asker[int] = Asker()
        patience = self._alarm.after(timeout.total_seconds(), partial(lose_patience, asker, message, timeout))
        try:
            message = await self._acceptance.ask(message, asker)
            heard = await asker.next()
            if isinstance(heard, First):
                await self._acceptance.join(asker, heard)
                heard = await asker.next()
            assert isinstance(heard, Settlement)
            return reply_of(message, heard, self._attempts.read)
        finally:
            self._alarm.cancel(patience)
            self._replies.leave(asker)

    async def request_stream(
        self,
        message: AgentMessage,
        *,
        timeout: timedelta,  # noqa: ASYNC109  # see `Broker`
    ) -> AsyncIterator[dict[str, Any] | AgentMessage]:
        """See `Broker.request_stream`."""
        self._must_run()
        reader = StreamReader[int]()
        try:
            message = await self._acceptance.ask(message, reader)
            while not isinstance(heard := await self._next(reader, message, timeout), Settlement):
                if isinstance(heard, First):
                    await self._acceptance.join(reader, heard)
                else:
                    yield heard
            yield reply_of(message, heard, self._attempts.read)
        finally:
            self._replies.leave(reader)

    async def broadcast(self, message: AgentMessage) -> dict[str, Receipt | Exception]:
        """See `Broker.broadcast`."""
        self._must_run()
        return await to_each(message, await self._addresses.everyone(message), self.publish)

    async def find(self, message_id: str) -> MessageRecord | None:
        """See `Broker.find`."""
        return await self._archive.find(message_id)

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
        if agent_id is not None or conversation_id is not None or status is MessageStatus.QUEUED:
            try:
                await self._writer.call(list_new)
            except StorageFullError as error:
                _log.warning("newest_messages_not_listed", error=error.message)
        return await self._archive.messages(
            agent_id=agent_id, conversation_id=conversation_id, status=status, limit=limit, before=before
        )

    async def dead_letters(
        self, *, agent_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[MessageRecord]:
        """See `Broker.dead_letters`."""
        return await self._archive.dead_letters(agent_id=agent_id, limit=limit, offset=offset)

    async def retry_dead_letter(self, message_id: str) -> MessageRecord:
        """See `Broker.retry_dead_letter`."""
        self._must_run()
        return await self._acceptance.accept_again(message_id)

    async def drop_dead_letter(self, message_id: str) -> None:
        """See `Broker.drop_dead_letter`."""
        dead = await self._archive.dead_letter(message_id)
        if not await self._writer.call(partial(_drop_dead, dead.position)):
            raise not_dead(message_id)
        self._figures.settled(MessageStatus.DEAD.value, -1)
        self._figures.traffic.dead[dead.message.recipient_id] -= 1

    async def forget_replies(self, agent_id: str, intents: Collection[str]) -> int:
        """See `Broker.forget_replies`."""
        return await self._writer.call(partial(forget_replies, agent_id=agent_id, intents=tuple(intents)))

    async def prune(self, older_than: timedelta = timedelta(days=7)) -> int:
        """See `Broker.prune`."""
        before = self._clock.now() - older_than
        pruned, place = 0, 0
        while place >= 0:
            # A little at a time: sends wait for none of it longer than for a commit.
            place, gone = await self._writer.call(partial(_prune_page, before.timestamp(), place))
            for status, count in gone.items():
                self._figures.settled(status, -count)
                pruned += count
        oldest = await self._reader.oldest()
        if self._inbox is not None:
            # The mark of a message that may come again must outlive it, however long it has been waiting.
            await self._inbox.prune(before if oldest is None else min(before, datetime.fromtimestamp(oldest, UTC)))
        return pruned

    async def stats(self) -> BrokerStats:
        """See `Broker.stats`."""
        oldest = await self._reader.oldest()
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
        now = self._clock.now().timestamp()
        await self._writer.call(partial(_touch, now))

    async def _next(
        self, reader: StreamReader[int], message: AgentMessage, patience: timedelta
    ) -> dict[str, Any] | Settlement[int] | First[int]:
        appointment = self._alarm.after(patience.total_seconds(), partial(lose_patience, reader, message, patience))
        try:
            return await reader.next()
        finally:
            self._alarm.cancel(appointment)

    def _unsubscribed(self, subscription: EmbeddedSubscription, mailbox: Mailbox) -> None:
        self._subscriptions.discard(subscription)
        mailbox.takers.remove(subscription)
        self._mailboxes.tidy(mailbox)

    def _must_run(self) -> None:
        if not self._running:
            raise BrokerStoppedError("the broker is not running; start it first")


def _prune_page(before: float, place: int, connection: sqlite3.Connection) -> tuple[int, dict[str, int]]:
    return prune(connection, before, place, _PRUNED_AT_ONCE)


def _drop_dead(seq: int, connection: sqlite3.Connection) -> bool:
    return drop_dead(connection, seq)


def _touch(at: float, connection: sqlite3.Connection) -> None:
    touch(connection, at)
