"""The head of a line that begins a WhatsApp message: date and time as a phone's locale writes them, any of them.

Android writes `DATE, TIME - `, iOS `[DATE, TIME] `, old iOS `DATE, TIME: `, and text copied from the browser
`[TIME, DATE] `. Nothing is known here about names and texts.
"""

import re
from typing import NamedTuple

from folkmoot.twins.importers.dates import Numbers

MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Invisible marks of direction. U+200D and U+200C are none: they join emoji and shape words."""
_ODD_SPACES = "\u00a0\u202f\u2009\u2007\u3000"
_PLAIN = str.maketrans({**dict.fromkeys(MARKS), **dict.fromkeys(_ODD_SPACES, " "), "،": ",", "年": "/", "月": "/",
                        "日": " ", "년": "/", "월": "/", "일": " ", "／": "/", "：": ":"})  # fmt: skip
_LONGEST = 64
_DATE = re.compile(r"(\d{1,4})\s?([/.-])\s?(\d{1,2})\s?\2\s?(\d{1,4})([^\d]{1,24})")
_TIME = re.compile(r"(\d{1,2})\s?([:.]|h)\s?(\d{2})(?:\s?(?:[:.]|min)\s?(\d{2}))?([^\d]{0,20})")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}(?:\.|\s?h\s?)\d{2}(?:(?:\.|\s?min\s?)\d{2})?[^\d]{0,20}$")
_OLD_IOS = re.compile(r"([^\s:]{6,16},?[^\d:]{1,12}\d{1,2}[:.]\d{2}[:.]\d{2}[^\d:]{0,8}): ")
_CUT_OFF = re.compile(
    r"\[?\d{0,4}(?:(?<=\d)[/.\-]\s?(?:\d{1,2}(?:[/.\-]\s?"
    r"(?:\d{1,4}[.,\s]{0,3}[^\d\s]{0,4}\s?[\d:.]{0,8}\s?[apm.\s]{0,6}\]?(?: -?)?)?)?)?)?",
    re.IGNORECASE,
)
_MORNING = """am ص ق.ظ ق.م 오전 上午 午前 凌晨 清晨 早上 öö πμ fm ap de dop дп пр.об priešpiet priekšp पूर्वाह्न म.पू
    முற்பகல் ก่อนเที่ยง לפנה״צ לפנה"צ sa pg e_paradites paradites ጥዋት පෙ.ව"""
_EVENING = """pm م ب.ظ ب.م 오후 下午 午後 中午 晚上 ös μμ em ip du odp pop пп сл.об popiet pēcp अपराह्न म.उ பிற்பகல்
    หลังเที่ยง אחה״צ אחה"צ ch ptg e_pasdites pasdites ከሰዓት ප.ව"""
_NEITHER = """à klo às as um ob at saat kl om la las a_las u a o v в alle ore de_las uhr uur ч н น hs hrs h г be พ.ศ ce
    ad    lúc tại la_ora den i pukul jam kell godz pada"""


def _key(word: str) -> str:
    """`p. m.`, `P.M.` and `pm` are one word."""
    return "".join(word.split()).replace(".", "").replace("_", "").casefold()


_AFTER_NOON: dict[str, bool | None] = {
    **{_key(word): None for word in _NEITHER.split()},
    **{_key(word): False for word in _MORNING.split()},
    **{_key(word): True for word in _EVENING.split()},
}
_AROUND_NOON = "中午"
_YEAR_FIRST = ("오전", "오후", "上午", "下午", "午前", "午後")
"""Where half-days are called so, a date with two-digit numbers only begins with the year."""
_NOON, _LAST_HOUR, _LAST_MINUTE, _SHORT_YEAR = 12, 23, 59, 2
_REMEMBERED = 8_192


class Shape(NamedTuple):
    """What all heads of one export have in common; a quoted head of another phone differs in it."""

    family: str
    separator: str
    year_first: bool
    clock: str
    seconds: bool
    twelve_hours: bool
    word: str
    """A word beside the time that is in no table, else empty."""


class Head(NamedTuple):
    """One head, read but for the order of its date."""

    shape: Shape
    numbers: Numbers
    written: str
    hour: int
    minute: int
    second: int


def split_head(line: str) -> tuple[str, str, str] | None:
    """Family, text of date and time, and the rest of a line that may begin a message. Cheap: most lines end here."""
    first = line[:1]
    if first in MARKS and first:
        line = line.lstrip(MARKS)
        first = line[:1]
    if first == "[":
        end = line.find("]", 8, _LONGEST)
        if end < 0:
            return None
        rest = line[end + 1 :]
        return "ios", line[1:end], rest[1:] if rest[:1] == " " else rest
    if not first.isdigit():
        return None
    end = line.find(" - ", 8, _LONGEST)
    if end < 0:
        end = line.find(" – ", 8, _LONGEST)
    if end > 0:
        return "android", line[:end], line[end + 3 :]
    if line.rstrip("\r\n").endswith(" -"):
        return "android", line.rstrip("\r\n")[:-2], ""
    old = _OLD_IOS.match(line)
    return ("old_ios", old[1], line[old.end() :]) if old else None


