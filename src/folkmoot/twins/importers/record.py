"""What every importer yields, counts and is asked: the nouns of reading an export. Nothing here opens a file.

An importer turns a file of one platform into `ExportRecord`s, in the file's order, one at a time, and accounts for
every entry of the file in an `Account`. Storing them (consent, pseudonyms, redaction, batches) is not done here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from folkmoot.kernel import JsonValue
from folkmoot.twins.importers.errors import InvalidReadOptionError, UnknownTimezoneError
from folkmoot.twins.importers.source import Source


class Kind(StrEnum):
    """What an entry of an export is. Only some kinds hold words that its author wrote."""

    TEXT = "text"
    MEDIA = "media"
    """A picture, film, voice message, sticker or document; the text is its caption, often empty."""
    SYSTEM = "system"
    """Written by the platform: somebody came, left, changed the title. It has no author."""
    DELETED = "deleted"
    """Was taken back by its author; the text is empty."""
    POLL = "poll"
    LOCATION = "location"
    CALL = "call"
    CONTACT = "contact"


class DateOrder(StrEnum):
    """How a date of three numbers is to be read."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class ExportRecord(NamedTuple):
    """One entry of an export.

    `position` grows from record to record and is the same on every reading of the same file: an import that was
    killed goes on after the last position it stored. `ts` is aware and UTC where the file or the reader's options
    give a time zone, else naive local time; it is None where a table has no time.
    """

    ts: datetime | None
    author: str | None
    text: str
    kind: Kind
    position: int
    thread: str | None = None
    """The conversation inside the file, where a file holds several."""
    recipients: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """The files that a commit touches."""
    edited: bool = False
    attachment: str | None = None
    """A media file's name, or what sort of thing was left out of the export."""
    subject: str | None = None
    source_id: str | None = None
    """The platform's own id, e.g. a commit hash: the same in every export that holds the entry."""


@dataclass(slots=True)
class Account:
    """Where every entry of a file went. An entry is a message or event (WhatsApp), a row (tables), a commit (git);
    a line that belongs to no entry is one of its own, skipped with a reason. Blank lines between entries are none.
    """

    parsed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    """Physical lines read, whatever they held."""

    @property
    def total(self) -> int:
        """All entries; always `parsed` and the sum of `skipped`."""
        return self.parsed + self.skipped.total()

    def as_json(self) -> dict[str, JsonValue]:
        """`{parsed, skipped: {reason: n}, total, lines}`."""
        skipped: dict[str, JsonValue] = dict(sorted(self.skipped.items()))
        return {"parsed": self.parsed, "skipped": skipped, "total": self.total, "lines": self.lines}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What a person says about a file because the file does not say it."""

    timezone: str | None = None
    """IANA name of the zone in which the file's local times are meant."""
    date_order: DateOrder | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For tables: our field (`author text ts kind thread paths id`) to the file's column, or columns to be joined."""
    encoding: str | None = None
    """Python's name of the text encoding; without it UTF-8, or UTF-16 if the file begins with its mark."""
    member: str | None = None
    """Which file of an archive or folder is meant."""

    @classmethod
    def of(
        cls,
        *,
        timezone: str | None = None,
        date_order: str | None = None,
        columns: str | None = None,
        encoding: str | None = None,
        member: str | None = None,
    ) -> "ReadOptions":
        """The options as words of a command line: `columns` is `author=who,text=title+body,ts=when`.

        Raises `InvalidReadOptionError` or `UnknownTimezoneError`.
        """
        order = date_order.strip().casefold() if date_order else None
        if order is not None and order not in {one.value for one in DateOrder}:
            raise InvalidReadOptionError(
                f"there is no date order {date_order!r}; it is dmy, mdy or ymd", date_order=date_order
            )
        chosen: dict[str, tuple[str, ...]] = {}
        for pair in (columns or "").split(","):
            ours, sign, theirs = (part.strip() for part in pair.partition("="))
            names = tuple(one.strip() for one in theirs.split("+") if one.strip())
            if pair.strip() and not (ours and sign and names):
                raise InvalidReadOptionError(
                    f"{pair.strip()!r} names no column; write for example author=who,text=title+body,ts=when",
                    columns=columns,
                )
            if names:
                chosen[ours] = names
        options = cls(
            timezone=timezone or None,
            date_order=DateOrder(order) if order else None,
            columns=chosen,
            encoding=encoding or None,
            member=member or None,
        )
        options.zone()
        return options

    def zone(self) -> ZoneInfo | None:
        """The time zone; `UnknownTimezoneError` if there is none of that name."""
        if self.timezone is None:
            return None
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise UnknownTimezoneError(
                f"there is no time zone {self.timezone!r}; give an IANA name such as Europe/Berlin or UTC",
                timezone=self.timezone,
            ) from error


class Importer(Protocol):
    """Reads the exports of one platform."""

    @property
    def platform(self) -> str:
        """The name by which a person asks for it."""
        ...

    def sniff(self, head: str, name: str) -> float:
        """How surely (0..1) a file that begins with `head` and bears `name` is of this platform. Raises nothing."""
        ...

    def members(self, names: list[str]) -> list[str]:
        """Those of an archive's or folder's files that may be this platform's export, likeliest first."""
        ...

    def read(self, source: Source, options: ReadOptions, account: Account) -> Iterator[ExportRecord]:
        """Every record in the file's order, in bounded memory; `account` grows with them and is right at the end.

        What cannot be read at all raises an `ImportFormatError` before the first record.
        """
        ...


def in_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    """An aware moment in UTC; a naive one is taken to be in `zone`, and stays naive where none was given."""
    if moment.tzinfo is None:
        if zone is None:
            return moment
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)
