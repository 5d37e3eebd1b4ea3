"""The mail that somebody may see: messages, dead letters and figures of mailboxes, for the API and the page alike."""

from dataclasses import dataclass

from folkmoot.messaging import AgentMessage, Broker
from folkmoot.messaging.broker import MailboxStats, MessageRecord, MessageStatus
from folkmoot.security import Principal
from folkmoot.web.ownership import agents_of
from folkmoot.web.parts import Parts

# Whose messages these are is written in them: for somebody's own so many are looked through at a time.
LOOKED_THROUGH = 1000
_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class MailSight:
    """Which mail somebody sees: that which was sent for them, by them, or by or to their twin.

    `mailboxes` are the names that mean themselves: `user:<user_id>` and their twin's.
    """

    principal: Principal
    mailboxes: frozenset[str]

    def covers(self, message: AgentMessage) -> bool:
        """Whether a message is theirs to see."""
        if self.principal.is_admin or message.payload.context.get("on_behalf_of") == self.principal.user_id:
            return True
        return message.sender_id in self.mailboxes or message.recipient_id in self.mailboxes

    def covers_mailbox(self, agent_id: str) -> bool:
        """Whether the figures of a mailbox are theirs to see."""
        return self.principal.is_admin or agent_id in self.mailboxes


@dataclass(frozen=True, kw_only=True)
class MailFigures:
    """The figures of the mailboxes in somebody's sight and their sums, the fullest mailbox first.

    `handled` and `expired` are counted for the whole house alone: None for whoever does not see all of it.
    """

    queued: int
    in_flight: int
    handled: int | None
    dead: int
    expired: int | None
    oldest_seconds: float
    mailboxes: list[MailboxStats]


async def mail_sight(parts: Parts, principal: Principal) -> MailSight:
    """What of the mail they see."""
    return MailSight(
        principal=principal,
        mailboxes=frozenset({f"user:{principal.user_id}", *await agents_of(parts, principal)}),
    )


async def figures_in_sight(broker: Broker, sight: MailSight, agent_id: str | None = None) -> MailFigures:
    """Figures of every mailbox in sight, or of one."""
    found = [one for one in await broker.mailbox_stats(agent_id) if sight.covers_mailbox(one.agent_id)]
    found.sort(key=lambda one: (-one.queued - one.in_flight, -one.dead, one.agent_id))
    if sight.principal.is_admin and agent_id is None:
        whole = await broker.stats()
        return MailFigures(
            queued=whole.queued,
            in_flight=whole.in_flight,
            handled=whole.handled,
            dead=whole.dead,
            expired=whole.expired,
            oldest_seconds=whole.oldest_seconds,
            mailboxes=found,
        )
    return MailFigures(
        queued=sum(one.queued for one in found),
        in_flight=sum(one.in_flight for one in found),
        handled=None,
        dead=sum(one.dead for one in found),
        expired=None,
        oldest_seconds=max((one.oldest_seconds for one in found), default=0.0),
        mailboxes=found,
    )


async def messages_in_sight(
    broker: Broker,
    sight: MailSight,
    *,
    agent_id: str | None = None,
    conversation_id: str | None = None,
    status: MessageStatus | None = None,
    limit: int,
    before: int | None = None,
) -> tuple[list[MessageRecord], int | None]:
    """The newest messages in sight before a position, and where to go on; None at the end.

    Of mail that is mostly others' there may be fewer than `limit`, and more behind it.
    """
    found: list[MessageRecord] = []
    looked = 0
    while looked < LOOKED_THROUGH:
        size = limit + 1 if sight.principal.is_admin else _AT_ONCE
        records = await broker.messages(
            agent_id=agent_id, conversation_id=conversation_id, status=status, limit=size, before=before
        )
        for record in records:
            if len(found) == limit:
                return found, found[-1].position
            before = record.position
            if sight.covers(record.message):
                found.append(record)
        looked += len(records)
        if len(records) < size:
            return found, None
    return found, before


async def dead_letters_in_sight(
    broker: Broker, sight: MailSight, *, agent_id: str | None = None, limit: int, offset: int = 0
) -> tuple[list[MessageRecord], int]:
    """Dead letters in sight, the newest first, and how many there are in all, as far as that is known."""
    if not sight.principal.is_admin:
        newest = await broker.dead_letters(agent_id=agent_id, limit=LOOKED_THROUGH)
        own = [one for one in newest if sight.covers(one.message)]
        return own[offset : offset + limit], len(own)
    found = await broker.dead_letters(agent_id=agent_id, limit=limit, offset=offset)
    if agent_id is None:
        total = (await broker.stats()).dead
    else:
        total = sum(one.dead for one in await broker.mailbox_stats(agent_id))
    return found, max(total, offset + len(found))
