"""Dates of three numbers: which number is the day. Deduced where the file proves it, asked for where it does not.

What proves an order: the option; a four-digit year in front (year, month, day everywhere); dots or dashes between
the numbers (no locale writes the month first with them); a number above 12; an order under which time never runs
backwards while it does under the other. How often a number changes is a hint and no proof: it is said in the error.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from folkmoot.twins.importers.errors import AmbiguousDatesError, WrongDateOrderError
from folkmoot.twins.importers.record import DateOrder

Numbers = tuple[int, int, int]
_PROOF_SHARE = 10
_BUDDHIST = 543


def full_year(year: int) -> int | None:
    """The Gregorian year of a chat: `24` → 2024, `2567` and `67` (Buddhist) → 2024; None if it can be none."""
    if 0 <= year < 52:  # noqa: PLR2004 - 2552 of the Buddhist era is 2009, when such chats began
        return 2000 + year
    if year < 100:  # noqa: PLR2004 - two digits
        return 2500 + year - _BUDDHIST
    if 2500 <= year <= 2650:  # noqa: PLR2004 - the Buddhist era
        return year - _BUDDHIST
    return year if 1970 <= year <= 2107 else None  # noqa: PLR2004 - what a clock of our time can show


def to_date(numbers: Numbers, order: DateOrder) -> date | None:
    """The day that three numbers mean in an order; None if there is no such day."""
    first, second, third = numbers
    if order is DateOrder.DMY:
        day, month, year = first, second, third
    elif order is DateOrder.MDY:
        month, day, year = first, second, third
    else:
        year, month, day = first, second, third
    whole = full_year(year)
    if whole is None:
        return None
    try:
        return date(whole, month, day)
    except ValueError:
        return None


@dataclass(slots=True)
class DateEvidence:
    """What a file's dates, seen in their order, say about how to read them. Its size does not grow with the file."""

    separator: str = "/"
    count: int = 0
    readable: Counter[DateOrder] = field(default_factory=Counter)
    only: Counter[DateOrder] = field(default_factory=Counter)
    backwards: Counter[DateOrder] = field(default_factory=Counter)
    changes: list[int] = field(default_factory=lambda: [0, 0])
    year_first: bool = False
    example: str = ""
    example_line: int = 0
    refuted: dict[DateOrder, tuple[str, int]] = field(default_factory=dict)
    _last: Numbers | None = None
    _latest: dict[DateOrder, date] = field(default_factory=dict)

    def add(self, numbers: Numbers, written: str, line: int) -> None:
        """Take in the next date of the file; `written` is its text, for errors."""
        if numbers == self._last:
            return
        if self._last is not None:
            self.changes[0] += numbers[0] != self._last[0]
            self.changes[1] += numbers[1] != self._last[1]
        self._last = numbers
        self.count += 1
        self.year_first = self.year_first or numbers[0] > 99  # noqa: PLR2004 - more than two digits
        if not self.example or (numbers[0] != numbers[1] and self.example_line == 0):
            self.example, self.example_line = written, line if numbers[0] != numbers[1] else 0
        for one, other in ((DateOrder.DMY, DateOrder.MDY), (DateOrder.MDY, DateOrder.DMY)):
            self.only[one] += to_date(numbers, one) is not None and to_date(numbers, other) is None
        for order in DateOrder:
            day = to_date(numbers, order)
            if day is None:
                self.refuted.setdefault(order, (written, line))
                continue
            self.readable[order] += 1
            latest = self._latest.get(order)
            if latest is not None and day < latest:
                self.backwards[order] += 1
            self._latest[order] = day

    def decide(self, wanted: DateOrder | None, name: str) -> DateOrder:
        """The order of the whole file. Raises `AmbiguousDatesError` or `WrongDateOrderError`."""
        if self.year_first:
            return DateOrder.YMD
        if wanted is not None:
            return self._checked(wanted, name)
        proven = self._by_numbers() or self._by_separator() or self._by_time()
        if proven is None:
            raise self._ambiguous(name)
        return proven

    def _checked(self, wanted: DateOrder, name: str) -> DateOrder:
        others = max((self.readable[order] for order in DateOrder if order is not wanted), default=0)
        if self.readable[wanted] * 2 < others:
            written, line = self.refuted[wanted]
            raise WrongDateOrderError(
                f"{written!r} in line {line} of {name} is no date in the order {wanted.value}: "
                "give the other order, or leave it out",
                file=name,
                line=line,
                date_order=wanted.value,
            )
        return wanted

    def _by_numbers(self) -> DateOrder | None:
        """A number above 12 is no month."""
        dmy, mdy, ymd = (self.readable[order] for order in (DateOrder.DMY, DateOrder.MDY, DateOrder.YMD))
        if ymd > max(dmy, mdy):
            return DateOrder.YMD
        only_dmy, only_mdy = self.only[DateOrder.DMY], self.only[DateOrder.MDY]
        if dmy > mdy and only_dmy >= _PROOF_SHARE * only_mdy:
            return DateOrder.YMD if self._short_year_first() else DateOrder.DMY
        if mdy > dmy and only_mdy >= _PROOF_SHARE * only_dmy:
            return DateOrder.MDY
        return None

    def _short_year_first(self) -> bool:
        """`24.1.31` reads as a day in 2031 too; time then runs to and fro under the one reading only."""
        ymd = DateOrder.YMD
        return self.readable[ymd] == self.count and self.backwards[ymd] == 0 < self.backwards[DateOrder.DMY]

    def _by_separator(self) -> DateOrder | None:
        return DateOrder.DMY if self.separator in ".-" and self.readable[DateOrder.DMY] else None

    def _by_time(self) -> DateOrder | None:
        """Messages stand in the order of time."""
        if self._same_either_way():
            return DateOrder.DMY
        dmy, mdy = self.backwards[DateOrder.DMY], self.backwards[DateOrder.MDY]
        if (dmy == 0) == (mdy == 0):
            return None
        return DateOrder.DMY if dmy == 0 else DateOrder.MDY

    def _same_either_way(self) -> bool:
        """Every date has the same number for day and month (`05/05/2024`)."""
        return self.example_line == 0

    def _ambiguous(self, name: str) -> AmbiguousDatesError:
        daily, monthly = self.changes
        likely = DateOrder.DMY if daily > monthly else DateOrder.MDY if monthly > daily else None
        hint = f" (the file rather looks like {likely.value})" if likely else ""
        return AmbiguousDatesError(
            f"the date order of {name} is ambiguous: {self.example!r} in line {self.example_line} can be day first or "
            f"month first, and no date of the file tells which{hint}; say --date-order dmy or --date-order mdy",
            file=name,
            example=self.example,
            line=self.example_line,
            date_order=["dmy", "mdy"],
            likely=likely.value if likely else None,
        )
