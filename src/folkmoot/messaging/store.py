"""The handler's transaction: its effect and the mark "handled" commit together, or neither does.

Delivery is at least once: a process may die after an effect and before the acknowledgement reached the journal, and
the message comes again. The mark is in the application's database, so it commits with the effect; on the second
delivery it is found, nothing is done, and the broker acknowledges. Effects outside this database (a mail sent, a file
written) cannot be part of it: those stay at least once.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.kernel import Clock
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import AlreadyHandledError
from folkmoot.messaging.tables import HandledMessage
from folkmoot.storage import Database


class Inbox:
    """The marks of one application database, SQLite or PostgreSQL."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def transaction(
        self, message: AgentMessage, reply: dict[str, Any] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """A write transaction that also marks `message` as handled by its recipient.

        `reply` is read when the block ends, so the block may fill it; it is kept with the mark. Raises
        `AlreadyHandledError` (with the kept reply) before the block runs if the mark is there.
        """
        async with self._database.write() as session:
            await self._mark(session, message)
            yield session
            if reply is not None:
                await session.execute(update(HandledMessage).where(*_which(message)).values(reply=reply))

    async def prune(self, before: datetime) -> int:
        """Forget marks made before a time; how many there were."""
        async with self._database.write() as session:
            result = await session.execute(delete(HandledMessage).where(HandledMessage.at < before))
            return int(getattr(result, "rowcount", 0))

    async def _mark(self, session: AsyncSession, message: AgentMessage) -> None:
        marks = await session.execute(select(HandledMessage.reply).where(*_which(message)))
        mark = marks.one_or_none()
        if mark is None:
            try:
                await session.execute(
                    insert(HandledMessage).values(
                        agent_id=message.recipient_id, message_id=message.message_id, at=self._clock.now(), reply=None
                    )
                )
            except IntegrityError:
                # On PostgreSQL a replica may have committed the mark between our look and our insert.
                await session.rollback()
                mark = (await session.execute(select(HandledMessage.reply).where(*_which(message)))).one()
        if mark is not None:
            raise AlreadyHandledError(
                f"message {message.message_id} was handled by {message.recipient_id} before; nothing was done again",
                message_id=message.message_id,
                reply=mark.reply,
            )


def _which(message: AgentMessage) -> tuple[Any, Any]:
    return HandledMessage.agent_id == message.recipient_id, HandledMessage.message_id == message.message_id
