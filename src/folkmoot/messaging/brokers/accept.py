"""Accepting: from a message that is to be sent to one that waits in its mailbox, with the journal in between."""

import sqlite3
from dataclasses import replace
from functools import partial

from folkmoot.kernel import Clock
from folkmoot.messaging.broker import MessageRecord, MessageStatus, Receipt
from folkmoot.messaging.brokers import journal
from folkmoot.messaging.brokers.address import Addresses
from folkmoot.messaging.brokers.archive import Archive, not_dead
from folkmoot.messaging.brokers.ending import First
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.mailboxes import Mailbox, Mailboxes
from folkmoot.messaging.brokers.reader import Reader
from folkmoot.messaging.brokers.replies import Asker, Publisher, Replies
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.brokers.write import Written
from folkmoot.messaging.brokers.writer import Batch, Letter, LetterSender, Writer
from folkmoot.messaging.envelope import AgentMessage, selects
from folkmoot.messaging.errors import MailboxFullError, MessageTooLargeError
from folkmoot.messaging.middleware import Chain, Happening


class Acceptance:
    """Takes messages in; hears from the writer what the journal has, and lets deliveries begin."""

    def __init__(
        self,
        *,
        clock: Clock,
        addresses: Addresses,
        archive: Archive,
        reader: Reader,
        writer: Writer,
        mailboxes: Mailboxes,
        settler: Settler,
        replies: Replies[int],
        figures: Figures,
        chain: Chain,
        mailbox_limit: int,
        max_bytes: int,
    ) -> None:
        self._clock = clock
        self._addresses = addresses
        self._archive = archive
        self._reader = reader
        self._writer = writer
        self._mailboxes = mailboxes
        self._settler = settler
        self._replies = replies
        self._figures = figures
        self._chain = chain
        self._mailbox_limit = mailbox_limit
        self._max_bytes = max_bytes
        self._next_seq = 1

    async def send(self, message: AgentMessage) -> Receipt:
        """Have the message in the journal. Raises what `Broker.publish` raises."""
        if self._chain.changes:
            message = await self._chain.sending(message)
        if selects(message.recipient_id):
            # A repeated send goes to whom the first went, whoever fits by now.
            first = await self._archive.first(message.message_id)
            if first is not None:
                return _duplicate(message, first)
            message = await self._addresses.resolved(message)
        # Not `Publisher[int]()`: calling the alias costs more than making the object.
        publisher: Publisher[int] = Publisher()
        try:
            self._post(message, publisher)
        except MailboxFullError:
            publisher.accepted(await self._first_or_raise(message))
        first = await publisher.receipt
        if first is not None:
            return _duplicate(message, first)
        return Receipt(message_id=message.message_id, recipient_id=message.recipient_id)

    async def ask(self, message: AgentMessage, asker: Asker[int]) -> AgentMessage:
        """Submit a message whose end, or repetition, `asker` will hear of; answers it with its recipient resolved."""
        if self._chain.changes:
            message = await self._chain.sending(message)
        if selects(message.recipient_id):
            first = await self._archive.first(message.message_id)
            if first is not None:
                asker.accepted(first)
                return message.model_copy(update={"recipient_id": first.mailbox})
            message = await self._addresses.resolved(message)
        try:
            self._replies.listen(asker, self._post(message, asker))
        except MailboxFullError:
            asker.accepted(await self._first_or_raise(message))
        return message

    async def join(self, asker: Asker[int], first: First[int]) -> None:
        """Let `asker` hear of the end of the message that it repeats."""
        # Listen first, look then: an end that comes in between is heard.
        self._replies.listen(asker, first.key)
        settlement = await self._reader.settlement(first.key)
        if settlement is not None:
            asker.settled(settlement)

    async def accept_again(self, message_id: str) -> MessageRecord:
        """Queue a dead letter with fresh attempts. Raises `UnknownMessageError`, `MailboxFullError`."""
        dead = await self._archive.dead_letter(message_id)
        message = dead.message
        mailbox = self._mailboxes.of(message.recipient_id)
        self._make_room(mailbox)
        brought_back = False
        try:
            brought_back = await self._writer.call(partial(_bring_back, dead.position))
        finally:
            if not brought_back:
                self._mailboxes.one_less(mailbox)
        if not brought_back:
            raise not_dead(message_id)
        self._figures.settled(MessageStatus.DEAD.value, -1)
        self._figures.traffic.dead[message.recipient_id] -= 1
        self._enqueue(mailbox, dead.position, message.sender_id, message.payload.priority.rank, self._expires(message))
        record = replace(dead, status=MessageStatus.QUEUED, attempts=0, settled_at=None, error=None)
        mailbox.pump()
        return record

    async def _first_or_raise(self, message: AgentMessage) -> First[int]:
        # A repeated send needs no room.
        first = await self._archive.first(message.message_id)
        if first is None:
            raise self._full(self._mailboxes.of(message.recipient_id))
        return first

    def _post(self, message: AgentMessage, sender: LetterSender) -> int:
        """Hand a message to the writer; answers its `seq`."""
        kept = self._chain.storing(message).to_bytes() if self._chain.seals else Written(message)
        body = kept.body if isinstance(kept, Written) else kept
        if len(body) > self._max_bytes:
            raise MessageTooLargeError(
                f"the message has {len(body)} bytes, more than the {self._max_bytes} allowed; "
                "send a reference to what is big",
                size=len(body),
                limit=self._max_bytes,
            )
        mailbox = self._mailboxes.of(message.recipient_id)
        self._make_room(mailbox)
        seq = self._next_seq
        self._next_seq = seq + 1
        row = (
            seq,
            message.message_id,
            mailbox.agent_id,
            message.sender_id,
            message.payload.priority.rank,
            message.conversation_id,
            self._clock.now().timestamp(),
            self._expires(message),
            body,
        )
        self._writer.submit_letter(Letter(row, message, mailbox, sender, kept))
        return seq

    def _expires(self, message: AgentMessage) -> float | None:
        late = self._chain.too_late_at(message)
        return None if late is None else late.timestamp()

    def _make_room(self, mailbox: Mailbox) -> None:
        if mailbox.size >= self._mailbox_limit:
            raise self._full(mailbox)
        mailbox.size += 1

    def _full(self, mailbox: Mailbox) -> MailboxFullError:
        return MailboxFullError(
            f"the mailbox of {mailbox.agent_id} holds {mailbox.size} messages, which is its limit; send again later",
            agent_id=mailbox.agent_id,
            limit=self._mailbox_limit,
        )

    def committed(self, batch: Batch, firsts: dict[int, First[int]]) -> None:
        """The journal has a batch: tell the senders, let deliveries begin, tell the askers."""
        fed: set[Mailbox] = set()
        accepted = list[str]()
        for letter in batch.letters:
            row, mailbox = letter.row, letter.mailbox
            first = firsts.get(row[0]) if firsts else None
            if first is None:
                self._enqueue(mailbox, row[0], row[3], row[4], row[7])
                if self._chain.hears:
                    self._chain.happened(Happening.ACCEPTED, letter.message)
                accepted.append(mailbox.agent_id)
                if mailbox.takers:
                    self._reader.keep(row[0], letter.kept)
                    fed.add(mailbox)
            else:
                self._mailboxes.one_less(mailbox)
            letter.sender.accepted(first)
        if accepted:
            self._figures.traffic.accepted(accepted)
        for mailbox in fed:
            mailbox.pump()
        self._settler.recorded(batch.settled)
        for settlement in batch.settled:
            self._replies.settled(settlement)

    def refused(self, letters: list[Letter], error: Exception) -> None:
        """The journal could not be written: nothing was accepted."""
        for letter in letters:
            self._mailboxes.one_less(letter.mailbox)
            letter.sender.failed(error)

    def _enqueue(self, mailbox: Mailbox, seq: int, sender: str, rank: int, expires: float | None) -> None:
        mailbox.add(seq, sender, rank)
        if expires is not None:
            self._settler.will_expire(seq, mailbox, expires)

    async def replay(self) -> None:
        """Mail left by an earlier process waits again, in the order in which it was accepted."""
        self._next_seq = await self._reader.last_seq() + 1
        place = 0
        while page := await self._reader.waiting(place):
            for seq, agent_id, sender, rank, expires, attempts, due in page:
                mailbox = self._mailboxes.of(agent_id)
                mailbox.size += 1
                if attempts:
                    self._settler.attempts[seq] = attempts
                if due is not None and due > self._clock.now().timestamp():
                    self._settler.will_return(seq, mailbox, sender, rank, due)
                else:
                    mailbox.add(seq, sender, rank)
                if expires is not None:
                    self._settler.will_expire(seq, mailbox, expires)
            place = page[-1][0]


def _duplicate(message: AgentMessage, first: First[int]) -> Receipt:
    return Receipt(message_id=message.message_id, recipient_id=first.mailbox, duplicate=True)


def _bring_back(seq: int, connection: sqlite3.Connection) -> bool:
    return journal.bring_back(connection, seq)
