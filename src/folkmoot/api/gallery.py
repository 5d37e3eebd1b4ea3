"""The gallery in the shapes of AutoGen Studio: sessions that their owners show to everybody here."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from folkmoot.api.studio import (
    ID,
    READ,
    WRITE,
    SessionId,
    SessionMessage,
    SessionShown,
    UserId,
    shown,
    whose,
)
from folkmoot.conversations.studio import GalleryItem
from folkmoot.web import Rooms, SignedIn
from folkmoot.web.speaking import viewer
from folkmoot.workflows import read_flow

router = APIRouter(prefix="/api", tags=["gallery"])
GalleryId = Annotated[str, Path(pattern=ID, examples=["gallery_1"])]


class SessionNamed(BaseModel):
    """The session to publish; with a document, that is shown in the place of its own."""

    user_id: UserId
    session_id: SessionId
    flow_config: dict[str, Any] | None = None


class Publication(BaseModel):
    """A session and the words that it is found by."""

    user_id: UserId
    session: SessionNamed
    tags: list[str] = Field(default_factory=list, max_length=100, examples=[["library", "spring"]])


class GalleryItemShown(BaseModel):
    """A session as it was when it was published. `user_id` is whoever did so."""

    id: str
    user_id: str
    session: SessionShown
    messages: list[SessionMessage]
    tags: list[str]
    timestamp: AwareDatetime


class Published(BaseModel):
    """What now stands in the gallery."""

    status: Literal[True] = True
    message: str
    data: GalleryItemShown


class GalleryList(BaseModel):
    """A page of the gallery, the latest first; `next` is the `cursor` of the next page."""

    status: Literal[True] = True
    message: str
    data: list[GalleryItemShown]
    total: int
    next: str | None = None


class StartWanted(BaseModel):
    """For whom the session is to begin."""

    user_id: UserId


class Started(BaseModel):
    """The new session."""

    status: Literal[True] = True
    message: str
    data: SessionShown


class Unpublished(BaseModel):
    """Which item is gone."""

    status: Literal[True] = True
    message: str
    data: dict[str, str]


@router.post("/sessions/publish", responses=WRITE)
async def publish(principal: SignedIn, rooms: Rooms, wanted: Publication) -> Published:
    """Show one of your sessions, as it is now, to everybody who is signed in."""
    owner = whose(principal, wanted.user_id, wanted.session.user_id).owner
    if wanted.session.flow_config:
        read_flow(wanted.session.flow_config)
    item = await rooms.gallery.publish(
        wanted.session.session_id, owner=owner, tags=wanted.tags, flow_config=wanted.session.flow_config
    )
    return Published(message="Session successfully published", data=_item(item))


@router.get("/gallery", responses=READ)
async def gallery(
    _principal: SignedIn,
    rooms: Rooms,
    gallery_id: Annotated[str | None, Query(pattern=ID, description="this item alone")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Items a page")] = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,9}$", description="`next` of the page before")] = None,
) -> GalleryList:
    """What was published, the latest first, or one item, each whole."""
    if gallery_id is not None:
        item = await rooms.gallery.item(gallery_id)
        return GalleryList(message="Gallery item retrieved successfully", data=[_item(item)], total=1)
    offset = int(cursor or 0)
    items, total = await rooms.gallery.items(limit=limit, offset=offset)
    end = offset + len(items)
    return GalleryList(
        message="Gallery items retrieved successfully",
        data=[_item(one) for one in items],
        total=total,
        next=str(end) if items and end < total else None,
    )


@router.delete("/gallery/{gallery_id}", responses=READ)
async def unpublish(principal: SignedIn, rooms: Rooms, gallery_id: GalleryId) -> Unpublished:
    """Take back what you published; the session itself stays."""
    await rooms.gallery.unpublish(gallery_id, viewer=viewer(principal))
    return Unpublished(message="Gallery item removed successfully", data={"id": gallery_id})


@router.post("/gallery/{gallery_id}/start", responses=WRITE)
async def start(principal: SignedIn, rooms: Rooms, gallery_id: GalleryId, wanted: StartWanted | None = None) -> Started:
    """Begin a session of your own from an item, with everything that was said in it."""
    who = whose(principal, wanted.user_id if wanted else None)
    return Started(message="Session started successfully", data=shown(await rooms.gallery.start(gallery_id, who)))


def _item(one: GalleryItem) -> GalleryItemShown:
    return GalleryItemShown(
        id=one.id,
        user_id=one.user_id,
        session=SessionShown(**one.session),
        messages=[SessionMessage(**row) for row in one.messages],
        tags=one.tags,
        timestamp=one.timestamp,
    )
