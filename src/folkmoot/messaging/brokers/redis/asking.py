"""Asking over Redis: sent with the name of this process in the record, answered by whichever process handled it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import partial
from typing import Any

from folkmoot.messaging.brokers.address import Addresses
from folkmoot.messaging.brokers.alarm import Alarm
from folkmoot.messaging.brokers.attempt import Attempts
from folkmoot.messaging.brokers.ending import First, Settlement
from folkmoot.messaging.brokers.patience import lose_patience
from folkmoot.messaging.brokers.redis.answers import Answers
from folkmoot.messaging.brokers.redis.archive import Archive
from folkmoot.messaging.brokers.redis.outbox import Letter, Outbox, Waiting
from folkmoot.messaging.brokers.replies import Asker, StreamReader, reply_of
from folkmoot.messaging.envelope import AgentMessage, selects
from folkmoot.messaging.errors import MessageTooLargeError
from folkmoot.messaging.middleware import Chain


class Asking:
    """Posts letters, and waits for what becomes of them where somebody asks."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        answers: Answers,
        archive: Archive,
        addresses: Addresses,
        attempts: Attempts,
        alarm: Alarm,
        chain: Chain,
        max_bytes: int,
    ) -> None:
        self._outbox = outbox
        self._answers = answers
        self._archive = archive
        self._addresses = addresses
        self._attempts = attempts
        self._alarm = alarm
        self._chain = chain
        self._max_bytes = max_bytes

    async def request(self, message: AgentMessage, *, timeout: timedelta) -> AgentMessage:  # noqa: ASYNC109  # see `Broker`
        """See `Broker.request`."""
        asker: Asker[str] = Asker()
        appointment = self._alarm.after(timeout.total_seconds(), partial(lose_patience, asker, message, timeout))
        try:
            message = await self._ask(message, asker, timeout, reads=False)
            heard = await asker.next()
            if isinstance(heard, First):
                await self._answers.join(asker, heard, reads=False)
                heard = await asker.next()
            assert isinstance(heard, Settlement)
            return reply_of(message, heard, self._attempts.read)
        finally:
            self._alarm.cancel(appointment)
            self._answers.leave(asker)

    async def request_stream(
        self,
        message: AgentMessage,
        *,
        timeout: timedelta,  # noqa: ASYNC109  # see `Broker`
    ) -> AsyncGenerator[dict[str, Any] | AgentMessage, None]:
        """See `Broker.request_stream`."""
        reader: StreamReader[str] = StreamReader()
        try:
            message = await self._ask(message, reader, timeout, reads=True)
            while not isinstance(heard := await self._next(reader, message, timeout), Settlement):
                if isinstance(heard, First):
                    await self._answers.join(reader, heard, reads=True)
                else:
                    yield heard
            yield reply_of(message, heard, self._attempts.read)
        finally:
            self._answers.leave(reader)

    async def addressed(self, message: AgentMessage) -> AgentMessage:
        """The message with one agent as its recipient: who fits, or to whom it went before, whoever fits by now.

        It is sent in any case. That it was claimed for somebody, as it is first in a Cluster, is no proof that it came.
        """
        if not selects(message.recipient_id):
            return message
        first = await self._archive.first(message.message_id)
        if first is None:
            return await self._addresses.resolved(message)
        return message.model_copy(update={"recipient_id": first.mailbox})

    def post(self, message: AgentMessage, sender: Waiting, *, asker: str, patience: float) -> None:
        """Send a message; `sender` hears how that went within `patience` seconds. Raises `MessageTooLargeError`."""
        body = self._chain.storing(message).to_bytes()
        if len(body) > self._max_bytes:
            raise MessageTooLargeError(
                f"the message has {len(body)} bytes, more than the {self._max_bytes} allowed; "
                "send a reference to what is big",
                size=len(body),
                limit=self._max_bytes,
            )
        late = self._chain.too_late_at(message)
        self._outbox.post(
            Letter(
                message=message,
                body=body,
                expires=None if late is None else late.timestamp(),
                asker=asker,
                sender=sender,
                deadline=asyncio.get_running_loop().time() + patience,
            )
        )

    async def _ask(self, message: AgentMessage, asker: Asker[str], timeout: timedelta, *, reads: bool) -> AgentMessage:  # noqa: ASYNC109  # see `Broker`
        """Send a message whose end, or repetition, `asker` will hear of; answers it with its recipient resolved."""
        message = await self._chain.sending(message)
        message = await self.addressed(message)
        self._answers.listen(asker, message.message_id, message.recipient_id, chunks=0 if reads else None)
        who = self._answers.reads if reads else self._answers.waits
        self.post(message, asker, asker=who, patience=timeout.total_seconds())
        return message

    async def _next(
        self, reader: StreamReader[str], message: AgentMessage, patience: timedelta
    ) -> dict[str, Any] | Settlement[str] | First[str]:
        appointment = self._alarm.after(patience.total_seconds(), partial(lose_patience, reader, message, patience))
        try:
            return await reader.next()
        finally:
            self._alarm.cancel(appointment)
