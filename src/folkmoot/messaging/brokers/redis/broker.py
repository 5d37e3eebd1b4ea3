"""The broker on Redis: the parts of this package, joined. See the package for what is kept where."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from folkmoot.kernel import Clock, cancel_and_wait
from folkmoot.link import Keys, Link, LinkDownError, Pipe, Scripts
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
from folkmoot.messaging.brokers.address import Addresses, to_each
from folkmoot.messaging.brokers.alarm import Alarm
from folkmoot.messaging.brokers.attempt import Attempts
from folkmoot.messaging.brokers.redis.answers import Answers
from folkmoot.messaging.brokers.redis.archive import Archive
from folkmoot.messaging.brokers.redis.asking import Asking
from folkmoot.messaging.brokers.redis.desk import Desk
from folkmoot.messaging.brokers.redis.ears import Ears
from folkmoot.messaging.brokers.redis.given_up import GivenUp
from folkmoot.messaging.brokers.redis.names import Names
from folkmoot.messaging.brokers.redis.outbox import Letter, Outbox
from folkmoot.messaging.brokers.redis.presence import Presence
from folkmoot.messaging.brokers.redis.subscribe import RedisSubscription
from folkmoot.messaging.brokers.redis.timers import Timers
from folkmoot.messaging.brokers.replies import Publisher
from folkmoot.messaging.envelope import MAX_MESSAGE_BYTES, AgentMessage
from folkmoot.messaging.errors import BrokerStoppedError, MailboxFullError
from folkmoot.messaging.middleware import Chain, Expiry, Happening, Middleware, Retry
from folkmoot.messaging.store import Inbox
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
_UNLISTED: Final = 1_000
_MOST_UNLISTED: Final = 50_000
_POLL_SECONDS: Final = 5.0


class RedisBroker:
    """See `Broker` for the promises.

    `heartbeat`: after two of them without a sign of life a process's mail is taken over. `patience`: how long a send
    waits for a Redis that is away, and a start. `replicas`: a message is accepted when so many replicas of Redis have
    it. Without an `inbox` handlers have no transaction. Settled messages are kept until somebody prunes, as every line
    and server does.
    """

    def __init__(
        self,
        *,
        link: Link,
        clock: Clock,
        inbox: Inbox | None = None,
        directory: Directory | None = None,
        middleware: Sequence[Middleware] | None = None,
        mailbox_limit: int = 1_000_000,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        heartbeat: timedelta = timedelta(seconds=5),
        patience: timedelta = timedelta(seconds=30),
        replicas: int = 0,
        keys: Keys | None = None,
    ) -> None:
        self._link = link
        self._clock = clock
        self._inbox = inbox
        self._directory = directory
        self._chain = Chain([Expiry(), Retry()] if middleware is None else middleware)
        self._mailbox_limit = mailbox_limit
        self._max_bytes = max_message_bytes
        self._heartbeat = heartbeat
        self._patience = patience.total_seconds()
        self._replicas = replicas
        self._names = Names(keys or Keys())
        self._scripts = Scripts("folkmoot.messaging.brokers.redis.lua")
        self._addresses = Addresses(directory)
        self._attempts = Attempts(chain=self._chain, inbox=inbox, clock=clock, max_bytes=max_message_bytes)
        self._running = False
        self._desks: dict[str, Desk] = {}
        self._subscriptions: set[RedisSubscription] = set()

    async def start(self) -> None:
        """See `Broker.start`. Raises `LinkDownError`."""
        if self._running:
            return
        # What an earlier life could not give back is taken over from it, as from anybody.
        self.consumer = uuid.uuid4().hex[:16]
        pipe = self._pipe = Pipe(self._link)
        common: dict[str, Any] = {"pipe": pipe, "scripts": self._scripts, "names": self._names}
        self._alarm = Alarm(self._clock)
        self._archive = Archive(**common, clock=self._clock, chain=self._chain)
        self._given_up = GivenUp(
            **common,
            archive=self._archive,
            cluster=self._link.cluster,
            limit=self._mailbox_limit,
            full=self._full,
        )
        self._answers = Answers(**common, consumer=self.consumer, chain=self._chain, patience=self._patience)
        self._outbox = Outbox(
            **common,
            link=self._link,
            clock=self._clock,
            limit=self._mailbox_limit,
            replicas=self._replicas,
            full=self._full,
            told=self._accepted,
        )
        self._asking = Asking(
            outbox=self._outbox,
            answers=self._answers,
            archive=self._archive,
            addresses=self._addresses,
            attempts=self._attempts,
            alarm=self._alarm,
            chain=self._chain,
            max_bytes=self._max_bytes,
        )
        self._timers = Timers(
            **common,
            link=self._link,
            clock=self._clock,
            alarm=self._alarm,
            rung=self._rung,
        )
        self._presence = Presence(
            **common,
            clock=self._clock,
            consumer=self.consumer,
            heartbeat=self._heartbeat,
            served=self._desks.keys(),
        )
        self._ears = Ears(link=self._link, again=self._look_again)
        await self._presence.start(patience=self._patience)
        await self._outbox.measure()
        await self._ears.listen(self._names.answers(self.consumer), self._answers.heard)
        self._answers.start()
        self._timers.start()
        self._polling = asyncio.create_task(self._poll(), name="folkmoot-poll")
        self._running = True

    async def stop(self) -> None:
        """See `Broker.stop`."""
        if not self._running:
            return
        self._running = False
        await cancel_and_wait(self._polling)
        await asyncio.gather(*(subscription.cancel() for subscription in list(self._subscriptions)))
        self._desks.clear()
        await self._outbox.stop()
        await self._timers.stop()
        await self._answers.stop()
        await self._alarm.stop()
        await self._presence.stop()
        await self._ears.close()
        await self._pipe.close()

    async def publish(self, message: AgentMessage) -> Receipt:
        """See `Broker.publish`. Raises `LinkDownError` when Redis was away for longer than `patience`."""
        self._must_run()
        message = await self._chain.sending(message)
        message = await self._asking.addressed(message)
        publisher: Publisher[str] = Publisher()
        self._asking.post(message, publisher, asker="", patience=self._patience)
        first = await publisher.receipt
        if first is not None:
            return Receipt(message_id=message.message_id, recipient_id=first.mailbox, duplicate=True)
        return Receipt(message_id=message.message_id, recipient_id=message.recipient_id)

    async def subscribe(self, agent_id: str, handler: Handler, *, concurrency: int = 16) -> Subscription:
        """See `Broker.subscribe`."""
        self._must_run()
        desk = self._desks.get(agent_id)
        if desk is None:
            desk = self._desks[agent_id] = self._desk(agent_id)
            try:
                await self._ears.listen(self._names.bell(agent_id), partial(_hear_bell, desk))
                await desk.open()
                await self._presence.look([agent_id])
            except BaseException:
                if not desk.hands:
                    del self._desks[agent_id]
                raise
        subscription = RedisSubscription(
            desk=desk,
            handler=self._chain.around(handler),
            concurrency=concurrency,
            attempts=self._attempts,
            clock=self._clock,
            stream=self._answers.send,
            life=lambda: self._presence.life,
            ended=self._unsubscribed,
        )
        self._subscriptions.add(subscription)
        desk.hands.append(subscription)
        desk.ring()
        return subscription

    async def request(self, message: AgentMessage, *, timeout: timedelta) -> AgentMessage:  # noqa: ASYNC109  # see `Broker`
        """See `Broker.request`."""
        self._must_run()
        return await self._asking.request(message, timeout=timeout)

    async def request_stream(
        self,
        message: AgentMessage,
        *,
        timeout: timedelta,  # noqa: ASYNC109  # see `Broker`
    ) -> AsyncGenerator[dict[str, Any] | AgentMessage, None]:
        """See `Broker.request_stream`."""
        self._must_run()
        async with aclosing(self._asking.request_stream(message, timeout=timeout)) as heard:
            async for one in heard:
                yield one

    async def broadcast(self, message: AgentMessage) -> dict[str, Receipt | Exception]:
        """See `Broker.broadcast`."""
        self._must_run()
        return await to_each(message, await self._addresses.everyone(message), self.publish)

    async def find(self, message_id: str) -> MessageRecord | None:
        """See `Broker.find`."""
        self._must_run()
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
        self._must_run()
        return await self._archive.messages(
            agent_id=agent_id, conversation_id=conversation_id, status=status, limit=max(limit, 0), before=before
        )

    async def dead_letters(
        self, *, agent_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[MessageRecord]:
        """See `Broker.dead_letters`."""
        self._must_run()
        return await self._archive.dead_letters(agent_id=agent_id, limit=max(limit, 0), offset=max(offset, 0))

    async def retry_dead_letter(self, message_id: str) -> MessageRecord:
        """See `Broker.retry_dead_letter`."""
        self._must_run()
        record = await self._given_up.retry(message_id)
        self._timers.look()
        return record

    async def drop_dead_letter(self, message_id: str) -> None:
        """See `Broker.drop_dead_letter`."""
        self._must_run()
        await self._given_up.drop(message_id)

    async def forget_replies(self, agent_id: str, intents: Collection[str]) -> int:
        """See `Broker.forget_replies`."""
        self._must_run()
        place, emptied = 0, 0
        while True:
            call = self._scripts.call("silence", [self._names.base(agent_id)], [place, *map(str, intents)])
            (answer,) = await self._scripts.run(self._pipe, [call])
            if isinstance(answer, Exception):
                raise LinkDownError(f"Redis refused: {answer}") from answer
            place, emptied = int(answer[0]), emptied + int(answer[1])
            if not place:
                return emptied

    async def prune(self, older_than: timedelta = timedelta(days=7)) -> int:
        """See `Broker.prune`."""
        self._must_run()
        before = self._clock.now() - older_than
        pruned = await self._archive.prune(before.timestamp(), self._desks.keys())
        if self._inbox is not None:
            oldest = await self._archive.oldest()
            # The mark of a message that may come again must outlive it, however long it has been waiting.
            await self._inbox.prune(before if oldest is None else min(before, datetime.fromtimestamp(oldest, UTC)))
        return pruned

    async def stats(self) -> BrokerStats:
        """See `Broker.stats`."""
        self._must_run()
        return await self._archive.stats()

    async def mailbox_stats(self, agent_id: str | None = None) -> list[MailboxStats]:
        """See `Broker.mailbox_stats`."""
        self._must_run()
        return await self._archive.mailbox_stats(agent_id, self._desks.keys())

    async def health_check(self) -> None:
        """See `Broker.health_check`."""
        self._must_run()
        await self._pipe.one("SET", self._names.alive(f"{self.consumer}:pulse"), "1", "PX", 60_000, patience=1.0)

    def _accepted(self, letter: Letter) -> None:
        self._chain.happened(Happening.ACCEPTED, letter.message)
        if letter.expires is not None:
            self._timers.look()

    def _desk(self, agent_id: str) -> Desk:
        return Desk(
            agent_id,
            cluster=self._link.cluster,
            pipe=self._pipe,
            scripts=self._scripts,
            names=self._names,
            clock=self._clock,
            consumer=self.consumer,
            settled=self._answers.settled,
            timed=self._timers.look,
        )

    async def _unsubscribed(self, subscription: RedisSubscription) -> None:
        self._subscriptions.discard(subscription)
        await self._forget(subscription.desk)

    async def _forget(self, desk: Desk) -> None:
        """Forget a desk at which nothing is left to do; until then it serves who comes."""
        if desk.done and self._desks.get(desk.agent_id) is desk:
            del self._desks[desk.agent_id]
            await self._ears.leave(self._names.bell(desk.agent_id))

    async def _poll(self) -> None:
        """What a channel should have told and did not; and the lists, when there is time, or too much is unlisted."""
        beats = before = 0
        while True:
            await asyncio.sleep(_POLL_SECONDS / 10)
            beats += 1
            if not beats % 10:
                for desk in tuple(self._desks.values()):
                    desk.ring()
                    await self._forget(desk)
                with contextlib.suppress(LinkDownError):
                    await self._timers.check(tuple(self._desks))
            unlisted, quiet = self._outbox.unlisted, self._outbox.unlisted == before
            before = unlisted
            if unlisted >= (_UNLISTED if quiet else _MOST_UNLISTED):
                self._outbox.unlisted = before = 0
                try:
                    await self._archive.lists.bring_up()
                except LinkDownError as error:
                    _log.debug("messages_not_listed", error=error.message)
                except Exception:  # noqa: BLE001  # who polls must go on; it is logged
                    _log.exception("messages_not_listed")

    def _look_again(self) -> None:
        for desk in self._desks.values():
            desk.ring()
        self._timers.look()
        self._looking = asyncio.create_task(self._answers.look(), name="folkmoot-answers")

    def _rung(self, agent_id: str) -> None:
        desk = self._desks.get(agent_id)
        if desk is not None:
            desk.ring()

    def _full(self, agent_id: str) -> MailboxFullError:
        return MailboxFullError(
            f"the mailbox of {agent_id} holds {self._mailbox_limit} messages, which is its limit; send again later",
            agent_id=agent_id,
            limit=self._mailbox_limit,
        )

    def _must_run(self) -> None:
        if not self._running:
            raise BrokerStoppedError("the broker is not running; start it first")


def _hear_bell(desk: Desk, told: bytes) -> None:
    desk.ring(int(told))
