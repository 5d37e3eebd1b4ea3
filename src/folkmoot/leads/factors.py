"""From a lead to five factors: budget, timeline, fit, intent, completeness, each 0..1 with its reason in words. Pure.

`low` and `high` say what the words would allow somebody who reads better than we do; what was not said at all leaves
more room than what was.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from folkmoot.leads.model import LeadData
from folkmoot.leads.money import Budget, read_budget
from folkmoot.leads.services import Match, Offer, match_services
from folkmoot.leads.signals import SHORT, Signals, read_signals
from folkmoot.leads.timing import Timeline, read_timeline

FactorName = Literal["budget", "timeline", "fit", "intent", "completeness"]
_SMALL, _LARGE = 500.0, 100_000.0  # euros at which a budget counts nothing, and all
_NEUTRAL: Final = 0.35
_FREEMAIL: Final = (
    *("freemail.", "gmail.", "googlemail.", "outlook.", "hotmail.", "yahoo.", "icloud.", "gmx.", "web.de", "mail."),
    *("proton", "aol.", "live.", "t-online.", "yandex.", "qq.com", "163.com"),
)
_MONEY: Final = re.compile(r"[^.!?;\n]*\b(?:budget|presupuesto)\b[^!?;\n]{0,60}", re.IGNORECASE)
_TIME: Final = re.compile(
    r"\b(?:live|launch\w*|ready|deadline|start\w*|open\w*|within|before|until|bis) [^.!?;\n]{0,40}", re.IGNORECASE
)
_UNWANTED: Final = {
    "selling": "the message offers something instead of asking for it",
    "applying": "the message applies for work",
}
_LOW_VALUE, _HIGH_VALUE = 0.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything that was read out of a lead. `values` are the factors' 0..1; `flags` are 0 or 1 beside them."""

    values: Mapping[FactorName, float]
    bounds: Mapping[FactorName, tuple[float, float]]
    reasons: Mapping[FactorName, str]
    known: Mapping[FactorName, bool]
    unwanted: str
    budget: Budget
    timeline: Timeline
    signals: Signals
    matches: tuple[Match, ...]
    unknown_services: tuple[str, ...]
    confidence: float


def read_lead(data: LeadData, offers: Sequence[Offer], *, today: date) -> Reading:
    """The factors of a lead, for a team with these offers, on this day."""
    signals = read_signals(data.message)
    budget, timeline = read_budget(data.budget_range), read_timeline(data.timeline, today=today)
    # What the form's own field left open may stand in the message.
    if not (data.budget_range or "").strip():
        budget = read_budget(" ".join(_MONEY.findall(signals.heard)))
    if not (data.timeline or "").strip():
        timeline = read_timeline(" ".join(_TIME.findall(signals.heard)), today=today)
    matches, unknown = match_services(data.services_interested, signals.heard, offers)
    business = _is_business(data)
    parts: dict[FactorName, tuple[float, tuple[float, float], str, bool]] = {
        "budget": _budget(budget),
        "timeline": _timeline(timeline),
        "fit": _fit(matches, unknown, data, offers),
        "intent": _intent(signals),
        "completeness": _completeness(data, signals, business=business),
    }
    knowledge = (
        0.25 * budget.known
        + 0.2 * timeline.known
        + 0.15 * bool(data.services_interested)
        + 0.3 * min(1.0, signals.words / 25)
        + 0.1 * business
    )
    if signals.unwanted:
        knowledge = max(knowledge, 0.7)  # such messages are plain, whatever else they leave out
    return Reading(
        values={name: one[0] for name, one in parts.items()},
        bounds={name: one[1] for name, one in parts.items()},
        reasons={name: one[2] for name, one in parts.items()},
        known={name: one[3] for name, one in parts.items()},
        unwanted=signals.unwanted,
        budget=budget,
        timeline=timeline,
        signals=signals,
        matches=tuple(matches),
        unknown_services=tuple(unknown),
        confidence=round(min(0.95, 0.1 + 0.85 * knowledge), 3),
    )


def budget_value(euros: float) -> float:
    """How much an amount counts: nothing up to 500 €, all from 100,000 €, by its size in between; never falls."""
    if euros <= _SMALL:
        return _LOW_VALUE
    return min(_HIGH_VALUE, math.log(euros / _SMALL) / math.log(_LARGE / _SMALL))


