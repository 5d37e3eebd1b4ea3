"""The nouns of reading: blocks as a parser finds them, chunks as they are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a file is, by its content."""

    TEXT = "text/plain"
    MARKDOWN = "text/markdown"
    HTML = "text/html"
    CSV = "text/csv"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Unit(StrEnum):
    """What places are counted in, if in anything."""

    LINE = "line"
    PAGE = "page"
    ROW = "row"
    NONE = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph, a row, a list item: what a parser finds, in the order of the document."""

    text: str
    heading: tuple[str, ...] = ()  # the headings above it, the outermost first
    unit: Unit = Unit.NONE
    first: int = 0  # where it begins, counted from 1 in `unit`


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A piece of a document that is searched and cited as one."""

    text: str  # begins with the heading, whose words are searched too
    heading: str = ""  # "Handbook › Leave"
    page: int | None = None  # where it begins, counted from 1, as far as the document has pages
    line: int | None = None  # where it begins, counted from 1: a line of text, a row of a table
    key: str = ""  # a digest of heading and text: the same words have the same key wherever they stand


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one document may cost. The defaults suit a server with 1 GiB to spare; sizes are bytes."""

    memory: int = 1024 * 1024 * 1024  # of the reading process, everything counted
    unpacked: int = 256 * 1024 * 1024  # what an archive (DOCX) may unpack to
    characters: int = 60_000_000  # of text in all: some 20,000 pages
    chunks: int = 100_000
    silence: timedelta = timedelta(seconds=90)  # without a sign of progress
    total: timedelta = timedelta(minutes=20)


@dataclass(kw_only=True)
class Report:
    """What a parser tells besides blocks: the title the document gives itself, what was left out, that it is alive."""

    alive: Callable[[], None] = lambda: None
    title: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Read:
    """How reading a document ended. `notes` say what was left out."""

    kind: Kind
    title: str
    chunks: int
    characters: int
    notes: tuple[str, ...] = ()
