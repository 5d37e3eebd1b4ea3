"""The nouns of searching: what is kept, and what is found."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of text that an agent may search."""

    id: str  # unique; what an answer cites
    scope: str  # who may see it: a department, or `twin_scope(person)`
    source: str  # where it comes from, for people: `whatsapp`, `handbook.pdf`
    text: str
    position: int = 0  # its place in the source, counted from 0
    origin: str = ""  # what brought it in, an import or a document: it can be removed by that
    consent_id: str | None = None  # required of a twin's passages; they go with it
    at: datetime | None = None  # when it was written, aware


@dataclass(frozen=True, kw_only=True)
class Found:
    """A passage that fits a query."""

    text: str
    score: float  # between 0 and 1, comparable within one search only
    source: str
    scope: str
    passage_id: str
    position: int
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What narrows a search further; None means any."""

    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    consents: frozenset[str] | None = None  # only passages that rest on one of these


def twin_scope(person: str) -> str:
    """The scope of a person's own messages; `person` is the key, not the name."""
    return f"twin:{person}"
