"""The days and spans of days that people name, in English and German. Pure; days are those of UTC."""

from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import Field

from folkmoot.tools.errors import ToolFailedError

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WOCHENTAGE: Final = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_AGO: Final = {
    "today": 0,
    "this morning": 0,
    "this evening": 0,
    "tonight": 0,
    "heute": 0,
    "heute morgen": 0,
    "heute abend": 0,
    "yesterday": 1,
    "last night": 1,
    "gestern": 1,
    "gestern abend": 1,
    "vorgestern": 2,
}
_SPANS: Final = {
    "today": ("day", 0),
    "heute": ("day", 0),
    "yesterday": ("day", 1),
    "gestern": ("day", 1),
    "this week": ("week", 0),
    "diese woche": ("week", 0),
    "last week": ("week", 1),
    "letzte woche": ("week", 1),
    "this month": ("month", 0),
    "diesen monat": ("month", 0),
    "last month": ("month", 1),
    "letzten monat": ("month", 1),
}
_ALL: Final = "all"


def _either(*names: str) -> str:
    # The longest first: `heute morgen` is not `heute`.
    return "|".join(sorted(names, key=len, reverse=True))


_ON: Final = _either(*(f"on {day}" for day in _WEEKDAYS), *(f"am {day}" for day in _WOCHENTAGE))
Day = Annotated[
    str,
    Field(
        pattern=rf"^(?:{_either(*_AGO)}|{_ON}|\d{{4}}-\d\d-\d\d)$",
        description="today, yesterday, 'on monday' (the latest one) or a date such as 2026-05-04",
    ),
]
Span = Annotated[
    str,
    Field(pattern=rf"^(?:{_either(*_SPANS)}|{_ALL})$", description="today, this week, last week, this month, … or all"),
]


def day_of(named: str, today: date) -> date:
    """The day that somebody means who says this today. Raises `ToolFailedError` for one that is none or to come."""
    if named in _AGO:
        return today - timedelta(days=_AGO[named])
    for names in (_WEEKDAYS, _WOCHENTAGE):
        weekday = named.rpartition(" ")[2]
        if weekday in names:
            return today - timedelta(days=(today.weekday() - names.index(weekday)) % 7)
    try:
        day = date.fromisoformat(named)
    except ValueError as error:
        raise ToolFailedError(f"'{named}' is not a day; write one as 2026-05-04") from error
    if day > today:
        raise ToolFailedError(f"{named} is to come; what was not done yet is a goal")
    return day


def span_of(named: str, today: date) -> tuple[date, date] | None:
    """The first and the last day of a span; None is all days. Weeks begin on Monday."""
    if named == _ALL:
        return None
    kind, back = _SPANS[named]
    if kind == "day":
        day = today - timedelta(days=back)
        return day, day
    if kind == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return monday, monday + timedelta(days=6)
    first = today.replace(day=1)
    if back:
        first = (first - timedelta(days=1)).replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return first, after - timedelta(days=1)
