"""The news of the broker, written to the log of events, from where `/ws` tells it (SPEC J3).

What agents say about a task is told as `task_consulted`, `task_negotiated`, `task_assigned`; as messages it would only
be told twice.
"""

import asyncio
from contextlib import suppress
from typing import Final

from folkmoot.events import Announcer, News
from folkmoot.kernel import FolkmootError
from folkmoot.messaging import MessageIntent
from folkmoot.messaging.news import MESSAGE_DEAD, MessageNews
from folkmoot.telemetry import get_logger

TOLD_AS_TASKS: Final = frozenset({MessageIntent.CONSULT, MessageIntent.NEGOTIATE, MessageIntent.AWARD})
_GATHER_SECONDS: Final = 0.2
"""A transaction for each message would cost more than the message; who watches does not see the difference."""
_log = get_logger("folkmoot.messaging")


class Newsroom:
    """Hears of messages at once, and tells together what came together: the log, or the relay of who has none."""

    def __init__(self, *, announcer: Announcer) -> None:
        self._announcer = announcer
        self._heard: asyncio.Queue[MessageNews | None] = asyncio.Queue()
        self._ending = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def hear(self, news: MessageNews) -> None:
        """Take note; a message about a task only when it was given up."""
        if news.intent not in TOLD_AS_TASKS or news.type == MESSAGE_DEAD:
            self._heard.put_nowait(news)

    def start(self) -> None:
        """Begin to write."""
        self._writing = asyncio.create_task(self._write(), name="newsroom")

    async def stop(self) -> None:
        """Write what was heard, and end."""
        if self._writing is not None:
            self._ending.set()
            self._heard.put_nowait(None)
            await self._writing
            self._writing = None

    async def _write(self) -> None:
        open_ = True
        while open_:
            batch = [await self._heard.get()]
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_SECONDS):
                    await self._ending.wait()
            while not self._heard.empty():
                batch.append(self._heard.get_nowait())
            open_ = None not in batch
            try:
                await self._record([one for one in batch if one is not None])
            except FolkmootError as error:
                # The messages themselves are safe in the journal; only who watches misses a line.
                _log.warning("message_news_lost", count=len(batch), error=error.message)

    async def _record(self, batch: list[MessageNews]) -> None:
        if not batch:
            return
        await self._announcer.tell(
            [
                News(
                    type=one.type,
                    subject=one.message_id,
                    data={
                        "message_id": one.message_id,
                        "sender_id": one.sender_id,
                        "recipient_id": one.recipient_id,
                        "intent": one.intent,
                    },
                )
                for one in batch
            ]
        )
