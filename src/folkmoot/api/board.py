"""The table front end: tasks as rows with texts in them, and the same rows back with somebody's edits."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from folkmoot.tasks.table import Row
from folkmoot.web import Rooms, SignedIn, documented
from folkmoot.web.ownership import sight_of

router = APIRouter(prefix="/api/dashboard", tags=["table front end"])


class Board(BaseModel):
    """All rows."""

    data: list[Row]


class Synced(BaseModel):
    """How many rows changed something."""

    status: str = "success"
    message: str
    changed: int


@router.get("/data", responses=documented(401, 503))
async def data(principal: SignedIn, rooms: Rooms) -> Board:
    """Tasks as rows."""
    rows = await rooms.tasks.rows(sight=await sight_of(rooms, principal))
    return Board(data=[Row.model_validate(row) for row in rows])


@router.post("/sync", responses=documented(401, 404, 409, 413, 422, 429, 503))
async def sync(principal: SignedIn, rooms: Rooms, rows: Annotated[list[Row], Field(max_length=5000)]) -> Synced:
    """Take rows back; what was edited counts, all of it or, when a row is wrong, none."""
    changed = await rooms.tasks.take_rows([row.model_dump() for row in rows], sight=await sight_of(rooms, principal))
    return Synced(message=f"{changed} of {len(rows)} rows changed", changed=changed)
