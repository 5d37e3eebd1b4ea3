"""Bridges to other people's WebSocket servers: how they stand, and saying something there."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from folkmoot.bridge import BridgeState, UnknownBridgeError
from folkmoot.web import Rooms, SignedIn, documented

router = APIRouter(tags=["bridges"])
PATIENCE: Final = timedelta(seconds=5)
_Said = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"\S")]


class BridgeShown(BaseModel):
    """A bridge. `waiting` frames are to be sent, `open` questions to be answered; `counts` are of the server that
    answers, since it started: `in`, `out`, `asked`, `answered`, `connects`, and why frames were passed over.
    """

    name: str
    url: str = Field(description="without its query, which may hold a token")
    user_id: str
    connected: bool
    reconnect_attempts: int
    problem: str | None = Field(description="why it is not connected; for administrators")
    here: bool = Field(description="the server that answers has the connection")
    waiting: int
    open: int
    counts: dict[str, int]


class ExternalStatus(BaseModel):
    """The bridge that `/send-to-external` uses, and all of them."""

    connected: bool
    url: str
    user_id: str
    reconnect_attempts: int
    handlers_count: int = Field(description="how many bridges there are")
    bridges: list[BridgeShown]


class ToSend(BaseModel):
    """What to say: `content`, or `message`. `agent` is in whose name; `bridge` which way, if there are several."""

    model_config = ConfigDict(extra="ignore")

    content: _Said | None = None
    message: _Said | None = None
    agent: Annotated[str, StringConstraints(max_length=200)] = Field(default="Folkmoot", examples=["General"])
    bridge: Annotated[str, StringConstraints(max_length=60)] | None = None

    @model_validator(mode="after")
    def _something(self) -> "ToSend":
        if self.content is None and self.message is None:
            raise ValueError("needs 'content' (or 'message'): what is to be sent")
        return self

    @property
    def text(self) -> str:
        return self.content or self.message or ""


class Sent(BaseModel):
    """`success`: the other side has it. `queued`: it is kept, and goes out as soon as the bridge is connected."""

    success: bool
    message: str | None = None
    error: str | None = None
    queued: bool = False
    bridge: str | None = None
    id: str | None = None


@router.get("/external-status", responses=documented(401, 403, 429, 503))
async def external_status(principal: SignedIn, rooms: Rooms) -> ExternalStatus:
    """How the bridges stand."""
    states = await rooms.bridges.states()
    used = next((one for one in states if one.connected), states[0] if states else None)
    return ExternalStatus(
        connected=used is not None and used.connected,
        url=used.url if used else "",
        user_id=used.user_id if used else "",
        reconnect_attempts=used.attempts if used else 0,
        handlers_count=len(states),
        bridges=[_shown(one, all_of_it=principal.is_admin) for one in states],
    )


@router.post("/send-to-external", responses=documented(401, 403, 404, 413, 422, 429, 503))
async def send_to_external(_principal: SignedIn, rooms: Rooms, wanted: Annotated[ToSend, Body()]) -> Sent:
    """Say something on a bridge. While it is not connected, it is kept and goes out later: `queued`."""
    try:
        done = await rooms.bridges.send(
            wanted.text, agent=wanted.agent.strip(), bridge=wanted.bridge, patience=PATIENCE
        )
    except UnknownBridgeError as error:
        if wanted.bridge is not None:
            raise
        return Sent(success=False, error=error.message)
    if done.sent:
        return Sent(success=True, message="sent", bridge=done.bridge, id=done.frame_id)
    said = f"kept, and sent as soon as the bridge '{done.bridge}' is connected ({done.problem})"
    return Sent(success=False, error=said, queued=True, bridge=done.bridge, id=done.frame_id)


@router.post("/api/bridges/{name}/reconnect", responses=documented(401, 403, 404, 422, 429, 503))
async def reconnect(_principal: SignedIn, rooms: Rooms, name: str) -> BridgeShown:
    """Leave the connection of a bridge, if there is one, and connect anew at once."""
    return _shown(await rooms.bridges.reconnect(name), all_of_it=True)


def _shown(one: BridgeState, *, all_of_it: bool) -> BridgeShown:
    return BridgeShown(
        name=one.name,
        url=one.url,
        user_id=one.user_id,
        connected=one.connected,
        reconnect_attempts=one.attempts,
        problem=one.problem if all_of_it else None,
        here=one.here,
        waiting=one.waiting,
        open=one.open,
        counts=one.counts,
    )
