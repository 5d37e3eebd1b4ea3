"""How much money a few typed words mean: `50000-80000`, `$50k`, `10.000 €`, `under 5k`, `2k a month`. Pure.

Amounts are compared in euros by coarse, fixed rates: they only rank leads, nobody is billed by them.
"""

# ruff: noqa: E501  # a table of phrases reads better in long lines

import re
from dataclasses import dataclass
from typing import Final, Literal

_NUMBER: Final = re.compile(
    r"(?<![\w.])(?P<whole>\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?!\d)|\d{1,12})(?:[.,](?P<part>\d{1,2})(?!\d))?"
    r"\s*(?P<unit>k|tsd\.?|tausend|thousand|mille|mil|m|mio\.?|mn|million(?:en|es|s)?|millones|lakh)?(?![a-z])",
    re.IGNORECASE,
)
_UNITS: Final = {"k": 1e3, "tsd": 1e3, "tausend": 1e3, "thousand": 1e3, "mille": 1e3, "mil": 1e3, "lakh": 1e5}
_MILLION: Final = 1e6
_SIGNS: Final = (
    ("EUR", ("€", "eur")),
    ("GBP", ("£", "gbp", "pound")),
    ("CHF", ("chf", "fr.", "franken")),
    ("PLN", ("zł", "pln")),
    ("SEK", ("sek",)),
    ("INR", ("₹", "inr")),
    ("JPY", ("¥", "jpy")),
    ("CAD", ("cad", "ca$", "c$")),
    ("AUD", ("aud", "a$")),
    ("USD", ("$", "usd", "dollar")),
)
_IN_EUROS: Final = {
    "EUR": 1.0, "USD": 0.9, "GBP": 1.15, "CHF": 1.05, "PLN": 0.23, "SEK": 0.09, "INR": 0.01, "JPY": 0.006,
    "CAD": 0.65, "AUD": 0.6,
}  # fmt: skip
_AT_MOST: Final = re.compile(
    r"\b(?:under|below|less than|up to|max(?:imum)?|at most|no more than|unter|bis(?: zu)?|höchstens|weniger als|"
    r"moins de|jusqu|menos de|hasta)\b|<|≤",
    re.IGNORECASE,
)
_AT_LEAST: Final = re.compile(
    r"\b(?:over|above|more than|at least|from|min(?:imum)?|starting|ab|mindestens|über|mehr als|plus de|más de)\b|>|≥|\+",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"\b(?:no budget|zero|nothing|free|for free|kein(?:e|es)? budget|kostenlos|gratis|sin presupuesto|pas de budget)\b",
    re.IGNORECASE,
)
_MONTHLY: Final = re.compile(
    r"(?:/|\bper |\ba |\beach |\bpro |\bim |\bpar |\bal )\s*(?:month|mo\b|monat|mois|mes\b)|\bmonthly\b|\bmonatlich\b|\bmensual",
    re.IGNORECASE,
)
_LARGEST: Final = 1e9
_YEAR: Final = 12
_OPEN_END: Final = 1.5
_UNDER: Final = 0.4  # below a bound, so much of it is taken for the least


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What was said of money. `low` and `high` are in `currency`; both None when no amount was said."""

    low: float | None = None
    high: float | None = None
    currency: str = "EUR"
    period: Literal["once", "year"] = "once"

    @property
    def known(self) -> bool:
        return self.high is not None

    @property
    def euros(self) -> float:
        """One amount that stands for the range; grows with either end, 0 when nothing is known."""
        if self.low is None or self.high is None:
            return 0.0
        return (self.low + self.high) / 2 * _IN_EUROS[self.currency]


def read_budget(text: str | None) -> Budget:
    """The budget in some words; unknown when they hold no amount."""
    said = (text or "").strip()
    if not said:
        return Budget()
    amounts = _amounts(said)
    if not amounts:
        return Budget(low=0.0, high=0.0, currency=_currency(said)) if _NOTHING.search(said) else Budget()
    low, high = min(amounts), max(amounts)
    if len(amounts) == 1:
        if _AT_MOST.search(said):
            low = high * _UNDER
        elif _AT_LEAST.search(said):
            high = low * _OPEN_END
    monthly = _MONTHLY.search(said) is not None
    times = _YEAR if monthly else 1
    return Budget(
        low=min(low * times, _LARGEST),
        high=min(high * times, _LARGEST),
        currency=_currency(said),
        period="year" if monthly else "once",
    )


def _amounts(said: str) -> list[float]:
    """The first two amounts. `5-10k` means thousands on both sides."""
    found: list[tuple[float, float]] = []
    for match in _NUMBER.finditer(said):
        whole = float(re.sub(r"\D", "", match["whole"]))
        if match["part"]:
            whole += float(f"0.{match['part']}")
        unit = (match["unit"] or "").casefold().rstrip(".")
        found.append((whole, _UNITS.get(unit, _MILLION if unit else 1.0)))
        if len(found) == 2:  # noqa: PLR2004  # a range has two ends
            break
    if len(found) == 2 and found[0][1] == 1.0 and found[1][1] > 1.0 and found[0][0] <= found[1][0]:  # noqa: PLR2004  # see above
        found[0] = (found[0][0], found[1][1])
    return [min(number * unit, _LARGEST) for number, unit in found]


def _currency(said: str) -> str:
    lower = said.casefold()
    return next((name for name, signs in _SIGNS if any(sign in lower for sign in signs)), "EUR")
