"""Accepting in memory: from a message that is to be sent to one that waits in its mailbox."""

from folkmoot.kernel import Clock
from folkmoot.messaging.brokers.address import Addresses
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.mailboxes import Mailbox, Mailboxes
from folkmoot.messaging.brokers.memory.kept import Kept
from folkmoot.messaging.brokers.memory.shelf import Shelf
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.brokers.write import Written
from folkmoot.messaging.envelope import AgentMessage, selects
from folkmoot.messaging.errors import MailboxFullError, MessageTooLargeError
from folkmoot.messaging.middleware import Chain, Happening


class Acceptance:
    """Takes messages in and lets deliveries begin; nothing here waits but middleware and directory."""

    def __init__(
        self,
        *,
        clock: Clock,
        addresses: Addresses,
        shelf: Shelf,
        mailboxes: Mailboxes,
        settler: Settler,
        figures: Figures,
        chain: Chain,
        mailbox_limit: int,
        max_bytes: int,
    ) -> None:
        self._clock = clock
        self._addresses = addresses
        self._shelf = shelf
        self._mailboxes = mailboxes
        self._settler = settler
        self._figures = figures
        self._chain = chain
        self._mailbox_limit = mailbox_limit
        self._max_bytes = max_bytes
        self._last_seq = 0

    async def take(self, message: AgentMessage) -> tuple[Kept, bool]:
        """The message as it is kept, and whether it is new: else it is the one that had its id before.

        Raises what `Broker.publish` raises.
        """
        if self._chain.changes:
            message = await self._chain.sending(message)
        first = self._shelf.known(message.message_id)
        if first is not None:
            return first, False
        if not self._mailboxes.has(message.recipient_id) and selects(message.recipient_id):
            message = await self._addresses.resolved(message)
            # While the directory was asked the same message may have come again.
            first = self._shelf.known(message.message_id)
            if first is not None:
                return first, False
        return self._keep(message), True

    def accept_again(self, kept: Kept) -> None:
        """Queue a dead letter with fresh attempts. Raises `MailboxFullError`."""
        mailbox = kept.mailbox = self._mailboxes.of(kept.mailbox.agent_id)
        self._make_room(mailbox)
        self._shelf.bring_back(kept)
        self._enqueue(kept)
        mailbox.pump()

    def replay(self) -> None:
        """What waited when the broker was stopped waits again, in the order in which it was accepted."""
        now = self._clock.now().timestamp()
        for kept in self._shelf.waiting():
            mailbox = kept.mailbox = self._mailboxes.of(kept.mailbox.agent_id)
            mailbox.size += 1
            sender, rank = kept.message.sender_id, kept.message.payload.priority.rank
            if kept.attempts:
                self._settler.attempts[kept.seq] = kept.attempts
            if kept.due is not None and kept.due > now:
                self._settler.will_return(kept.seq, mailbox, sender, rank, kept.due)
            else:
                mailbox.add(kept.seq, sender, rank)
            if kept.expires is not None:
                self._settler.will_expire(kept.seq, mailbox, kept.expires)

    def _keep(self, message: AgentMessage) -> Kept:
        stored = self._chain.storing(message) if self._chain.seals else message
        written = Written(stored)
        self._must_fit(written.length(self._max_bytes))
        mailbox = self._mailboxes.of(message.recipient_id)
        self._make_room(mailbox)
        self._last_seq = seq = self._last_seq + 1
        kept = Kept(seq, stored, written, mailbox, self._clock.now().timestamp())
        late = self._chain.too_late_at(message)
        if late is not None:
            kept.expires = late.timestamp()
        self._shelf.put(kept)
        self._enqueue(kept)
        if self._chain.hears:
            self._chain.happened(Happening.ACCEPTED, message)
        self._figures.traffic.accepted_one(mailbox.agent_id)
        mailbox.pump()
        return kept

    def _enqueue(self, kept: Kept) -> None:
        message = kept.message
        kept.mailbox.add(kept.seq, message.sender_id, message.payload.priority.rank)
        if kept.expires is not None:
            self._settler.will_expire(kept.seq, kept.mailbox, kept.expires)

    def _must_fit(self, length: int) -> None:
        if length > self._max_bytes:
            raise MessageTooLargeError(
                f"the message has {length} bytes, more than the {self._max_bytes} allowed; "
                "send a reference to what is big",
                size=length,
                limit=self._max_bytes,
            )

    def _make_room(self, mailbox: Mailbox) -> None:
        if mailbox.size >= self._mailbox_limit:
            raise MailboxFullError(
                f"the mailbox of {mailbox.agent_id} holds {mailbox.size} messages, which is its limit; "
                "send again later",
                agent_id=mailbox.agent_id,
                limit=self._mailbox_limit,
            )
        mailbox.size += 1
