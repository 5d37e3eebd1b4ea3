"""Talking to agents over HTTP: a message and its answer, what was said before, and other versions of it (SPEC E2)."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from folkmoot.api.chat_shapes import (
    AgainWanted,
    Answered,
    AnswerMetadata,
    ChatWanted,
    ConversationId,
    Deleted,
    EditWanted,
    HistoryShown,
    OnTheWay,
    RoutingShown,
    Stopped,
    metadata_of,
    saying_of,
    shown,
)
from folkmoot.conversations.decisions import routing_of
from folkmoot.conversations.errors import AnswerFailedError, AnswerRefusedError
from folkmoot.conversations.model import Accepted, Status
from folkmoot.security import Principal
from folkmoot.web import Parts, Rooms, SignedIn, documented
from folkmoot.web.speaking import viewer
from folkmoot.web.waiting import within

router = APIRouter(prefix="/api/chat", tags=["chat"])
READ: Final = documented(401, 404, 422, 503)
WRITE: Final = documented(401, 403, 404, 409, 413, 422, 429, 503)
# What keeps these from an answer is the request or who may be asked, and no part that is down.
_REFUSED: Final = frozenset({"INVALID", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "TOO_LARGE"})
LONGEST_WAIT: Final = 600.0
Wait = Annotated[
    float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the answer; 202 if it is not there by then")
]


@router.post("/message", responses=WRITE | {202: {"model": OnTheWay}})
async def say(
    principal: SignedIn,
    rooms: Rooms,
    wanted: ChatWanted,
    response: Response,
    wait: Wait = LONGEST_WAIT,
    model: Annotated[str | None, Query(max_length=300)] = None,
) -> Answered | OnTheWay:
    """Say something and wait for the answer."""
    accepted = await rooms.conversations.say(saying_of(principal, wanted, model))
    return await _answered(rooms, principal, accepted, response, wait)


@router.get("/history/{conversation_id}", responses=READ)
async def history(
    principal: SignedIn,
    rooms: Rooms,
    conversation_id: ConversationId,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$", description="`next` of the page before")] = None,
) -> HistoryShown:
    """What was said in a conversation."""
    before = int(cursor) if cursor else None
    found = await rooms.conversations.history(conversation_id, viewer=viewer(principal), limit=limit, before=before)
    return HistoryShown(
        conversation_id=conversation_id,
        messages=[shown(one, found.versions.get(one.message_id, [])) for one in found.messages],
        total=found.total,
        next=str(found.before) if found.before is not None else None,
    )


@router.delete("/history/{conversation_id}", responses=WRITE)
async def delete(principal: SignedIn, rooms: Rooms, conversation_id: ConversationId) -> Deleted:
    """Delete a conversation."""
    await rooms.conversations.delete(conversation_id, viewer=viewer(principal))
    return Deleted()


@router.get("/attachments/{attachment_id}", responses=READ, response_class=Response)
async def attachment(principal: SignedIn, rooms: Rooms, attachment_id: str) -> Response:
    """What was attached to a message, as a download."""
    found = await rooms.conversations.attachment(attachment_id, viewer=viewer(principal))
    plain = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in found.name)
    return Response(
        found.data,
        media_type=found.media_type if found.media_type.startswith("image/") else "application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{plain.encode("ascii", "replace").decode()}"'},
    )


@router.post("/{conversation_id}/cancel", responses=WRITE)
async def cancel(principal: SignedIn, rooms: Rooms, conversation_id: ConversationId) -> Stopped:
    """Stop the answers that are on their way in a conversation."""
    stopped = await rooms.conversations.cancel(conversation_id, viewer=viewer(principal))
    return Stopped(cancelled=[shown(one) for one in stopped])


@router.post("/{conversation_id}/messages/{message_id}/regenerate", responses=WRITE | {202: {"model": OnTheWay}})
async def regenerate(
    principal: SignedIn,
    rooms: Rooms,
    conversation_id: ConversationId,
    message_id: str,
    response: Response,
    wanted: AgainWanted | None = None,
    wait: Wait = LONGEST_WAIT,
) -> Answered | OnTheWay:
    """Answer again; the older answer stays as a version."""
    accepted = await rooms.conversations.regenerate(
        conversation_id, message_id, viewer=viewer(principal), agent=wanted.agent if wanted else None
    )
    return await _answered(rooms, principal, accepted, response, wait)


@router.patch("/{conversation_id}/messages/{message_id}", responses=WRITE | {202: {"model": OnTheWay}})
async def edit(
    principal: SignedIn,
    rooms: Rooms,
    conversation_id: ConversationId,
    message_id: str,
    wanted: EditWanted,
    response: Response,
    wait: Wait = LONGEST_WAIT,
) -> Answered | OnTheWay:
    """Say something else in the place of a message: a branch begins there, and the older one is kept."""
    accepted = await rooms.conversations.edit(conversation_id, message_id, wanted.message, viewer=viewer(principal))
    return await _answered(rooms, principal, accepted, response, wait)


@router.get("/{conversation_id}/messages/{message_id}/routing", responses=READ | documented(409))
async def routing(principal: SignedIn, rooms: Rooms, conversation_id: ConversationId, message_id: str) -> RoutingShown:
    """Why this agent answered, with the evidence, and whether it would be the same again."""
    found = await rooms.conversations.replayed(conversation_id, message_id, viewer=viewer(principal))
    told = {"same": found.same, "now": found.now.agent_id if found.now is not None else None}
    return RoutingShown.model_validate(routing_of(found.decision) | told)


@router.post("/{conversation_id}/messages/{message_id}/show", responses=WRITE)
async def show(principal: SignedIn, rooms: Rooms, conversation_id: ConversationId, message_id: str) -> HistoryShown:
    """Show the branch with this version of a message."""
    await rooms.conversations.show(conversation_id, message_id, viewer=viewer(principal))
    return await history(principal, rooms, conversation_id)


async def _answered(
    rooms: Parts, principal: Principal, accepted: Accepted, response: Response, wait: float
) -> Answered | OnTheWay:
    whose = viewer(principal)
    answer = await within(timedelta(seconds=wait), rooms.conversations.answered(accepted, viewer=whose))
    if answer is None:
        response.status_code = 202
        return OnTheWay(
            conversation_id=accepted.conversation_id,
            message_id=accepted.answer_id,
            user_message_id=accepted.message_id,
        )
    if answer.status is not Status.ANSWERED:
        refused = answer.details.get("error_family") in _REFUSED or answer.status is Status.CANCELLED
        raise (AnswerRefusedError if refused else AnswerFailedError)(
            answer.error or "the answer was stopped",
            conversation_id=answer.conversation_id,
            message_id=answer.message_id,
            cause=answer.details.get("error_code", str(answer.status)),
        )
    return Answered(
        response=answer.content,
        conversation_id=answer.conversation_id,
        message_id=answer.message_id,
        user_message_id=accepted.message_id,
        agent_type=answer.agent_id or "",
        agent=answer.agent_name or "",
        metadata=AnswerMetadata.model_validate(metadata_of(answer)),
        timestamp=answer.settled_at or answer.created_at,
    )
