"""Conversations as a whole: listed, found by their words, renamed, deleted and brought back, taken along.

What is said in them is in `chat.py`. An administrator opens anybody's by its id; lists and searches are of one user's,
their own unless `user_id` says otherwise.
"""

import json
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.conversations.archive import Found
from folkmoot.conversations.archive.search import LONGEST_QUERY
from folkmoot.conversations.desk import KEPT_DELETED
from folkmoot.conversations.model import LONGEST_TITLE, Conversation
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.speaking import speaker, viewer

router = APIRouter(prefix="/api/conversations", tags=["conversations"])
older_router = APIRouter(tags=["conversations"])
READ = documented(401, 403, 404, 422, 429, 503)
WRITE = documented(401, 403, 404, 409, 413, 422, 429, 503)
ConversationId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$", examples=["conv_1"])]
Owner = Annotated[
    str | None, Query(min_length=1, max_length=200, description="an administrator may name whose; your own if left out")
]
Kind = Literal["chat", "room", "bridge", "openai", "studio"]


class ConversationShown(BaseModel):
    """A conversation. `agent` is the one picked for it, null where the router picks."""

    conversation_id: str
    user_id: str
    title: str
    kind: str
    agent: str | None
    last_agent: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    message_count: int = Field(ge=0)


class ConversationChange(BaseModel):
    """What is to be otherwise; an empty `agent` lets the router pick again."""

    model_config = ConfigDict(extra="forbid")
    title: str | None = Field(default=None, min_length=1, max_length=LONGEST_TITLE, examples=["Reading evening"])
    agent: str | None = Field(default=None, max_length=200, examples=["helios"])


class ConversationDeleted(BaseModel):
    """A conversation that was deleted; for so long it can be brought back."""

    conversation_id: str
    deleted: bool = True
    restorable_days: float


class FoundShown(BaseModel):
    """A message that was found. `marks` are where in the snippet the words stand: from, to."""

    conversation_id: str
    title: str
    kind: str
    message_id: str
    role: str
    agent: str | None
    timestamp: AwareDatetime
    snippet: str
    marks: list[tuple[int, int]]


class RoomFigures(BaseModel):
    """One user's conversations in figures."""

    user_id: str
    created_at: AwareDatetime
    last_activity: AwareDatetime
    message_count: int


class RoomList(BaseModel):
    """Who converses here."""

    total_sessions: int
    sessions: list[RoomFigures]


@older_router.get("/sessions", responses=documented(401, 403, 429, 503))
async def rooms_in_figures(principal: SignedIn, rooms: Rooms) -> RoomList:
    """Each user with conversations, the latest active first: yourself, or for an administrator everybody."""
    found = await rooms.conversations.figures(viewer=viewer(principal))
    return RoomList(total_sessions=len(found), sessions=[RoomFigures(**one) for one in found])


@router.get("", responses=READ)
async def list_conversations(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    user_id: Owner = None,
    kind: Annotated[list[Kind] | None, Query(description="these kinds alone")] = None,
) -> Page[ConversationShown]:
    """Your conversations, the latest used first."""
    owner = speaker(principal, user_id).owner
    found, total = await rooms.conversations.conversations(
        viewer=owner, kinds=kind or None, limit=window.limit, offset=window.offset
    )
    return window.page([_shown(one) for one in found], total)


@router.get("/search", responses=READ)
async def search(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY, examples=['"reading evening" library'])],
    user_id: Owner = None,
) -> Page[FoundShown]:
    """Messages of your conversations with all these words, the best first; words in double quotes stand together."""
    owner = speaker(principal, user_id).owner
    found, total = await rooms.archive.search(q, owner=owner, limit=window.limit, offset=window.offset)
    return window.page([_found(one) for one in found], total)


@router.get("/{conversation_id}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, conversation_id: ConversationId) -> ConversationShown:
    """One conversation; what was said in it is at /api/chat/history."""
    return _shown(await rooms.conversations.conversation(conversation_id, viewer=viewer(principal)))


@router.patch("/{conversation_id}", responses=WRITE)
async def change(
    principal: SignedIn, rooms: Rooms, conversation_id: ConversationId, wanted: ConversationChange
) -> ConversationShown:
    """Give it another title, or pick the agent that answers in it."""
    changed = await rooms.conversations.change(
        conversation_id, viewer=viewer(principal), title=wanted.title, agent=wanted.agent
    )
    return _shown(changed)


@router.delete("/{conversation_id}", responses=READ)
async def delete(principal: SignedIn, rooms: Rooms, conversation_id: ConversationId) -> ConversationDeleted:
    """Delete a conversation; for a week it can be brought back."""
    await rooms.conversations.delete(conversation_id, viewer=viewer(principal))
    return ConversationDeleted(
        conversation_id=conversation_id, restorable_days=KEPT_DELETED.total_seconds() / (24 * 3600)
    )


@router.post("/{conversation_id}/restore", responses=WRITE)
async def restore(principal: SignedIn, rooms: Rooms, conversation_id: ConversationId) -> ConversationShown:
    """Bring a deleted conversation back."""
    return _shown(await rooms.conversations.restore(conversation_id, viewer=viewer(principal)))


@router.get(
    "/{conversation_id}/export",
    response_class=Response,
    responses={
        **READ,
        200: {
            "description": "The file",
            "content": {"application/json": {"schema": {}}, "text/markdown": {"schema": {"type": "string"}}},
        },
    },
)
async def export(
    principal: SignedIn,
    rooms: Rooms,
    conversation_id: ConversationId,
    wanted: Annotated[Literal["json", "md"], Query(alias="format")] = "json",
) -> Response:
    """Take a conversation along: JSON has every branch, Markdown the one that is shown; attachments are listed."""
    whole = await rooms.archive.export(conversation_id, viewer=viewer(principal))
    if wanted == "md":
        content, media_type = whole.as_markdown(), "text/markdown; charset=utf-8"
    else:
        content, media_type = json.dumps(whole.as_json(), ensure_ascii=False, indent=2), "application/json"
    name = quote(f"{whole.file_name}.{wanted}")
    return Response(
        content=content,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


def _shown(one: Conversation) -> ConversationShown:
    return ConversationShown(
        conversation_id=one.conversation_id,
        user_id=one.user_id,
        title=one.title,
        kind=one.kind,
        agent=one.agent_id,
        last_agent=one.last_agent,
        created_at=one.created_at,
        updated_at=one.updated_at,
        message_count=one.message_count,
    )


def _found(one: Found) -> FoundShown:
    fields: dict[str, Any] = {
        "conversation_id": one.conversation_id,
        "title": one.title,
        "kind": one.kind,
        "message_id": one.message_id,
        "role": one.role,
        "agent": one.agent_name,
        "timestamp": one.created_at,
        "snippet": one.snippet,
        "marks": list(one.marks),
    }
    return FoundShown(**fields)