def _budget(budget: Budget) -> tuple[float, tuple[float, float], str, bool]:
    if not budget.known or budget.low is None or budget.high is None:
        return _NEUTRAL, (0.1, 0.7), "no budget was named", False
    value = budget_value(budget.euros)
    amount = _range(budget.low, budget.high, budget.currency)
    per = " a year" if budget.period == "year" else ""
    if budget.high == 0:
        return value, (0.0, 0.05), "there is no money for it", True
    size = "large" if value > 0.75 else "middling" if value > 0.4 else "small"  # noqa: PLR2004  # thirds of the scale
    return value, _around(value, 0.05), f"a {size} budget of {amount}{per}", True


def _timeline(timeline: Timeline) -> tuple[float, tuple[float, float], str, bool]:
    if timeline.months is None:
        return _NEUTRAL, (0.1, 0.7), "no time was named", False
    if timeline.vague:
        return 0.05, (0.0, 0.2), "there is no fixed time", True
    value = 1.0 / (1.0 + (timeline.months / 9.0) ** 1.5)
    said = "at once" if timeline.months < 1 else f"in about {timeline.months:.0f} months"
    return value, _around(value, 0.1), f"wanted {said}", True


def _fit(
    matches: Sequence[Match], unknown: Sequence[str], data: LeadData, offers: Sequence[Offer]
) -> tuple[float, tuple[float, float], str, bool]:
    if not offers:
        return _NEUTRAL, (0.2, 0.6), "this team names no services to compare with", False
    if not matches:
        if data.services_interested:
            return 0.05, (0.0, 0.3), f"nobody here offers {', '.join(unknown[:3])}", True
        return 0.15, (0.0, 0.6), "it names no service of ours", False
    best = matches[0]
    value = min(1.0, best.strength * 0.85 + 0.08 * min(2, len(matches) - 1)) - 0.1 * min(2, len(unknown))
    named = ", ".join(one.offer.title for one in matches[:3])
    return max(0.05, value), _around(value, 0.15), f"it meets {named}: {best.reason}", True


def _intent(signals: Signals) -> tuple[float, tuple[float, float], str, bool]:
    value = 0.22 + 0.17 * len(signals.buying) + 0.08 * min(3, signals.concrete) - 0.3 * min(2, signals.looking)
    if signals.words < SHORT:
        value -= 0.12
    if signals.unwanted:
        return 0.0, (0.0, 0.05), _UNWANTED[signals.unwanted], True
    value = max(0.0, min(1.0, value))
    reasons = list(signals.buying)
    if signals.concrete:
        reasons.append(f"{signals.concrete} figure{'s' if signals.concrete > 1 else ''}")
    if signals.looking:
        reasons.append("speaks like somebody who looks around")
    if signals.orders:
        reasons.append("tries to tell its reader how to judge it, which was left out")
    said = "; ".join(reasons) or ("says too little to tell" if signals.words < SHORT else "no sign either way")
    low, high = _around(value, 0.2)
    # Who gives orders to the reader gets nothing by them, from a reader that obeys either.
    return value, (low, value if signals.orders else high), said, signals.words >= SHORT


def _completeness(data: LeadData, signals: Signals, *, business: bool) -> tuple[float, tuple[float, float], str, bool]:
    given = {
        "company": bool(data.company),
        "phone": bool(data.phone),
        "business address": business,
        "budget": bool(data.budget_range),
        "timeline": bool(data.timeline),
        "services": bool(data.services_interested),
        "a full message": signals.words >= 12,  # noqa: PLR2004  # two short sentences
    }
    missing = [name for name, there in given.items() if not there]
    value = 1 - len(missing) / len(given)
    said = "everything is filled in" if not missing else f"missing: {', '.join(missing)}"
    return value, (value, value), said, True


def _is_business(data: LeadData) -> bool:
    domain = data.email.rpartition("@")[2].casefold()
    return bool(data.company) and not domain.startswith(_FREEMAIL)


def _around(value: float, by: float) -> tuple[float, float]:
    return max(0.0, value - by), min(1.0, value + by)


def _range(low: float, high: float, currency: str) -> str:
    return f"{low:,.0f} to {high:,.0f} {currency}" if low != high else f"{high:,.0f} {currency}"
