"""The head of a line that begins a WhatsApp message: date and time as a phone's locale writes them, any of them.

Android writes `DATE, TIME - `, iOS `[DATE, TIME] `, old iOS `DATE, TIME: `, and text copied from the browser
`[TIME, DATE] `. Nothing is known here about names and texts.
"""

import re
from datetime import datetime, time
from typing import NamedTuple

from folkmoot.twins.importers.dates import Numbers, to_date
from folkmoot.twins.importers.record import DateOrder

MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Invisible marks of direction. U+200D and U+200C are none: they join emoji and shape words."""
_ODD_SPACES = "\u00a0\u202f\u2009\u2007\u3000"
_PLAIN = str.maketrans({**dict.fromkeys(MARKS), **dict.fromkeys(_ODD_SPACES, " "), "،": ",", "年": "/", "月": "/",
                        "日": " ", "년": "/", "월": "/", "일": " ", "／": "/", "：": ":"})  # fmt: skip
_LONGEST = 64
_DATE = r"(\d{1,4})\s?([/.-])\s?(\d{1,2})\s?\2\s?(\d{1,4})"
_TIME = r"(\d{1,2})\s?([:.]|h)\s?(\d{2})(?:\s?(?:[:.]|min)\s?(\d{2}))?"
_DATE_FIRST = re.compile(rf"{_DATE}([^\d]{{1,24}}){_TIME}([^\d]{{0,20}})")
_TIME_FIRST = re.compile(rf"{_TIME}([^\d]{{1,24}}){_DATE}()")
_OLD_IOS = re.compile(r"([^\s:]{6,16},?[^\d:]{1,12}\d{1,2}[:.]\d{2}[:.]\d{2}[^\d:]{0,8}): ")
_CUT_OFF = re.compile(
    r"\[?\d{1,4}[/.\-]\s?\d{0,2}([/.\-]\s?\d{0,4}[.,\s]{0,3}[\d:.]{0,8}\s?[apm.\s]{0,6}\]?( -?)?)?", re.IGNORECASE
)

_MORNING = """am ص ق.ظ ق.م 오전 上午 午前 凌晨 清晨 早上 öö πμ fm ap de dop дп пр.об priešpiet priekšp पूर्वाह्न म.पू
    முற்பகல் ก่อนเที่ยง לפנה״צ לפנה"צ sa pg e_paradites paradites ጥዋት පෙ.ව"""
_EVENING = """pm م ب.ظ ب.م 오후 下午 午後 中午 晚上 ös μμ em ip du odp pop пп сл.об popiet pēcp अपराह्न म.उ பிற்பகல்
    หลังเที่ยง אחה״צ אחה"צ ch ptg e_pasdites pasdites ከሰዓት ප.ව"""
_NEITHER = """à klo às as um ob at saat kl om la las a_las u a o v в alle ore de_las uhr uur ч н น hs hrs h г be พ.ศ ce ad
    lúc tại la_ora den i pukul jam kell godz pada"""


def _key(word: str) -> str:
    """`p. m.`, `P.M.` and `pm` are one word."""
    return "".join(word.split()).replace(".", "").replace("_", "").casefold()


_AFTER_NOON: dict[str, bool | None] = {
    **{_key(word): None for word in _NEITHER.split()},
    **{_key(word): False for word in _MORNING.split()},
    **{_key(word): True for word in _EVENING.split()},
}
_MIDNIGHT_WORDS = frozenset({"中午"})


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

    def moment(self, order: DateOrder) -> datetime | None:
        """Local time without a zone; None if there is no such day."""
        day = to_date(self.numbers, order)
        return None if day is None else datetime.combine(day, time(self.hour, self.minute, self.second))  # noqa: DTZ001,RUF100 - exports hold local times; the zone is added by the reader


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


def read_head(family: str, text: str) -> Head | None:
    """Date and time of a head; None if the text is something else."""
    plain = (text if text.isascii() else text.translate(_PLAIN)).strip()
    found = _DATE_FIRST.fullmatch(plain)
    if found:
        first, separator, second, third, between, hour, clock, minute, sec, behind = found.groups()
    else:
        found = _TIME_FIRST.fullmatch(plain)
        if found is None:
            return None
        hour, clock, minute, sec, behind, first, separator, second, third, between = found.groups()
    afternoon, unknown = _day_part(between, behind)
    hours = _hours(int(hour), afternoon, between)
    if hours is None or int(minute) > 59 or int(sec or 0) > 59:  # noqa: PLR2004 - minutes and seconds of a clock
        return None
    shape = Shape(family, separator, len(first) > 2, clock, sec is not None, afternoon is not None, unknown)  # noqa: PLR2004 - a long year
    return Head(shape, (int(first), int(second), int(third)), plain, hours, int(minute), int(sec or 0))


def _day_part(between: str, behind: str) -> tuple[bool | None, str]:
    """Whether the words around the time say afternoon, morning or nothing; and a word that nobody knows."""
    afternoon: bool | None = None
    unknown = ""
    for words in (between, behind):
        bare = words.strip(" ,.-")
        if not bare:
            continue
        parts = [bare] if _key(bare) in _AFTER_NOON else bare.replace(",", " ").split()
        for part in parts:
            known = _AFTER_NOON.get(_key(part.strip(",")), "unknown")
            if known == "unknown":
                unknown = part
            elif isinstance(known, bool):
                afternoon = known
    return afternoon, unknown


def _hours(hour: int, afternoon: bool | None, between: str) -> int | None:
    """The hour of the day, 0..23; some phones write 12-hour words after 24-hour times, which stay as they are."""
    if hour > 23:  # noqa: PLR2004 - hours of a day
        return None
    if afternoon is None or hour > 12:  # noqa: PLR2004 - no half-day hour
        return hour
    if any(word in between for word in _MIDNIGHT_WORDS) and hour == 11:  # noqa: PLR2004 - 中午 begins before twelve
        return hour
    return hour % 12 + (12 if afternoon else 0)


def is_cut_off(line: str) -> bool:
    """Whether an export's last line is the beginning of a head and nothing else."""
    plain = line.translate(_PLAIN).strip()
    return len(plain) < _LONGEST and _CUT_OFF.fullmatch(plain) is not None and len(plain) > 3  # noqa: PLR2004 - `[1/` proves nothing
