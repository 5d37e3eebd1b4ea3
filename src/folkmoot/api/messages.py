"""Messages between agents, sent from outside; and the dead-letter box (SPEC A1-A5, A10). Figures and lists: `mail.py`.

A message that enters here bears on whose behalf it came in; what stands there besides was written by nobody we know.
Users see the messages that were sent on their behalf and those by or to their twin, the administrator sees all.
"""

import uuid
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel

from folkmoot.agents.behalf import on_behalf_of
from folkmoot.kernel import FolkmootError
from folkmoot.messaging import AgentMessage
from folkmoot.messaging.broker import MessageRecord, MessageStatus
from folkmoot.messaging.errors import ReplyTimeoutError, ReservedIdError, UnknownMessageError
from folkmoot.security import NotAllowedError, Principal
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.mail import dead_letters_in_sight, mail_sight
from folkmoot.web.ownership import check_sender

router = APIRouter(prefix="/api/agents/messages", tags=["messages"])
READ = documented(401, 404, 422, 503)
WRITE = documented(401, 403, 404, 409, 413, 422, 429, 503, 504)
MAX_WAIT_SECONDS = 300.0
DERIVED: Final = 5
# What would never be found again: these are paths of this API.
TAKEN: Final = frozenset({"stats", "broadcast", "dead-letters"})


class Sent(BaseModel):
    """What became of a message; `reply` when one was waited for and came."""

    message_id: str
    recipient_id: str
    status: MessageStatus
    duplicate: bool = False
    reply: AgentMessage | None = None


class Outcome(BaseModel):
    """What became of a broadcast at one recipient."""

    status: MessageStatus | None = None
    message_id: str | None = None
    error: str | None = None


class Broadcast(BaseModel):
    """A broadcast, recipient by recipient."""

    results: dict[str, Outcome]
    total: int


class MessageShown(BaseModel):
    """A message and its fate."""

    message: AgentMessage
    status: MessageStatus
    attempts: int
    accepted_at: AwareDatetime
    settled_at: AwareDatetime | None
    error: str | None
    reply: AgentMessage | None


def shown(record: MessageRecord) -> MessageShown:
    """A message as the API shows it."""
    return MessageShown.model_validate(record, from_attributes=True)


@router.post("", status_code=202, responses=WRITE)
async def send(
    principal: SignedIn,
    rooms: Rooms,
    message: AgentMessage,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds to wait for the reply")] = 0,
) -> Sent:
    """Send a message to an agent, or to `role:…`, `capability:…`, `department:…`; the same id twice is one message."""
    if ":" not in message.recipient_id:
        await rooms.registry.get(message.recipient_id)
    await check_sender(rooms, principal, message.sender_id)
    _check_id(principal, message.message_id)
    await _check_own(rooms, principal, message.message_id)
    message = on_behalf_of(message, principal.user_id)
    receipt = await rooms.broker.publish(message)
    reply = None
    if wait:
        try:
            reply = await rooms.broker.request(message, timeout=timedelta(seconds=wait))
        except ReplyTimeoutError:
            reply = None  # the message stays accepted; its status says where it is
    record = await rooms.broker.find(message.message_id)
    return Sent(
        message_id=receipt.message_id,
        recipient_id=receipt.recipient_id,
        status=record.status if record else MessageStatus.QUEUED,
        duplicate=receipt.duplicate,
        reply=reply,
    )


@router.post("/broadcast", status_code=202, responses=WRITE)
async def broadcast(principal: SignedIn, rooms: Rooms, message: AgentMessage) -> Broadcast:
    """Send to everyone that the recipient selects: `role:…`, `capability:…`, `department:…` or `everybody`."""
    await check_sender(rooms, principal, message.sender_id)
    _check_id(principal, message.message_id)
    await _check_own(rooms, principal, message.message_id)
    message = on_behalf_of(message, principal.user_id)
    results = {}
    for agent_id, outcome in (await rooms.broker.broadcast(message)).items():
        if isinstance(outcome, Exception):
            said = outcome.message if isinstance(outcome, FolkmootError) else str(outcome)
            results[agent_id] = Outcome(error=said)
        else:
            results[agent_id] = Outcome(status=MessageStatus.QUEUED, message_id=outcome.message_id)
    return Broadcast(results=results, total=len(results))


@router.get("/dead-letters", responses=documented(401, 422, 503))
async def dead_letters(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    agent_id: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[MessageShown]:
    """Messages that were given up on, with the error, the newest first."""
    found, total = await dead_letters_in_sight(
        rooms.broker,
        await mail_sight(rooms, principal),
        agent_id=agent_id,
        limit=window.limit,
        offset=window.offset,
    )
    return window.page([shown(one) for one in found], total)


@router.post("/dead-letters/{message_id}/retry", responses=WRITE)
async def retry(principal: SignedIn, rooms: Rooms, message_id: str) -> MessageShown:
    """Deliver a dead letter again."""
    await _check_own(rooms, principal, message_id)
    return shown(await rooms.broker.retry_dead_letter(message_id))


@router.delete("/dead-letters/{message_id}", status_code=204, responses=READ)
async def drop(principal: SignedIn, rooms: Rooms, message_id: str) -> Response:
    """Delete a dead letter."""
    await _check_own(rooms, principal, message_id)
    await rooms.broker.drop_dead_letter(message_id)
    return Response(status_code=204)


@router.get("/{message_id}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, message_id: str) -> MessageShown:
    """A message, its status and its reply."""
    record = await rooms.broker.find(message_id)
    if record is None or not (await mail_sight(rooms, principal)).covers(record.message):
        raise _unknown(message_id)
    return shown(record)


async def _check_own(rooms: Rooms, principal: Principal, message_id: str) -> None:
    """Raise `UnknownMessageError` for a message of somebody else's: its id opens nothing to others."""
    record = await rooms.broker.find(message_id)
    if record is not None and not (await mail_sight(rooms, principal)).covers(record.message):
        raise _unknown(message_id)


def _check_id(principal: Principal, message_id: str) -> None:
    """Raise `NotAllowedError` for an id that the house could want itself, `ReservedIdError` for a path of this API.

    Ids of version 5 are derived, and the house derives those of its letters about a task from what a task's people
    know: who took one beforehand would keep the letter from being sent.
    """
    if message_id in TAKEN:
        raise ReservedIdError(f"no message can be called '{message_id}': take another id, or send none")
    try:
        version = uuid.UUID(message_id).version
    except ValueError:
        return  # any text will do for an id
    if not principal.is_admin and version == DERIVED:
        raise NotAllowedError(
            f"message ids of version 5, such as {message_id}, are the house's own: take a random one, or send none",
            message_id=message_id,
        )


def _unknown(message_id: str) -> UnknownMessageError:
    return UnknownMessageError(f"there is no message {message_id}; settled messages are kept for some days only")
