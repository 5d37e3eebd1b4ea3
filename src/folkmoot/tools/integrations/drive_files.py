"""What Google Drive tells of a file, read: its content's type and revision, who may read it, where it lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

FOLDER: Final = "application/vnd.google-apps.folder"
OWN_KINDS: Final = "application/vnd.google-apps."
# What Google's own documents are fetched as (developers.google.com, export formats); others of its kinds have no text.
EXPORTS: Final[Mapping[str, str]] = {
    "application/vnd.google-apps.document": "text/markdown",
    "application/vnd.google-apps.spreadsheet": "text/csv",
    "application/vnd.google-apps.presentation": "text/plain",
}
FIELDS: Final = (
    "id,name,mimeType,modifiedTime,md5Checksum,size,trashed,parents,driveId,capabilities(canDownload),"
    "permissions(type,emailAddress,domain,deleted)"
)


@dataclass(frozen=True, kw_only=True)
class DriveFile:
    """A file of the folder. `media_type` is what `read` gives; `kind` is what it is to Google."""

    id: str
    name: str
    media_type: str
    kind: str
    revision: str
    readers: frozenset[str]
    trashed: bool = False


@dataclass(frozen=True, kw_only=True)
class DriveChanges:
    """Files as they are now, ids that are gone, and where the next question goes on."""

    files: Sequence[DriveFile]
    removed: Sequence[str]
    cursor: str


class Readable(Protocol):
    """What `read` must know of a file."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...


def reader_words(permissions: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    found: set[str] = set()
    for one in permissions:
        if one.get("deleted") is True:
            continue
        match one.get("type"):
            case "user" | "group" as kind if one.get("emailAddress"):
                found.add(f"{kind}:{str(one['emailAddress']).casefold()}")
            case "domain" if one.get("domain"):
                found.add(f"domain:{str(one['domain']).casefold()}")
            case "anyone":
                found.add("anyone")
            case _:
                continue
    return frozenset(found)


def parents_of(about: Mapping[str, Any]) -> Sequence[str]:
    found = about.get("parents")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else ()
