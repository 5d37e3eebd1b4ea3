"""The files that are kept for a user: what agents noted, and what was said in conversations (SPEC D5, E4).

`user_id` is an account, `me`, or the name of a room's user; whose a path names is decided in `web.ownership`.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import PlainTextResponse, Response
from pydantic import AwareDatetime, BaseModel, Field

from folkmoot.web import Rooms, SignedIn, documented
from folkmoot.web.ownership import files_of, no_files

router = APIRouter(prefix="/user", tags=["files"])
UserName = Annotated[str, Path(min_length=1, max_length=200, examples=["me", "room-1a2b"])]
FileName = Annotated[str, Path(min_length=1, max_length=200, examples=["conversations.md"])]


class FileShown(BaseModel):
    """One file; `size` in bytes."""

    name: str
    size: int = Field(ge=0)
    changed_at: AwareDatetime


class UserFileList(BaseModel):
    """The files of a user: their names, and the same with sizes and times."""

    user_id: str
    files: list[str] = Field(examples=[["conversations.md", "workouts.json"]])
    items: list[FileShown]


class UserFileText(BaseModel):
    """A file and what it says."""

    user_id: str
    filename: str
    content: str


@router.get("/{user_id}/files", responses=documented(401, 403, 404, 422, 429, 503))
async def list_files(principal: SignedIn, rooms: Rooms, user_id: UserName) -> UserFileList:
    """The files that are kept for you; an administrator sees anybody's, also by the name of a room's user."""
    user = files_of(principal, user_id)
    await rooms.contexts.refresh(user)
    found = await rooms.user_files.names(user)
    if not found and user != principal.user_id:
        raise no_files(user_id)
    return UserFileList(
        user_id=user,
        files=[one.name for one in found],
        items=[FileShown(name=one.name, size=one.size, changed_at=one.changed_at) for one in found],
    )


@router.get(
    "/{user_id}/files/{name}",
    response_class=PlainTextResponse,
    responses=documented(401, 403, 404, 422, 429, 503),
)
async def read_file(principal: SignedIn, rooms: Rooms, user_id: UserName, name: FileName) -> PlainTextResponse:
    """What a file says, as plain text."""
    user = files_of(principal, user_id)
    await rooms.contexts.refresh(user)
    return PlainTextResponse(await rooms.user_files.read(user, name))


@router.get("/{user_id}/file/{filename}", responses=documented(401, 403, 404, 422, 429, 503))
async def read_file_as_json(principal: SignedIn, rooms: Rooms, user_id: UserName, filename: FileName) -> UserFileText:
    """The same with its name, as JSON."""
    user = files_of(principal, user_id)
    await rooms.contexts.refresh(user)
    return UserFileText(user_id=user, filename=filename, content=await rooms.user_files.read(user, filename))


@router.delete("/{user_id}/files/{name}", status_code=204, responses=documented(401, 403, 404, 422, 429, 503))
async def remove_file(principal: SignedIn, rooms: Rooms, user_id: UserName, name: FileName) -> Response:
    """Delete one of your files, for good."""
    await rooms.user_files.remove(files_of(principal, user_id), name)
    return Response(status_code=204)
