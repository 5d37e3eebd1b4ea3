"""Mail as its keeper looks at it: figures of the mailboxes, messages by agent, conversation and status (SPEC A10).

Users see the mailboxes and messages that are theirs, the administrator all. Sending and dead letters: `messages.py`.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from folkmoot.api.messages import MessageShown, shown
from folkmoot.messaging.broker import MessageStatus
from folkmoot.web import Paging, Rooms, SignedIn, documented
from folkmoot.web.mail import figures_in_sight, mail_sight, messages_in_sight

router = APIRouter(prefix="/api/agents/messages", tags=["messages"])
Name = Annotated[str | None, Query(max_length=200)]
_BOB: JsonDict = {
    "agent_id": "bob",
    "queued": 3,
    "in_flight": 1,
    "dead": 0,
    "oldest_seconds": 12.5,
    "accepted_per_minute": 4.2,
    "handled_per_minute": 3.8,
    "retried_per_minute": 0.2,
    "handler_seconds": 0.35,
}


class MailboxFigures(BaseModel):
    """One mailbox. Rates and `handler_seconds`, the mean time of an attempt, are of the last five minutes."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _BOB})
    agent_id: str
    queued: int = Field(description="messages that wait, in backoff too")
    in_flight: int
    dead: int
    oldest_seconds: float = Field(description="age of the oldest message that is not settled, 0 if all are")
    accepted_per_minute: float
    handled_per_minute: float
    retried_per_minute: float
    handler_seconds: float


class MailFigures(BaseModel):
    """The mailboxes that you see, the fullest first, and their sums."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "queued": 3,
                "in_flight": 1,
                "handled": 1284,
                "dead": 0,
                "expired": 2,
                "oldest_seconds": 12.5,
                "mailboxes": [_BOB],
            }
        },
    )
    queued: int
    in_flight: int
    handled: int | None = Field(description="within retention, of the whole house; null for whoever does not see it")
    dead: int
    expired: int | None = Field(description="as `handled`")
    oldest_seconds: float
    mailboxes: list[MailboxFigures]


class MessagePage(BaseModel):
    """A page of messages. `total` is null where counting would cost more than the page."""

    items: list[MessageShown]
    total: int | None = Field(ge=0, examples=[1])
    next: str | None = Field(default=None, description="the `cursor` of the next page, null on the last")


@router.get("/stats", responses=documented(401, 422, 503))
async def stats(principal: SignedIn, rooms: Rooms, agent_id: Name = None) -> MailFigures:
    """How much mail waits and for how long, how fast it is handled, and what was given up, by mailbox."""
    found = await figures_in_sight(rooms.broker, await mail_sight(rooms, principal), agent_id)
    return MailFigures.model_validate(found)


@router.get("", responses=documented(401, 422, 503))
async def list_messages(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    agent_id: Annotated[str | None, Query(max_length=200, description="From or to this agent")] = None,
    conversation_id: Name = None,
    status: Annotated[MessageStatus | None, Query(description="Where the message is", examples=["queued"])] = None,
) -> MessagePage:
    """Messages and their fates, the newest first; a page may be short although there is a `next`."""
    sight = await mail_sight(rooms, principal)
    found, following = await messages_in_sight(
        rooms.broker,
        sight,
        agent_id=agent_id,
        conversation_id=conversation_id,
        status=status,
        limit=window.limit,
        before=window.offset or None,
    )
    total = None
    if following is None and not window.offset:
        total = len(found)
    elif sight.principal.is_admin and agent_id is None and conversation_id is None:
        counts = await rooms.broker.stats()
        by_status = {one: int(getattr(counts, one.value)) for one in MessageStatus}
        total = sum(by_status.values()) if status is None else by_status[status]
    return MessagePage(
        items=[shown(one) for one in found], total=total, next=None if following is None else str(following)
    )
