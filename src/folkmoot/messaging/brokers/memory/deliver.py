"""The handling of one message that is kept in memory; see `Delivering`."""

import asyncio

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.messaging.broker import Handler, MessageStatus
from folkmoot.messaging.brokers.attempt import Attempts, ids
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.mailboxes import Lane, Mailbox
from folkmoot.messaging.brokers.memory.kept import Kept
from folkmoot.messaging.brokers.memory.shelf import Shelf
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware import Chain, Happening
from folkmoot.telemetry import bound_to


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
        kept, agent_id, began = self._shelf.of(seq), mailbox.agent_id, self._clock.monotonic()
        self._settler.out.add(seq)
        message = self._read(kept, lane)
        if message is None:
            return
        attempt = kept.attempts + 1
        try:
            with bound_to(**ids(message, agent_id)):
                said = await handler(self._attempts.begin(message, attempt, kept.stream))
            # Of the envelope that is kept anyway: the handler's copy is not held as long as the reply.
            reply, answer = self._attempts.encoded(kept.message, said)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever a handler raises is the message's failure
            try:
                ending = self._attempts.fault(message, agent_id, attempt, error)
            except asyncio.CancelledError:
                self._settler.given_back(seq, mailbox, lane)
                raise
            self._figures.traffic.attempted(agent_id, began, ending.status)
            self._settler.ended(seq, mailbox, lane, ending)
            return
        if self._chain.hears:
            self._chain.happened(Happening.HANDLED, message)
        self._figures.traffic.attempted(agent_id, began, MessageStatus.HANDLED)
        at = self._clock.now().timestamp()
        self._settler.settled(
            mailbox, Settlement(seq, MessageStatus.HANDLED, at, attempt, None, reply, None, None, answer)
        )
        mailbox.release(lane)

    def _read(self, kept: Kept, lane: Lane) -> AgentMessage | None:
        """The message for its handler; None if it was settled, as it cannot be read or is too late."""
        message = kept.copy()
        if self._chain.seals:
            try:
                message = self._chain.reading(message)
            except FolkmootError as error:
                ending = self._attempts.unreadable(kept.mailbox.agent_id, kept.seq, kept.attempts, error)
                self._settler.ended(kept.seq, kept.mailbox, lane, ending)
                return None
        late = self._attempts.too_late(message, kept.attempts)
        if late is not None:
            self._settler.ended(kept.seq, kept.mailbox, lane, late)
            return None
        return message
