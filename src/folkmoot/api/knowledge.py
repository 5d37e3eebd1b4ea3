"""Documents that agents may search: hand over, list, read, delete; followed folders; searching (SPEC D1-D3)."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from folkmoot.memory.documents import Document, DocumentStatus
from folkmoot.memory.documents.model import SCOPE_PATTERN
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"])
READ = documented(401, 403, 404, 422, 503)
WRITE = documented(401, 403, 404, 409, 413, 422, 429, 503)
_WAIT: Final = 30.0
_FORM: Final = "multipart/form-data"

ScopeName = Annotated[str, Field(pattern=SCOPE_PATTERN, examples=["marketing"])]
Wait = Annotated[
    float,
    Query(ge=0, le=600, description="Seconds to wait for it to be read; then it goes on by itself", examples=[30]),
]


class TextWanted(BaseModel):
    """A text to be kept as a document; it is read as Markdown."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=300, pattern=r"\S", examples=["Opening hours"])
    text: str = Field(min_length=1, pattern=r"\S", examples=["# Opening hours\n\nMonday to Friday, 9 to 17."])
    scope: ScopeName


class FileWanted(BaseModel):
    """The fields beside an uploaded file."""

    model_config = ConfigDict(extra="forbid")
    scope: ScopeName
    title: str = Field(default="", max_length=300)
    name: str = Field(default="", max_length=1000, description="what the file is called, if not as it was sent")


def _form_fields(model: type[BaseModel]) -> dict[str, Any]:
    """The fields as a form has them: without types, since every value in a form is text."""
    fields: dict[str, dict[str, Any]] = model.model_json_schema()["properties"]
    return {name: {key: said for key, said in one.items() if key != "type"} for name, one in fields.items()}


class DocumentShown(BaseModel):
    """A document. While `status` is `reading`, an earlier version is still found; `error` says why one failed."""

    document_id: str = Field(examples=["doc_6f1c"])
    name: str = Field(examples=["handbook.pdf"])
    title: str
    scope: str = Field(examples=["marketing"])
    media_type: str = Field(examples=["application/pdf"])
    size: int = Field(ge=0, description="bytes")
    chunks: int = Field(ge=0, description="pieces it is searched in")
    version: int = Field(ge=0, description="how often its content was taken in")
    status: Literal["reading", "ready", "failed"]
    error: str | None
    notes: list[str] = Field(description="what was left out, such as a page that cannot be read")
    source_id: str = Field(description="the followed folder it comes from; empty if it was handed over")
    added_by: str | None
    sha256: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ChunkShown(BaseModel):
    """A piece of a document as it is searched, and where it stands."""

    passage_id: str
    position: int = Field(ge=0)
    text: str
    heading: str = Field(examples=["Handbook › Leave"])
    page: int | None
    line: int | None


class ScopeShown(BaseModel):
    """A scope and how much is in it."""

    scope: str
    documents: int = Field(ge=0)
    chunks: int = Field(ge=0)


class ScopeList(BaseModel):
    """The scopes that one has."""

    items: list[ScopeShown]
    total: int


class SourceShown(BaseModel):
    """A folder that is followed. `error` is what the last look at it met, and names scopes and files.

    Who has some of its scopes alone is shown those, and neither counts nor the words of an error.
    """

    model_config = ConfigDict(from_attributes=True)
    source_id: str = Field(examples=["google-drive:1AbC"])
    name: str
    syncing: bool
    synced_at: AwareDatetime | None
    began_at: AwareDatetime | None
    error: str | None
    documents: int | None
    failed: int | None
    scopes: list[str]


class SourceList(BaseModel):
    """The folders that are followed."""

    items: list[SourceShown]
    total: int


class Removed(BaseModel):
    """What was deleted."""

    document_id: str
    chunks: int


@router.post(
    "",
    status_code=201,
    responses=WRITE,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": TextWanted.model_json_schema()},
                _FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["file", "scope"],
                        "additionalProperties": False,
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            **_form_fields(FileWanted),
                        },
                    }
                },
            },
        }
    },
)
async def add(request: Request, principal: SignedIn, rooms: Rooms, wait: Wait = _WAIT) -> DocumentShown:
    """Keep a document: a file (Markdown, text, HTML, PDF, DOCX, CSV) or a text. The same name in a scope replaces.

    What cannot be read is refused with the reason, and nothing is kept. A large file goes on being read after `wait`:
    its `status` tells.
    """
    within = timedelta(seconds=wait)
    if not request.headers.get("content-type", "").startswith(_FORM):
        text = _valid(TextWanted, await request.body())
        kept = await rooms.library.add_text(
            text.text, name=text.title, scope=text.scope, principal=principal, wait=within
        )
        return _shown(kept)
    async with _uploaded(request) as (path, name, sent_as, fields):
        kept = await rooms.library.add(
            path,
            name=fields.name or name,
            scope=fields.scope,
            title=fields.title,
            media_type=sent_as,
            principal=principal,
            wait=within,
        )
    return _shown(kept)


