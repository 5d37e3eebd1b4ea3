"""The first pass over an export: how this phone writes dates, how lines end, and what the people are called.

A second pass can then tell a message's head from a quoted one, a colon in a name from the one behind it, and an event
that mentions a title with a colon from a message. Memory is bounded by the number of distinct names, which is capped.
"""

from collections import Counter
from dataclasses import dataclass, field

from folkmoot.twins.importers.dates import DateEvidence
from folkmoot.twins.importers.errors import NotAnExportError, UnknownDayPartError
from folkmoot.twins.importers.record import DateOrder, ReadOptions
from folkmoot.twins.importers.source import Source
from folkmoot.twins.importers.whatsapp import wording
from folkmoot.twins.importers.whatsapp.classify import without_marks
from folkmoot.twins.importers.whatsapp.headers import Head, HeadReader, Shape

_MOST_NAMES = 50_000
_MOST_EVENTS = 2_000
LONGEST_NAME = 140
_SECOND_SHAPE = (4, 10)
"""A second shape counts when it has a quarter of the heads and ten: two exports in one file, not a quotation."""
_SURE = 3
"""So many messages a name make a colon inside it sure."""
_MOST_MIDDLES = 32
_BREAKS_APART = ("poll", "option", "http", "https", *wording.PLACES)


def clean_name(name: str) -> str:
    """A name without marks and without the tilde of people who are not in the contacts."""
    plain = without_marks(name).replace("\u00a0", " ").replace("\u202f", " ").strip()
    return plain[1:].lstrip() if plain[:1] == "~" and len(plain) > 1 else plain


@dataclass(slots=True)
class _Prefix:
    """What stands before the first `: ` of messages, and how often which segment stands between it and a second one."""

    count: int = 0
    bare: int = 0
    middles: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Survey:
    """What the first pass found."""

    orders: dict[Shape, DateOrder] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    colon_names: tuple[str, ...] = ()
    """Names with `: ` inside, longest first."""
    strict_ends: bool = False
    """Messages end with CRLF and lines inside them with LF, so that a head behind an LF is a quotation."""


@dataclass(slots=True)
class _Surveyor:
    shapes: Counter[Shape] = field(default_factory=Counter)
    evidence: dict[Shape, DateEvidence] = field(default_factory=dict)
    latest: dict[Shape, int] = field(default_factory=dict)
    prefixes: dict[str, _Prefix] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    ends: Counter[tuple[bool, bool]] = field(default_factory=Counter)

    def take(self, head: Head, rest: str, line: int) -> None:
        """Count one head in."""
        shape = head.shape
        self.shapes[shape] += 1
        if (evidence := self.evidence.get(shape)) is None:
            evidence = self.evidence[shape] = DateEvidence(separator=shape.separator, year_first=shape.year_first)
        evidence.add(head.numbers, head.written, line)
        if shape.word:
            self.latest[shape] = max(head.hour, self.latest.get(shape, 0))
        first, colon, body = rest.partition(": ")
        if colon:
            self._name(first, body)
        elif len(self.events) < _MOST_EVENTS:
            self.events.append(without_marks(rest))

    def _name(self, first: str, body: str) -> None:
        known = self.prefixes.get(first)
        if known is None:
            if len(self.prefixes) >= _MOST_NAMES or len(first) > LONGEST_NAME:
                return
            known = self.prefixes[first] = _Prefix()
        known.count += 1
        middle, colon, _ = body.partition(": ")
        if not colon or "\u200e" in middle[:1] or middle.strip().casefold() in _BREAKS_APART:
            known.bare += 1
        elif middle in known.middles or len(known.middles) < _MOST_MIDDLES:
            known.middles[middle] += 1

    def names(self) -> tuple[dict[str, int], tuple[str, ...]]:
        """Authors with how often each appears, and those of them with `: ` inside."""
        found: Counter[str] = Counter()
        with_colon: set[str] = set()
        for first, known in self.prefixes.items():
            longer = {f"{first}: {middle}": count for middle, count in known.middles.items()}
            whole = known.bare == 0 and sum(longer.values()) == known.count
            often = known.count >= _SURE * len(longer)
            sure = {name: count for name, count in longer.items() if whole and (often or self._in_events(name))}
            with_colon.update(sure)
            for name, count in sure.items():
                found[clean_name(name)] += count
            if rest := known.count - sum(sure.values()):
                found[clean_name(first)] += rest
        return dict(found), tuple(sorted(with_colon, key=len, reverse=True))

    def _in_events(self, name: str) -> bool:
        plain = clean_name(name)
        return any(one.startswith(plain + " ") or f" {plain}" in one for one in self.events)


def survey(source: Source, options: ReadOptions) -> Survey:
    """Read the whole file once. Raises what makes the file unreadable: no heads, unknown dates or words."""
    surveyor, reader = _Surveyor(), HeadReader()
    before_crlf = True
    for number, line in enumerate(source.lines(), start=1):
        found = reader.read(line)
        if found:
            surveyor.take(*found, number)
            surveyor.ends[(before_crlf, True)] += 1
        elif number > 1:
            surveyor.ends[(before_crlf, False)] += 1
        before_crlf = line.endswith("\r\n")
    if not surveyor.shapes:
        raise NotAnExportError(
            f"{source.name} is not a WhatsApp export: no line begins with a date, a time and a message",
            file=source.name,
        )
    result = Survey()
    heads = surveyor.shapes.total()
    (main, _), *others = surveyor.shapes.most_common()
    share, least = _SECOND_SHAPE
    chosen = [main, *(shape for shape, count in others if count >= least and count * share >= heads)]
    _refuse_unknown_words(surveyor, chosen, source.name)
    for shape in chosen:
        result.orders[shape] = surveyor.evidence[shape].decide(options.date_order, source.name)
    result.names, result.colon_names = surveyor.names()
    quoted, inner = surveyor.ends[(False, True)], surveyor.ends[(False, False)]
    result.strict_ends = main.family == "ios" and inner + quoted > 0 and quoted * 4 <= surveyor.ends[(True, True)]
    return result


def _refuse_unknown_words(surveyor: _Surveyor, chosen: list[Shape], name: str) -> None:
    """A word beside 24-hour times says nothing; two words beside 12-hour times decide the half of the day."""
    words = [shape for shape in chosen if shape.word]
    if len(words) > 1 and max(surveyor.latest[shape] for shape in words) <= 12:  # noqa: PLR2004 - a half-day hour
        both = " and ".join(repr(shape.word) for shape in words)
        raise UnknownDayPartError(
            f"the words {both} beside the times of {name} may mean morning and afternoon and are not known; "
            "switch the phone to 24-hour times or to English and export again",
            file=name,
            words=[shape.word for shape in words],
        )
