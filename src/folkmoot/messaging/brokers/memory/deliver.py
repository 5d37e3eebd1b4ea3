"""The handling of one message that is kept in memory; see `Delivering`."""

import asyncio

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.messaging.broker import Handler
from folkmoot.messaging.brokers.attempt import Attempts
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.mailboxes import Lane, Mailbox
from folkmoot.messaging.brokers.memory.shelf import Shelf
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.middleware import Chain


class Deliverer:
    """Handles single messages, for every subscription of a broker."""

    def __init__(
        self, *, shelf: Shelf, settler: Settler, attempts: Attempts, figures: Figures, chain: Chain, clock: Clock
    ) -> None:
        self._shelf = shelf
        self._settler = settler
        self._attempts = attempts
        self._figures = figures
        self._chain = chain
        self._clock = clock

    async def deliver(self, seq: int, mailbox: Mailbox, lane: Lane, handler: Handler) -> None:
        """Handle one message that was taken, and record how that ended; `handler` is what `Chain.around` made."""
        kept = self._shelf.of(seq)
        self._settler.out.add(seq)
        try:
            message = self._chain.reading(kept.copy()) if self._chain.seals else kept.copy()
        except FolkmootError as error:
            ending = self._attempts.unreadable(mailbox.agent_id, seq, kept.attempts, error)
            self._settler.ended(seq, mailbox, lane, ending)
            return
        began = self._clock.monotonic()
        try:
            ending = await self._attempts.make(
                message, agent_id=mailbox.agent_id, attempt=kept.attempts + 1, handler=handler, stream=kept.stream
            )
        except asyncio.CancelledError:
            self._settler.given_back(seq, mailbox, lane)
            raise
        self._figures.traffic.attempted(mailbox.agent_id, began, ending.status)
        self._settler.ended(seq, mailbox, lane, ending)
