"""Sessions and their messages in the shapes of AutoGen Studio: `{status, message, data}`.

`user_id` may be left out; an administrator may name a user of their own program. What an answer failed with is a
problem as everywhere, and stands in the history. The gallery is in `gallery.py`.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from folkmoot.conversations.errors import AnswerFailedError, BadSayingError
from folkmoot.conversations.model import ChatMessage, Speaker, Status
from folkmoot.conversations.studio import StudioSession, row_of
from folkmoot.security import Principal
from folkmoot.web import Rooms, SignedIn, documented
from folkmoot.web.speaking import speaker
from folkmoot.workflows import read_flow

router = APIRouter(prefix="/api", tags=["sessions"])
READ = documented(401, 403, 404, 422, 429, 503)
WRITE = documented(401, 403, 404, 409, 413, 422, 429, 503)
UserId = Annotated[str | None, Field(default=None, min_length=1, max_length=200)]
ID = r"^[A-Za-z0-9_-]{1,100}$"
SessionId = Annotated[str, Field(pattern=ID, examples=["conv_1"])]
AskedUser = Annotated[str | None, Query(min_length=1, max_length=200, description="your own, if left out")]
_EXAMPLE = {
    "name": "planning",
    "type": "sequential",
    "summary_method": "last",
    "sender": {"name": "user_proxy", "type": "userproxy", "config": {"name": "user_proxy"}},
    "receiver": [
        {
            "name": "planner",
            "type": "assistant",
            "config": {
                "name": "planner",
                "system_message": "You list the steps.",
                "llm_config": {"config_list": [{"model": "offline"}]},
            },
        }
    ],
}
FlowConfig = Annotated[dict[str, Any], Field(description="An AutoGen Studio workflow document", examples=[_EXAMPLE])]


class SessionWanted(BaseModel):
    """The session to begin."""

    user_id: UserId
    flow_config: FlowConfig = Field(default_factory=dict)


class SessionCreation(BaseModel):
    """Whose session, and by which document its queries are answered; that may come with the first query too."""

    user_id: UserId
    session: SessionWanted


class SessionShown(BaseModel):
    """A session. Secrets in its document are `***`."""

    user_id: str
    session_id: str
    timestamp: AwareDatetime
    flow_config: dict[str, Any]


class SessionList(BaseModel):
    """Sessions, the latest begun first."""

    status: Literal[True] = True
    message: str
    data: list[SessionShown]


class SessionMessage(BaseModel):
    """A query or a combined answer. `root_msg_id` is the query of its turn; `metadata` tells how an answer was made."""

    user_id: str
    session_id: str
    msg_id: str
    root_msg_id: str
    role: Literal["user", "assistant", "system"]
    content: str
    timestamp: AwareDatetime
    personalize: bool = False
    ra: str | None = None
    code: str | None = None
    metadata: dict[str, Any]


class MessageList(BaseModel):
    """What was said in a session, the oldest first."""

    status: Literal[True] = True
    message: str
    data: list[SessionMessage]


class QueryWanted(BaseModel):
    """A query."""

    user_id: UserId
    role: Literal["user"] = "user"
    content: str = Field(min_length=1, max_length=10_000, examples=["Plan our reading evening."])
    session_id: SessionId


class QueryPosted(BaseModel):
    """A query, and the document by which it and what follows are answered; without one, the session's own."""

    message: QueryWanted
    flow_config: FlowConfig | None = None


class SaidInFlow(BaseModel):
    """Something that somebody said while the flow ran."""

    sender: str
    recipient: str
    content: str
    timestamp: AwareDatetime
    model: str | None = None


class AnswerMade(SessionMessage):
    """The stored answer, what each agent said and what it used; `notes`: what was not as the document wanted."""

    messages: list[SaidInFlow]
    usage: dict[str, Any]
    notes: list[str]
    started_at: AwareDatetime
    ended_at: AwareDatetime


class FlowAnswered(BaseModel):
    """The combined answer."""

    status: Literal[True] = True
    message: str
    metadata: AnswerMade


class MessageNamed(BaseModel):
    """A message of a session."""

    user_id: UserId
    msg_id: str = Field(pattern=ID)
    session_id: SessionId


class ClearWanted(BaseModel):
    """A session, or all of a user's."""

    user_id: UserId
    session_id: str | None = Field(default=None, pattern=ID)


class SessionsLeft(BaseModel):
    """The sessions that are left."""

    sessions: list[SessionShown]


class Cleared(BaseModel):
    """What was emptied is gone from the lists; for a week it can be brought back as a conversation."""

    status: Literal[True] = True
    message: str
    data: SessionsLeft


