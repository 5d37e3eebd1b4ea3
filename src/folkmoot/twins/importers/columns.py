"""Which column of a table holds what: as a person says it, else by the names that such columns usually bear.

A time column may hold ISO 8601, seconds or milliseconds since 1970, an e-mail date, or three numbers, whose order is
deduced or asked for as everywhere (`dates`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

from folkmoot.kernel import JsonValue
from folkmoot.twins.importers.dates import DateEvidence, to_date
from folkmoot.twins.importers.errors import AmbiguousDatesError, MissingColumnsError
from folkmoot.twins.importers.record import DateOrder, ExportRecord, Kind, in_utc

FIELDS: dict[str, tuple[str, ...]] = {
    "author": (
        "author",
        "sender",
        "from",
        "from_name",
        "user",
        "username",
        "user_name",
        "person",
        "name",
        "dev",
        "speaker",
    ),
    "text": ("text", "message", "body", "content", "msg", "comment", "title"),
    "ts": ("ts", "timestamp", "datetime", "date", "time", "created_at", "createdat", "sent_at", "day", "when"),
    "kind": ("kind", "type"),
    "thread": ("thread", "thread_id", "conversation", "conversation_id", "channel", "chat", "room"),
    "recipients": ("recipients", "to", "recipient"),
    "paths": ("paths", "files", "areas", "labels"),
    "subject": ("subject",),
    "id": ("id", "message_id", "uuid"),
}
_KINDS = {kind.value: kind for kind in Kind}
_NEEDED = ("author", "text")
_NUMBERS = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:[,T ]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s?([AaPp]\.?[Mm]\.?)?)?"
)
_WORDED = tuple(
    f"{day} {clock}"
    for day in ("%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y")
    for clock in ("%I:%M %p", "%I:%M:%S %p")
)
_MILLISECONDS = 100_000_000_000
_EARLIEST_EPOCH = 86_400 * 365


@dataclass(slots=True)
class Columns:
    """Our fields, and the columns that fill them."""

    names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def choose(cls, wanted: Mapping[str, tuple[str, ...]], present: Iterable[str], name: str) -> "Columns":
        """Named columns, and for the other fields what the headings suggest; `MissingColumnsError` if that fails."""
        found = list(present)
        by_key = {one.strip().casefold(): one for one in reversed(found)}
        unknown = [one for one in wanted if one not in FIELDS]
        absent = [
            column for columns in wanted.values() for column in columns if column.strip().casefold() not in by_key
        ]
        if unknown or absent:
            what = f"no field {', '.join(unknown)}" if unknown else f"no column {', '.join(absent)}"
            raise MissingColumnsError(
                f"{name}: there is {what}; the fields are {', '.join(FIELDS)}, the file's columns {', '.join(found)}",
                file=name,
                columns=[*found],
            )
        chosen = {ours: tuple(by_key[one.strip().casefold()] for one in columns) for ours, columns in wanted.items()}
        for ours, usual in FIELDS.items():
            match = next((by_key[one] for one in usual if one in by_key), None)
            if ours not in chosen and match is not None:
                chosen[ours] = (match,)
        missing = [ours for ours in _NEEDED if ours not in chosen]
        if missing:
            raise MissingColumnsError(
                f"{name}: say which column is the {' and the '.join(missing)}, for example "
                f"--columns author=NAME,text=NAME,ts=NAME; the file has {', '.join(found) or 'none'}",
                file=name,
                columns=[*found],
                missing=[*missing],
            )
        return cls(chosen)

    def record(self, row: Mapping[str, JsonValue], position: int, moment: datetime | None) -> ExportRecord:
        """The row as a record; its time is read apart."""
        author = self._text(row, "author", " ").strip()
        text = self._text(row, "text", "\n").strip()
        kind = self._text(row, "kind", "").strip().casefold()
        return ExportRecord(
            moment,
            author or None,
            text,
            _KINDS.get(kind, Kind.TEXT),
            position,
            thread=self._text(row, "thread", "/") or None,
            recipients=self._list(row, "recipients"),
            paths=self._list(row, "paths"),
            subject=self._text(row, "subject", " ") or None,
            source_id=self._text(row, "id", "/") or None,
        )

    def moment(self, row: Mapping[str, JsonValue]) -> JsonValue:
        """What stands in the time column; None if there is none or it is empty."""
        names = self.names.get("ts", ())
        if len(names) == 1:
            return row.get(names[0])
        return self._text(row, "ts", " ") or None

    def _text(self, row: Mapping[str, JsonValue], ours: str, joint: str) -> str:
        values = (row.get(one) for one in self.names.get(ours, ()))
        return joint.join(_as_text(one) for one in values if one is not None and one != "")

    def _list(self, row: Mapping[str, JsonValue], ours: str) -> tuple[str, ...]:
        found: list[str] = []
        for name in self.names.get(ours, ()):
            value = row.get(name)
            if isinstance(value, list):
                found += (_as_text(one) for one in value)
            elif isinstance(value, str):
                found += (one.strip() for one in re.split(r"[,;\n]", value) if one.strip())
        return tuple(found)


def _as_text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(_as_text(one) for one in value)
    if isinstance(value, dict):
        named = value.get("name") or value.get("text") or value.get("id")
        return _as_text(named) if named is not None else ""
    return str(value)


class Moments:
    """Reads the time column of one file. Dates of three numbers need `order`, which `survey` finds."""

    def __init__(self, *, zone: tzinfo | None, order: DateOrder | None = None) -> None:
        self._zone = zone
        self._order = order

    def survey(self, values: Iterable[tuple[JsonValue, int]], name: str, default: DateOrder | None = None) -> None:
        """Learn the order of a file's dates; `default` stands where the platform has but one way of writing them."""
        evidence = DateEvidence()
        for value, line in values:
            if isinstance(value, str) and (found := _NUMBERS.match(value.strip())) and len(found[1]) <= 2:  # noqa: PLR2004 - a year in front needs no survey
                evidence.separator = found[2]
                evidence.add((int(found[1]), int(found[3]), int(found[4])), value.strip(), line)
        if not evidence.count:
            return
        try:
            self._order = evidence.decide(self._order, name)
        except AmbiguousDatesError:
            if default is None:
                raise
            self._order = default

    def read(self, value: JsonValue) -> datetime | None:
        """The time that a value means; None if it means none."""
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return _from_epoch(float(value))
        if not isinstance(value, str):
            return None
        text = value.strip()
        if text.replace(".", "", 1).isdecimal() and len(text) >= 9:  # noqa: PLR2004 - fewer digits are a year or a day
            return _from_epoch(float(text))
        for reading in (_iso, self._numbers, _worded, _mail):
            try:
                moment = reading(text)
            except (ValueError, OverflowError, IndexError, TypeError):
                continue
            if moment is not None:
                return in_utc(moment, self._zone)
        return None

    def _numbers(self, text: str) -> datetime | None:
        found = _NUMBERS.fullmatch(text.removesuffix("UTC").strip())
        if found is None:
            return None
        first, _, second, third, hour, minute, seconds, half = found.groups()
        order = DateOrder.YMD if len(first) > 2 else self._order  # noqa: PLR2004 - a year in front
        day = to_date((int(first), int(second), int(third)), order) if order else None
        if day is None:
            return None
        hours = int(hour or 0)
        if half:
            hours = hours % 12 + (12 if half[0] in "Pp" else 0)
        zone = UTC if text.endswith("UTC") else None
        return datetime(day.year, day.month, day.day, hours, int(minute or 0), int(seconds or 0), tzinfo=zone)


def _from_epoch(number: float) -> datetime | None:
    """Seconds, milliseconds or microseconds since 1970; smaller numbers are no times."""
    seconds = number
    while seconds > _MILLISECONDS:
        seconds /= 1000
    if seconds <= _EARLIEST_EPOCH:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("UTC").strip() + ("+00:00" if text.endswith("UTC") else ""))


def _worded(text: str) -> datetime | None:
    """`Jan 31, 2024, 9:05 PM`, whose half of the day the reader of mail dates would not see."""
    plain = " ".join(text.replace(",", " ").replace(" at ", " ").split())
    if plain[-2:].upper() not in {"AM", "PM"}:
        return None
    for form in _WORDED:
        try:
            return datetime.strptime(plain, form)  # noqa: DTZ007 - the caller adds the zone
        except ValueError:
            continue
    return None


def _mail(text: str) -> datetime:
    return parsedate_to_datetime(text)