class DateText(NamedTuple):
    """The date of a head and the words behind it."""

    numbers: Numbers
    separator: str
    year_first: bool
    between: str
    afternoon: bool | None
    unknown: str


class TimeText(NamedTuple):
    """The time of a head and the words behind it."""

    hour: int
    minute: int
    second: int | None
    clock: str
    afternoon: bool | None
    unknown: str


class HeadReader:
    """Finds the heads of messages. Dates and times recur, so each text is read once and remembered for a while."""

    def __init__(self) -> None:
        self._dates: dict[str, DateText | None] = {}
        self._times: dict[str, TimeText | None] = {}

    def read(self, line: str) -> tuple[Head, str] | None:
        """Head and rest of a line that begins a message; None for any other line."""
        parts = split_head(line)
        if parts is None:
            return None
        family, text, rest = parts
        head = self._head(family, text)
        return (head, rest) if head else None

    def _head(self, family: str, text: str) -> Head | None:
        plain = text if text.isascii() else text.translate(_PLAIN)
        at = plain.find(":")
        if at > 0:
            at -= 2 if plain[at - 2 : at - 1].isdigit() else 1
        elif found := _CLOCK.search(plain):
            at = found.start()
        else:
            return None
        before, behind = plain[:at], plain[at:]
        # Both caches are asked here first: this runs twice for every message of a file.
        day = self._dates.get(before) or self._date(before)
        moment = self._times.get(behind) or self._time(behind)
        if day is None or moment is None:
            return _time_first(family, plain.strip())
        return _joined(family, plain, day, moment)

    def _date(self, text: str) -> DateText | None:
        try:
            return self._dates[text]
        except KeyError:
            if len(self._dates) >= _REMEMBERED:
                self._dates.clear()
            read = self._dates[text] = _read_date(text)
            return read

    def _time(self, text: str) -> TimeText | None:
        try:
            return self._times[text]
        except KeyError:
            if len(self._times) >= _REMEMBERED:
                self._times.clear()
            read = self._times[text] = _read_time(text)
            return read


def _read_date(text: str) -> DateText | None:
    found = _DATE.fullmatch(text.lstrip())
    if found is None:
        return None
    first, separator, second, third, between = found.groups()
    afternoon, unknown = _day_part(between)
    short = len(third) <= _SHORT_YEAR
    year_first = len(first) > _SHORT_YEAR or (short and any(map(between.__contains__, _YEAR_FIRST)))
    return DateText((int(first), int(second), int(third)), separator, year_first, between, afternoon, unknown)


def _read_time(text: str) -> TimeText | None:
    found = _TIME.fullmatch(text.rstrip())
    if found is None:
        return None
    hour, clock, minute, second, behind = found.groups()
    if int(hour) > _LAST_HOUR or int(minute) > _LAST_MINUTE or int(second or 0) > _LAST_MINUTE:
        return None
    afternoon, unknown = _day_part(behind)
    return TimeText(int(hour), int(minute), None if second is None else int(second), clock, afternoon, unknown)


def _time_first(family: str, plain: str) -> Head | None:
    """`21:05, 31/1/2024`, as text copied from the browser has it."""
    time_text, comma, date_text = plain.partition(", ")
    day, moment = _read_date(date_text + " "), _read_time(time_text)
    return _joined(family, plain, day, moment) if comma and day and moment else None


def _joined(family: str, plain: str, day: DateText, moment: TimeText) -> Head:
    afternoon = day.afternoon if moment.afternoon is None else moment.afternoon
    shape = Shape(
        family,
        day.separator,
        day.year_first,
        moment.clock,
        moment.second is not None,
        afternoon is not None,
        day.unknown or moment.unknown,
    )
    hour = moment.hour if afternoon is None else _hours(moment.hour, day.between, afternoon=afternoon)
    return Head(shape, day.numbers, plain, hour, moment.minute, moment.second or 0)


def _day_part(words: str) -> tuple[bool | None, str]:
    """Whether words beside a time say afternoon, morning or nothing; and one of them that nobody knows."""
    bare = words.strip(" ,.-")
    afternoon: bool | None = None
    unknown = ""
    if not bare:
        return None, ""
    for part in [bare] if _key(bare) in _AFTER_NOON else bare.replace(",", " ").split():
        known = _AFTER_NOON.get(_key(part), "unknown")
        if known == "unknown":
            unknown = part
        elif isinstance(known, bool):
            afternoon = known
    return afternoon, unknown


def _hours(hour: int, between: str, *, afternoon: bool) -> int:
    """The hour of the day, 0..23; some phones write half-day words beside 24-hour times, which stay as they are."""
    if hour > _NOON or (hour == _NOON - 1 and _AROUND_NOON in between):
        return hour
    return hour % _NOON + (_NOON if afternoon else 0)


def is_cut_off(line: str) -> bool:
    """Whether an export's last line is the beginning of a head and nothing else."""
    plain = line.translate(_PLAIN).strip()
    return 0 < len(plain) < _LONGEST and _CUT_OFF.fullmatch(plain) is not None