@router.get("/sessions", responses=READ)
async def list_sessions(principal: SignedIn, rooms: Rooms, user_id: AskedUser = None) -> SessionList:
    """Your sessions, the latest begun first."""
    return SessionList(
        message="Sessions retrieved successfully", data=await _sessions(rooms, speaker(principal, user_id).owner)
    )


@router.post("/sessions", responses=WRITE)
async def begin_session(principal: SignedIn, rooms: Rooms, wanted: SessionCreation) -> SessionList:
    """Begin a session; answers with all of yours, the new one first. Its document is checked, its secrets not kept."""
    who = whose(principal, wanted.user_id, wanted.session.user_id)
    if wanted.session.flow_config:
        read_flow(wanted.session.flow_config)
    await rooms.sessions.begin(who, wanted.session.flow_config)
    return SessionList(message="Session created successfully", data=await _sessions(rooms, who.owner))


@router.get("/messages", responses=READ)
async def list_messages(
    principal: SignedIn,
    rooms: Rooms,
    session_id: Annotated[str, Query(pattern=ID, examples=["conv_1"])],
    user_id: AskedUser = None,
) -> MessageList:
    """What was said in one of your sessions: one row for each query and one for each combined answer."""
    rows = await rooms.sessions.messages(session_id, owner=speaker(principal, user_id).owner)
    return MessageList(message="Messages retrieved successfully", data=[SessionMessage(**row) for row in rows])


@router.post("/messages", responses=documented(401, 403, 404, 409, 413, 422, 429, 503, 504))
async def ask(principal: SignedIn, rooms: Rooms, wanted: QueryPosted) -> FlowAnswered:
    """Ask the agents of a document, and wait for their combined answer. The query is kept before they are asked."""
    who = speaker(principal, wanted.message.user_id)
    question, answer = await rooms.flows.ask(
        who, wanted.message.session_id, wanted.message.content, wanted.flow_config or None
    )
    return FlowAnswered(message=answer.content, metadata=_made(question, answer))


@router.post("/messages/delete", responses=WRITE)
async def delete_message(principal: SignedIn, rooms: Rooms, wanted: MessageNamed) -> MessageList:
    """Delete one message for good; answers with those that are left."""
    owner = speaker(principal, wanted.user_id).owner
    await rooms.sessions.delete_message(wanted.session_id, wanted.msg_id, owner=owner)
    rows = await rooms.sessions.messages(wanted.session_id, owner=owner)
    return MessageList(message="Message deleted successfully", data=[SessionMessage(**row) for row in rows])


@router.post("/cleardb", responses=WRITE)
async def clear(principal: SignedIn, rooms: Rooms, wanted: ClearWanted) -> Cleared:
    """Delete a session with its messages, or all of yours; answers with those that are left."""
    owner = speaker(principal, wanted.user_id).owner
    await rooms.sessions.clear(wanted.session_id, owner=owner)
    return Cleared(
        message="Messages and sessions cleared successfully", data=SessionsLeft(sessions=await _sessions(rooms, owner))
    )


def whose(principal: Principal, *named: str | None) -> Speaker:
    """Who speaks, where a request may name the user in several places. Raises `BadSayingError` if those differ."""
    names = {name for name in named if name is not None}
    if len(names) > 1:
        raise BadSayingError("the request names two different users; name one, or none", field="user_id")
    return speaker(principal, next(iter(names), None))


def shown(one: StudioSession) -> SessionShown:
    """A session as it is sent."""
    return SessionShown(
        user_id=one.user_id, session_id=one.session_id, timestamp=one.timestamp, flow_config=one.flow_config
    )


async def _sessions(rooms: Rooms, owner: str) -> list[SessionShown]:
    return [shown(one) for one in await rooms.sessions.sessions(owner)]


def _made(question: ChatMessage, answer: ChatMessage) -> AnswerMade:
    if answer.status is not Status.ANSWERED:
        said = answer.error or "it was cancelled"
        raise AnswerFailedError(
            f"the query is kept, and has no answer: {said}",
            msg_id=answer.message_id,
            session_id=answer.conversation_id,
            reason=str(answer.details.get("error_code", answer.status.value)),
        )
    row = row_of(answer, question.message_id)
    record = row.pop("metadata")
    return AnswerMade(
        **row,
        metadata={name: value for name, value in record.items() if name not in ("messages", "usage")},
        **{name: record[name] for name in ("messages", "usage", "notes", "started_at", "ended_at")},
    )
