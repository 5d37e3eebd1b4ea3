"""The nouns of this room: a twin, a message of its person, an import and what came of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Twin:
    """An agent that stands for a person."""

    person: str  # the key, see `consent.person_key`
    name: str  # as it is shown
    email: str  # empty if not known
    agent_id: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class TwinMessage:
    """One message of an export, redacted. Others' messages are context: never learned from, never searched."""

    message_id: str
    person: str  # whose twin it belongs to
    consent_id: str
    platform: str
    position: int  # its place in the export
    at: datetime | None  # aware, UTC; None where the export has no time
    own: bool  # the person wrote it
    author: str  # empty for the person, else a pseudonym
    text: str
    kind: str
    thread: str = ""  # an opaque tag; the same within one conversation
    paths: tuple[str, ...] = ()


class ImportState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """What a person says about an export because the file does not say it."""

    platform: str | None = None  # found out where None
    authors: tuple[str, ...] = ()  # names that are the person; `*` is everybody; none: the person's own name
    timezone: str | None = None  # IANA name for times without a zone
    date_order: str | None = None  # dmy, mdy or ymd, where the file is ambiguous
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)  # for tables: our field to the file's column
    encoding: str | None = None
    member: str | None = None  # which file of an archive


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What came of an import. `messages` and all `skipped` together are every entry of the file."""

    import_id: str
    person: str
    consent_id: str
    platform: str
    state: ImportState
    messages: int  # stored: the person's own and the context around them
    own: int  # of these the person's own
    skipped: dict[str, int]
    redactions: dict[str, int]  # replaced personal data, by kind
    problems: list[str]  # what a person should look at
    notes: list[str]  # what was taken for granted
    started_at: datetime
    finished_at: datetime | None
