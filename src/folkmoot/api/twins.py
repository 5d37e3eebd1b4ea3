"""Twins: create, import an export, see what was learned, forget (SPEC H1, H2, H4, H8)."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.api.consents import ConsentShown
from folkmoot.api.consents import shown as shown_consent
from folkmoot.twins import ForgetReceipt, ImportOptions, ImportResult, Twin
from folkmoot.twins.errors import InvalidOptionError, NoTextsError
from folkmoot.twins.profile import Profile
from folkmoot.twins.roster import MessageCount
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.ownership import check_person, check_speaks_for, owns_person
from folkmoot.web.principal import Acting

router = APIRouter(prefix="/api/twins", tags=["twins"])
READ = documented(401, 404, 422, 503)
WRITE = documented(401, 403, 404, 409, 413, 422, 429, 503)
_EMAIL = r"^[^\s@]+@[^\s@]+$"


class TwinWanted(BaseModel):
    """Whose twin is to be made."""

    model_config = ConfigDict(extra="forbid")
    person: str = Field(min_length=1, max_length=200, pattern=r"\S", examples=["Zoe Vale"])
    email: str | None = Field(default=None, max_length=254, pattern=_EMAIL, examples=["zoe@acme.example"])
    role: str = Field(default="", max_length=200)
    department: str = Field(default="", max_length=200)


class TwinShown(BaseModel):
    """A twin in short."""

    person: str
    email: str
    agent_id: str
    created_at: AwareDatetime


class TwinListed(TwinShown):
    """A twin with what it rests on. `messages` are the person's own and their context."""

    messages: int
    own_messages: int
    platforms: list[str]


class ImportShown(BaseModel):
    """An import. `messages` and all `skipped` together are every entry of the file; `own` wrote the person."""

    import_id: str
    platform: str
    state: str
    messages: int
    own: int
    skipped: dict[str, int]
    redactions: dict[str, int]
    problems: list[str]
    notes: list[str] = Field(description="what was taken for granted, such as the time zone")
    started_at: AwareDatetime
    finished_at: AwareDatetime | None


class MessageCounted(BaseModel):
    """How many messages of a platform a twin rests on."""

    model_config = ConfigDict(from_attributes=True)
    platform: str
    own: int
    context: int


class TwinWhole(TwinListed):
    """A twin with consents, imports and profile."""

    counts: list[MessageCounted]
    consents: list[ConsentShown]
    imports: list[ImportShown]
    profile: Profile | None


def _shown(twin: Twin) -> dict[str, Any]:
    return {"person": twin.name, "email": twin.email, "agent_id": twin.agent_id, "created_at": twin.created_at}


def _counted(counts: list[MessageCount]) -> dict[str, Any]:
    own = sum(one.own for one in counts)
    return {
        "messages": own + sum(one.context for one in counts),
        "own_messages": own,
        "platforms": [one.platform for one in counts],
    }


def _import_shown(result: ImportResult) -> ImportShown:
    return ImportShown.model_validate(result, from_attributes=True)


@router.post("", status_code=201, responses=WRITE)
async def create(principal: SignedIn, rooms: Rooms, wanted: TwinWanted) -> TwinShown:
    """Make the twin of a person, an agent that can be given work at once; a second time changes nothing."""
    check_speaks_for(principal, wanted.person)
    twin = await rooms.team.ensure_twin(
        wanted.person, email=wanted.email or "", role=wanted.role, department=wanted.department
    )
    return TwinShown(**_shown(twin))


@router.get("", responses=documented(401, 422, 503))
async def list_twins(principal: SignedIn, rooms: Rooms, window: Paging) -> Page[TwinListed]:
    """The twins that are yours to see, by name: all of them for an administrator."""
    twins = [one for one in await rooms.twins.list() if owns_person(principal, one.person)]
    items = []
    for twin in twins[window.offset : window.offset + window.limit]:
        counts = list((await rooms.twins.view(twin.name)).messages)
        items.append(TwinListed(**_shown(twin), **_counted(counts)))
    return window.page(items, len(twins))


