"""Dead letters, delivered again or dropped."""

import uuid
from collections.abc import Callable
from dataclasses import replace

from folkmoot.link import LinkDownError, Pipe, Scripts
from folkmoot.messaging.broker import MessageRecord, MessageStatus
from folkmoot.messaging.brokers.archive import not_dead
from folkmoot.messaging.brokers.redis.archive import Archive
from folkmoot.messaging.brokers.redis.names import Names


class GivenUp:
    """Acts on one dead letter at a time. `limit` bounds a mailbox, and `full` says so."""

    def __init__(
        self,
        *,
        pipe: Pipe,
        scripts: Scripts,
        names: Names,
        archive: Archive,
        cluster: bool,
        limit: int,
        full: Callable[[str], Exception],
    ) -> None:
        self._pipe = pipe
        self._scripts = scripts
        self._names = names
        self._archive = archive
        self._cluster = cluster
        self._limit = limit
        self._full = full

    async def retry(self, message_id: str) -> MessageRecord:
        """See `Broker.retry_dead_letter`."""
        dead = await self._archive.dead_letter(message_id)
        await self._again(dead, drop=False)
        return replace(dead, status=MessageStatus.QUEUED, attempts=0, settled_at=None, error=None, reply=None)

    async def drop(self, message_id: str) -> None:
        """See `Broker.drop_dead_letter`."""
        dead = await self._archive.dead_letter(message_id)
        await self._again(dead, drop=True)
        await self._archive.lists.bring_up()
        message = dead.message
        await self._archive.lists.forget(
            message.recipient_id, [message_id], [message.sender_id], [message.conversation_id]
        )

    async def _again(self, dead: MessageRecord, *, drop: bool) -> None:
        agent_id, message_id = dead.message.recipient_id, dead.message.message_id
        keys = [self._names.base(agent_id)] if self._cluster else [self._names.base(agent_id), self._names.timers]
        mark = uuid.uuid4().bytes
        call = self._scripts.call("again", keys, [agent_id, message_id, self._limit, int(drop), mark])
        (answer,) = await self._scripts.run(self._pipe, [call])
        if isinstance(answer, Exception):
            raise LinkDownError(f"Redis refused: {answer}") from answer
        if answer == 0 and drop and await self._archive.find(message_id) is None:
            return  # it was there before: this very call may have dropped it, and its answer was lost
        if answer == 0:
            raise not_dead(message_id)
        if answer != 1:
            raise self._full(agent_id)
