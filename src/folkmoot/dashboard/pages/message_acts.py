"""What a person can do with a dead letter: have it delivered again, or drop it after being asked."""

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from folkmoot.dashboard.components.dialogs import confirm
from folkmoot.dashboard.components.dom import button
from folkmoot.dashboard.visit import Visit
from folkmoot.messaging.errors import UnknownMessageError
from folkmoot.web.mail import mail_sight

RETRY: Final = "POST /api/agents/messages/dead-letters/{message_id}/retry"
DROP: Final = "DELETE /api/agents/messages/dead-letters/{message_id}"
_DIALOG: Final = "drop-letter"
Act = Callable[[], Awaitable[None]]


class LetterActs:
    """Buttons of dead letters, and the one dialog that asks before one is dropped.

    Neither act is told by an event at once: `retried` and `dropped` see that the page shows it.
    """

    def __init__(self, visit: Visit, *, retried: Act, dropped: Act) -> None:
        self._visit = visit
        self._retried = retried
        self._dropped = dropped
        self._asked: str | None = None
        if visit.may(DROP):
            text = "The message and its error are deleted for good. Whoever sent it is not told."
            confirm(_DIALOG, "Drop this dead letter?", text, "Drop it", self._drop)

    def buttons(self, message_id: str, *, css: str = "") -> None:
        """What may be done with one of them."""
        if self._visit.may(RETRY):
            button("Deliver again", self._staying(lambda: self._retry(message_id)), sign="undo", kind=css)
        if self._visit.may(DROP):
            button("Drop", lambda: self._ask(message_id), sign="trash", kind=f"danger {css}")

    def _ask(self, message_id: str) -> None:
        self._asked = message_id
        self._visit.run(f"folkmoot.open('{_DIALOG}')")

    async def _retry(self, message_id: str) -> None:
        async def retry() -> None:
            await self._check(message_id)
            await self._visit.parts.broker.retry_dead_letter(message_id)

        if await self._visit.act(retry, said="It is delivered again.", needs=RETRY):
            await self._retried()

    async def _drop(self) -> None:
        message_id, self._asked = self._asked, None
        if message_id is None:
            return

        async def drop() -> None:
            await self._check(message_id)
            await self._visit.parts.broker.drop_dead_letter(message_id)

        if await self._visit.act(drop, said="Dropped.", needs=DROP):
            await self._dropped()

    async def _check(self, message_id: str) -> None:
        """Whose letter it is, is asked when somebody acts."""
        sight = await mail_sight(self._visit.parts, self._visit.principal)
        record = await self._visit.parts.broker.find(message_id)
        if record is None or not sight.covers(record.message):
            raise UnknownMessageError("this dead letter is gone; somebody retried or dropped it", message_id=message_id)

    def _staying(self, act: Act) -> Act:
        client = ui.context.client

        async def doing() -> None:
            # The page follows what is done, and may have taken the button away by the time it is said.
            with client:
                await act()

        return doing
