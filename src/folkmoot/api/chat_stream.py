"""An answer heard as it is made, as server-sent events.

They are `meta` (which agent answers, how sure that is), `chunk`, `reset` (what came before is void: the answer is made
anew), then `done` or `error`. Each has an `id`: with it as `Last-Event-ID` the rest is heard again, from any server,
while the answer is made or long after.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from starlette.responses import StreamingResponse

from folkmoot.api.chat_shapes import ChatWanted, metadata_of, saying_of
from folkmoot.conversations import Mark, Moment
from folkmoot.conversations.errors import BadSayingError
from folkmoot.conversations.model import Status
from folkmoot.kernel import rfc3339
from folkmoot.security import Principal
from folkmoot.web import Parts, Rooms, SignedIn, documented
from folkmoot.web.speaking import viewer
from folkmoot.web.sse import event, stream

router = APIRouter(prefix="/api/chat", tags=["chat"])


@router.post("/stream", responses=documented(401, 403, 404, 409, 413, 422, 429, 503), response_class=StreamingResponse)
async def say_streamed(
    principal: SignedIn,
    rooms: Rooms,
    wanted: ChatWanted,
    model: Annotated[str | None, Query(max_length=300)] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Say something and hear the answer as it is made; with `Last-Event-ID` hear on instead, and say nothing."""
    if last_event_id:
        answer_id, mark = _place(last_event_id)
        return await _heard(rooms, principal, answer_id, mark)
    accepted = await rooms.conversations.say(saying_of(principal, wanted, model))
    return stream(_events(rooms, principal, accepted.answer_id, None))


@router.get("/stream/{message_id}", responses=documented(401, 404, 422, 503), response_class=StreamingResponse)
async def hear(
    principal: SignedIn,
    rooms: Rooms,
    message_id: str,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[str | None, Query(max_length=200, description="the last id, where no header can be sent")] = None,
) -> Response:
    """Hear an answer from its beginning, or from the last event you had."""
    mark = None
    if place := last_event_id or after:
        answer_id, mark = _place(place)
        if answer_id != message_id:
            raise BadSayingError(f"the last event id is of another answer than {message_id[:60]!r}", field="after")
    return await _heard(rooms, principal, message_id, mark)


async def _heard(rooms: Parts, principal: Principal, answer_id: str, mark: Mark | None) -> Response:
    await rooms.conversations.message(answer_id, viewer=viewer(principal))  # a stream that has begun can say no 404
    return stream(_events(rooms, principal, answer_id, mark))


async def _events(rooms: Parts, principal: Principal, answer_id: str, mark: Mark | None) -> AsyncGenerator[bytes, None]:
    async with aclosing(rooms.conversations.follow(answer_id, viewer=viewer(principal), after=mark)) as moments:
        async for moment in moments:
            yield _event(moment)


def _event(moment: Moment) -> bytes:
    place = f"{moment.answer_id}:{moment.mark}"
    match moment.kind:
        case "chunk":
            return event("chunk", {"chunk": moment.text}, event_id=place)
        case "routed":
            told = {name: value for name, value in moment.data.items() if name != "evidence"}
            head = {"conversation_id": moment.conversation_id, "message_id": moment.answer_id}
            return event("meta", head | told, event_id=place)
        case "reset":
            return event("reset", {"message_id": moment.answer_id, "attempt": moment.mark.attempt}, event_id=place)
        case _:
            return _last(moment, place)


def _last(moment: Moment, place: str) -> bytes:
    one = moment.message
    if one is None:
        return b""
    head: dict[str, Any] = {"message_id": one.message_id, "conversation_id": one.conversation_id}
    if one.status is Status.FAILED:
        failed = {"error": one.error, "code": one.details.get("error_code", "fault")}
        return event("error", head | failed, event_id=place)
    told = metadata_of(one)
    done = {
        "agent_type": one.agent_id,
        "agent": one.agent_name,
        "status": str(one.status),
        "usage": told.get("usage") or {},
        "metadata": told,
        "timestamp": rfc3339(one.settled_at or one.created_at),
    }
    return event("done", head | done, event_id=place)


def _place(event_id: str) -> tuple[str, Mark]:
    answer_id, colon, mark = event_id.rpartition(":")
    if not colon:
        raise BadSayingError(f"{event_id[:60]!r} is no id of an event here; send the last `id` you had", field="id")
    return answer_id, Mark.parse(mark)
