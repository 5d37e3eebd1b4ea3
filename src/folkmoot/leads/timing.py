"""How soon a few typed words mean: `3 months`, `asap`, `Q2`, `by March`, `no rush`. Pure."""

# ruff: noqa: E501  # a table of phrases reads better in long lines

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

_SOON: Final = re.compile(
    r"\b(?:asap|a\.s\.a\.p|urgent(?:ly|e|emente)?|immediate(?:ly)?|right away|now|today|tomorrow|yesterday|sofort|dringend|"
    r"schnellstmöglich|so bald wie möglich|tout de suite|dès que possible|lo antes posible|cuanto antes|ya mismo)\b",
    re.IGNORECASE,
)
_VAGUE: Final = re.compile(
    r"\b(?:no (?:rush|hurry|deadline|date)|some ?day|some ?time|eventually|flexible|whenever|open|not sure|unsure|exploring|"
    r"unknown|tbd|irgendwann|keine eile|flexibel|offen|plus tard|un jour|algún día|sin prisa)\b",
    re.IGNORECASE,
)
_SPAN: Final = re.compile(
    r"(?P<first>\d{1,3}(?:[.,]\d)?|an?|one|two|three|four|five|six|ein(?:e[mnr]?)?|zwei|drei|vier|sechs|un[ae]?|dos|tres|deux|"
    r"trois|couple of|few)\s*(?:(?:-|–|to|bis|à|a|or|oder)\s*(?P<second>\d{1,3}))?\s*"
    r"(?P<unit>days?|tag(?:en|e)?|jours?|días?|weeks?|wochen?|semaines?|semanas?|months?|monat(?:en|e)?|mois|mes(?:es)?|"
    r"quarters?|years?|jahr(?:en|e)?|ans?|años?)\b",
    re.IGNORECASE,
)
_WORDS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ein": 1, "eine": 1, "einem": 1,
    "einen": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4, "sechs": 6, "un": 1, "una": 1, "une": 1, "dos": 2,
    "tres": 3, "deux": 2, "trois": 3, "couple of": 2, "few": 3,
}  # fmt: skip
_UNITS: Final = (
    (("day", "tag", "jour", "día"), 1 / 30),
    (("week", "woche", "semain", "seman"), 7 / 30),
    (("quart",), 3.0),
    (("month", "monat", "mois", "mes"), 1.0),
    (("year", "jahr", "an", "año"), 12.0),
)
_NEXT: Final = re.compile(
    r"\b(?:next|this|nächste[nrs]?|diese[nrs]?)\s+(week|month|quarter|year|woche|monat|quartal|jahr)\b", re.IGNORECASE
)
_QUARTER: Final = re.compile(r"\bq([1-4])\b(?:\s*/?\s*((?:20)?\d\d))?", re.IGNORECASE)
_DAY: Final = re.compile(r"\b(20\d\d)-(\d\d)(?:-(\d\d))?\b")
_MONTHS: Final = (
    ("jan", "ene"), ("feb", "fév"), ("mar", "mär", "mrz"), ("apr", "avr", "abr"), ("may", "mai", "mayo"), ("jun", "juin"),
    ("jul", "juil"), ("aug", "août", "ago"), ("sep",), ("oct", "okt"), ("nov",), ("dec", "dez", "déc", "dic"),
)  # fmt: skip
_MONTH: Final = re.compile(
    r"\b(jan|ene|feb|fév|mar|mär|mrz|apr|avr|abr|may|mai|mayo|jun|juin|jul|juil|aug|août|ago|sep|oct|okt|nov|dec|dez|déc|dic)"
    r"(?:uar[yi]?|r?uary|ch|z|il|l?et|e|i|ust|t?ember|ober|iembre|ubre|tubre|\.)?\b(?:\s+(20\d\d))?",
    re.IGNORECASE,
)
_SOON_MONTHS: Final = 0.5
_VAGUE_MONTHS: Final = 24.0
_YEAR_END: Final = re.compile(
    r"\b(?:end of (?:the )?year|jahresende|fin d.année|fin de año|by christmas|weihnachten)\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """`months` until it should be there; None when nothing was said. `vague`: said, and nothing fixed."""

    months: float | None = None
    vague: bool = False

    @property
    def known(self) -> bool:
        return self.months is not None


def read_timeline(text: str | None, *, today: date) -> Timeline:
    """The time in some words, seen from `today`; unknown when they hold none."""
    said = (text or "").strip()
    if not said:
        return Timeline()
    for reading in (_fixed, _span, _next):
        months = reading(said, today)
        if months is not None:
            return Timeline(months=max(0.0, months))
    if _SOON.search(said):
        return Timeline(months=_SOON_MONTHS)
    if _VAGUE.search(said):
        return Timeline(months=_VAGUE_MONTHS, vague=True)
    return Timeline()


def _fixed(said: str, today: date) -> float | None:
    """A day, a quarter, a month by name, the end of the year."""
    if match := _DAY.search(said):
        year, month = int(match[1]), int(match[2])
        return float((year - today.year) * 12 + month - today.month) if 1 <= month <= 12 else None  # noqa: PLR2004  # months
    if match := _QUARTER.search(said):
        return _until(int(match[1]) * 3, match[2], today)
    if _YEAR_END.search(said):
        return float(12 - today.month)
    if match := _MONTH.search(said):
        name = match[1].casefold()
        number = next(place for place, names in enumerate(_MONTHS, start=1) if name in names)
        return _until(number, match[2], today)
    return None


def _until(month: int, year: str | None, today: date) -> float:
    """Months from today to the end of a month; without a year, the next one of that name."""
    if year:
        whole = int(year) if len(year) > 2 else 2000 + int(year)  # noqa: PLR2004  # `Q2 27`
        return float((whole - today.year) * 12 + month - today.month)
    return float((month - today.month) % 12)


def _span(said: str, today: date) -> float | None:  # noqa: ARG001  # a span is the same on every day
    match = _SPAN.search(said)
    if match is None:
        return None
    first = match["first"].casefold()
    number = float(_WORDS[first]) if first in _WORDS else float(first.replace(",", "."))
    if match["second"]:
        number = (number + float(match["second"])) / 2
    unit = match["unit"].casefold()
    return number * next(size for names, size in _UNITS if unit.startswith(names))


def _next(said: str, today: date) -> float | None:  # noqa: ARG001  # see `_span`
    match = _NEXT.search(said)
    if match is None:
        return None
    word = match[1].casefold()
    return next(size for names, size in _UNITS if word.startswith(names))
