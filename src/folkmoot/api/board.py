"""The table front end: tasks as rows with texts in them, and the same rows back with somebody's edits."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from folkmoot.tasks import BoardRow
from folkmoot.web import Rooms, SignedIn, documented

router = APIRouter(prefix="/api/dashboard", tags=["table front end"])
Cell = Annotated[str, Field(max_length=500)]


class RowShown(BaseModel):
    """One task as a row: `target` is its priority, `limit` its hours, `reviewer` its owner."""

    model_config = ConfigDict(extra="ignore")
    id: int = Field(ge=1, le=2**53)
    header: Cell
    type: Cell
    status: Cell = Field(description="Pending, In Process or Done")
    target: Cell = Field(examples=["5"])
    limit: Cell = Field(examples=["2.5"])
    reviewer: Cell


class Board(BaseModel):
    """All rows."""

    data: list[RowShown]


class Synced(BaseModel):
    """How many rows changed something."""

    status: str = "success"
    message: str
    changed: int


@router.get("/data", responses=documented(401, 503))
async def data(_principal: SignedIn, rooms: Rooms) -> Board:
    """Tasks as rows."""
    return Board(data=[RowShown.model_validate(row, from_attributes=True) for row in await rooms.tasks.board()])


@router.post("/sync", responses=documented(401, 404, 409, 413, 422, 429, 503))
async def sync(_principal: SignedIn, rooms: Rooms, rows: Annotated[list[RowShown], Field(max_length=5000)]) -> Synced:
    """Take rows back; what was edited counts, all of it or, when a row is wrong, none."""
    changed = await rooms.tasks.sync_board([BoardRow(**row.model_dump()) for row in rows])
    return Synced(message=f"{changed} of {len(rows)} rows changed", changed=changed)
