"""The nouns of searching: what is kept, and what is found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

TWIN_PREFIX: Final = "twin:"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of text that an agent may search."""

    id: str  # unique; what an answer cites
    scope: str  # who may see it: a department, or `twin_scope(person)`
    source: str  # where it comes from, for people: `whatsapp`, `handbook.pdf`
    text: str
    position: int = 0  # its place in the source, counted from 0
    origin: str = ""  # what brought it in, an import or a document: it can be found and removed by that
    consent_id: str | None = None  # required of a twin's passages; they go with it
    at: datetime | None = None  # when it was written, aware
    heading: str = ""  # the headings above it, as in `Plan › Launch`
    page: int | None = None  # counted from 1, where the source has pages
    line: int | None = None  # its first line, counted from 1, where the source has lines
    media_type: str = ""  # of the source: `text/markdown`


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
    origin: str = ""
    heading: str = ""
    page: int | None = None
    line: int | None = None
    media_type: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people: `handbook.pdf, Plan › Launch, page 3`."""
        where = [self.source, self.heading]
        where += [f"page {self.page}"] if self.page is not None else []
        where += [f"line {self.line}"] if self.line is not None and self.page is None else []
        return ", ".join(part for part in where if part)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What narrows a search further; None means any."""

    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    consents: frozenset[str] | None = None  # only passages that rest on one of these
    document: str | None = None  # only this `origin`
    media_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What one search found, the best first, and what there is to say about it."""

    results: tuple[Found, ...] = ()
    scopes: tuple[str, ...] = ()  # what was looked at
    method: Literal["lexical", "fused"] = "lexical"
    notice: str = ""  # why nothing, or less than usual, was looked at


def twin_scope(person: str) -> str:
    """The scope of a person's own messages; `person` is the key, not the name."""
    return f"{TWIN_PREFIX}{person}"
