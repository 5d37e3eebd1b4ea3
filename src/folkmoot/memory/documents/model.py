"""The nouns of documents. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from folkmoot.kernel.text import JsonValue
from folkmoot.memory.documents.errors import InvalidDocumentError

PREFIX: Final = "doc"
SCOPE_PATTERN: Final = r"^[a-z0-9][a-z0-9_\-]{0,63}$"
LONGEST_NAME: Final = 300
_SCOPE = re.compile(SCOPE_PATTERN)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class DocumentStatus(StrEnum):
    """Where a document is. While a newer version is read, the earlier one is still found."""

    READING = "reading"
    READY = "ready"
    FAILED = "failed"  # nothing of it is kept; `error` says why


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be kept: a file's name, its scope, and who brings it."""

    name: str
    scope: str
    title: str = ""
    media_type: str = ""  # what its sender calls it
    user_id: str | None = None  # None: the house itself, by following a folder
    source_id: str = ""
    identity: str = ""  # its id at the source; the name of what was handed over here
    revision: str = ""

    def __post_init__(self) -> None:
        if not _SCOPE.fullmatch(self.scope):
            raise InvalidDocumentError(
                f"'{self.scope[:80]}' is no scope; use small letters, digits, - and _, as in marketing",
                field="scope",
            )
        if not self.name.strip():
            raise InvalidDocumentError("a document needs a name", field="name")

    @property
    def key(self) -> str:
        """What makes it the same document again within its scope and source."""
        return (self.identity or self.name)[:LONGEST_NAME]


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A version that is being read: `file` is the name of the kept copy."""

    file: str
    sha256: str
    size: int
    name: str
    title: str
    media_type: str
    revision: str
    user_id: str | None

    def as_json(self) -> dict[str, JsonValue]:
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document in one scope. `size` is in bytes; `version` counts the times its content was taken in."""

    document_id: str
    name: str
    title: str = ""
    media_type: str = ""
    scope: str
    source_id: str = ""  # the followed folder it comes from; empty for what was handed over here
    identity: str
    sha256: str = ""
    revision: str = ""
    size: int = 0
    chunks: int = 0
    version: int = 0
    status: DocumentStatus = DocumentStatus.READING
    error: str | None = None
    notes: tuple[str, ...] = ()
    pending: Pending | None = field(default=None, repr=False)
    user_id: str | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class ScopeSize:
    """How much a scope holds."""

    scope: str
    documents: int = 0
    chunks: int = 0


@dataclass(frozen=True, kw_only=True)
class Held:
    """Where a passage of a document stands at present."""

    position: int
    page: int | None
    line: int | None
    source: str


def plain_name(name: str) -> str:
    """A file's name as it is kept: without folders, control signs and what turns text around; cut to its length."""
    bare = _UNSEEN.sub("", re.split(r"[/\\]", name)[-1]).strip()
    if len(bare) <= LONGEST_NAME:
        return bare
    stem, dot, ending = bare.rpartition(".")
    kept = f"{dot}{ending}" if stem and len(ending) <= 10 else ""  # noqa: PLR2004  # the longest ending that means anything
    return bare[: LONGEST_NAME - len(kept)] + kept