@router.get("", responses=READ)
async def list_documents(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    scope: Annotated[str | None, Query(max_length=64)] = None,
    source_id: Annotated[str | None, Query(max_length=100)] = None,
    status: DocumentStatus | None = None,
    text: Annotated[str, Query(max_length=300, description="Looked for in names")] = "",
) -> Page[DocumentShown]:
    """Documents of the scopes that one has, by name."""
    found = await rooms.library.find(
        principal=principal,
        scope=scope,
        source_id=source_id,
        status=status,
        text=text,
        limit=window.limit,
        offset=window.offset,
    )
    return window.page([_shown(one) for one in found.items], found.total)


@router.get("/scopes", responses=READ)
async def scopes(principal: SignedIn, rooms: Rooms) -> ScopeList:
    """The scopes that one has, the empty ones too."""
    known = {scope for theirs in rooms.knowledge.roles.roles.values() for scope in theirs}
    found = await rooms.library.scopes(principal=principal, known=known)
    items = [ScopeShown(scope=one.scope, documents=one.documents, chunks=one.chunks) for one in found]
    return ScopeList(items=items, total=len(items))


@router.get("/sources", responses=READ)
async def sources(principal: SignedIn, rooms: Rooms) -> SourceList:
    """The folders that are followed into scopes that one has, and how that goes."""
    every = await rooms.follower.sources()
    found = [seen for one in every if (seen := one.seen(principal.knowledge_scopes)) is not None]
    return SourceList(items=[SourceShown.model_validate(one) for one in found], total=len(found))


@router.post("/sources/{source_id}/sync", responses=documented(401, 403, 404, 422, 429, 503, 504))
async def sync(_principal: SignedIn, rooms: Rooms, source_id: str) -> SourceShown:
    """Bring a followed folder up to date now."""
    return SourceShown.model_validate(await rooms.follower.sync(source_id))


@router.get("/{document_id}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, document_id: str) -> DocumentShown:
    """One document; one that is being read tells how far it is by its status."""
    return _shown(await rooms.library.get(document_id, principal=principal))


@router.get("/{document_id}/chunks", responses=READ)
async def chunks(principal: SignedIn, rooms: Rooms, document_id: str, window: Paging) -> Page[ChunkShown]:
    """The pieces of a document, in its order."""
    found, total = await rooms.library.chunks(
        document_id, principal=principal, limit=window.limit, offset=window.offset
    )
    shown = [
        ChunkShown(
            passage_id=one.id,
            position=one.position,
            text=one.text,
            heading=one.heading,
            page=one.page,
            line=one.line,
        )
        for one in found
    ]
    return window.page(shown, total)


@router.delete("/{document_id}", responses=WRITE)
async def delete(principal: SignedIn, rooms: Rooms, document_id: str) -> Removed:
    """Delete a document; no word of it is left in the index or the files."""
    return Removed(document_id=document_id, chunks=await rooms.library.delete(document_id, principal=principal))


def _shown(one: Document) -> DocumentShown:
    return DocumentShown(
        document_id=one.document_id,
        name=one.name,
        title=one.title,
        scope=one.scope,
        media_type=one.media_type,
        size=one.size or (one.pending.size if one.pending else 0),
        chunks=one.chunks,
        version=one.version,
        status=one.status.value,
        error=one.error,
        notes=list(one.notes),
        source_id=one.source_id,
        added_by=one.user_id,
        sha256=one.sha256,
        created_at=one.created_at,
        updated_at=one.updated_at,
    )


def _valid(model: Any, given: Any) -> Any:
    try:
        return model.model_validate_json(given) if isinstance(given, bytes) else model.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error


@asynccontextmanager
async def _uploaded(request: Request) -> AsyncIterator[tuple[Path, str, str, FileWanted]]:
    """The uploaded file on disk as long as the block runs, its name, the type it was sent as, and the other fields."""
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        fields = _valid(FileWanted, {name: value for name, value in form.items() if name != "file"})
        if not isinstance(file, UploadFile):
            fault = {"type": "missing", "loc": ("body", "file"), "msg": "Field required", "input": None}
            raise RequestValidationError([fault])
        name = Path(file.filename or "").name or "document"
        with tempfile.TemporaryDirectory(prefix="folkmoot-upload-") as folder:
            path = Path(folder) / "file"
            await asyncio.to_thread(_save, file, path)
            yield path, name, file.content_type or "", fields


def _save(file: UploadFile, path: Path) -> None:
    with path.open("wb") as copy:
        shutil.copyfileobj(file.file, copy)