@router.get("/{person}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, person: str) -> TwinWhole:
    """One twin with its consents, imports and profile."""
    check_person(principal, person)
    view = await rooms.twins.view(person)
    counts = list(view.messages)
    return TwinWhole(
        **_shown(view.twin),
        **_counted(counts),
        counts=[MessageCounted.model_validate(one) for one in counts],
        consents=[shown_consent(one, rooms) for one in view.consents],
        imports=[_import_shown(one) for one in view.imports],
        profile=view.profile,
    )


@router.delete("/{person}", responses=READ)
async def forget(principal: SignedIn, actor: Acting, rooms: Rooms, person: str) -> ForgetReceipt:
    """Forget a person: everything, everywhere. Answers the receipt."""
    check_person(principal, person)
    twin = await rooms.twins.get(person)
    receipt = await rooms.forgetting.forget(person)
    await rooms.audit.record("twin_forgotten", by=actor, target=receipt.receipt_id)
    await rooms.team.dismiss(twin)
    return receipt


@router.get("/{person}/profile", responses=READ)
async def profile(principal: SignedIn, rooms: Rooms, person: str) -> Profile:
    """What was learned of a person; every number names the messages that show it."""
    check_person(principal, person)
    await rooms.twins.get(person)
    learned = await rooms.twins.profile(person)
    if learned is None:
        raise NoTextsError(
            f"nothing was learned of {person} yet: import an export under a consent that covers 'profile'",
            person=person,
        )
    return learned


@router.get("/{person}/imports", responses=READ)
async def imports(principal: SignedIn, rooms: Rooms, person: str, window: Paging) -> Page[ImportShown]:
    """Imports of a person, the newest first; a running one tells how far it is."""
    check_person(principal, person)
    found = list((await rooms.twins.view(person)).imports)
    part = found[window.offset : window.offset + window.limit]
    return window.page([_import_shown(one) for one in part], len(found))


@router.get("/{person}/messages", responses=READ)
async def messages(principal: SignedIn, rooms: Rooms, person: str, ids: str) -> list[dict[str, Any]]:
    """The messages with these ids (separated by commas, at most 200): the evidence behind a number or a reason."""
    check_person(principal, person)
    await rooms.twins.get(person)
    wanted = [part for part in ids.split(",") if part][:200]
    found = await rooms.twins.messages(person, wanted)
    return [
        {"message_id": one.message_id, "platform": one.platform, "at": one.at, "text": one.text, "paths": one.paths}
        for one in found
    ]


@router.post("/{person}/imports", status_code=201, responses=WRITE)
async def import_export(
    principal: SignedIn,
    rooms: Rooms,
    person: str,
    file: UploadFile,
    platform: Annotated[str | None, Form(max_length=40)] = None,
    author: Annotated[str | None, Form(max_length=200, description="which name in the file is the person")] = None,
    timezone: Annotated[str | None, Form(max_length=100, examples=["Europe/Berlin"])] = None,
    date_order: Annotated[str | None, Form(max_length=10, description="dmy, mdy or ymd")] = None,
    columns: Annotated[str | None, Form(max_length=1000, examples=["author=who,text=body,ts=when"])] = None,
) -> ImportShown:
    """Import an export of a person who consented to it; answers when every entry is accounted for."""
    check_person(principal, person)
    options = ImportOptions(
        platform=platform or None,
        authors=(author,) if author else (),
        timezone=timezone or None,
        date_order=date_order or None,
        columns=_columns(columns),
    )
    with tempfile.TemporaryDirectory(prefix="folkmoot-upload-") as folder:
        path = Path(folder) / (Path(file.filename or "export").name or "export")
        await asyncio.to_thread(_save, file, path)
        result = await rooms.imports.run(person, path, options)
    await rooms.team.ensure_twin(person, email="")
    return _import_shown(result)


def _save(file: UploadFile, path: Path) -> None:
    with path.open("wb") as copy:
        shutil.copyfileobj(file.file, copy)


def _columns(said: str | None) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (piece.strip() for piece in (said or "").split(","))):
        ours, _, theirs = part.partition("=")
        if not ours or not theirs:
            raise InvalidOptionError(
                f"columns: {part!r} is not of the form ours=theirs, as in author=who,text=title+body", field="columns"
            )
        chosen[ours.strip()] = tuple(one.strip() for one in theirs.split("+"))
    return chosen
