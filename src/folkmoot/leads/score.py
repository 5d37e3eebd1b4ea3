"""From factors to a score from 0 to 100: a logistic model, fitted by `fit.py` on labelled leads. Pure.

The score is a calibrated chance: of the leads with 70, about 70 in 100 turn out to be serious. No weight of a factor is
negative, so a larger budget never lowers a score; an offer or an application in place of a request only lowers it.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, get_args

from folkmoot.leads.factors import FactorName, Reading
from folkmoot.leads.model import Factor, LeadScore, Priority

NAMES: Final[tuple[FactorName, ...]] = get_args(FactorName)
FLAGS: Final = ("unwanted",)
HIGH, MEDIUM = 70.0, 40.0


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What the fit found: the constant, a weight per factor, and one per flag."""

    constant: float
    factors: dict[str, float]
    flags: dict[str, float]


@cache
def weights() -> Weights:
    """The weights that come with the house."""
    kept = json.loads(files("folkmoot.leads").joinpath("weights.json").read_text("utf-8"))
    return Weights(constant=kept["constant"], factors=kept["factors"], flags=kept["flags"])


def features(reading: Reading) -> tuple[list[float], list[float]]:
    """What the model sees: the factors in the order of `NAMES`, middling where nothing was said, and the flags."""
    return [reading.values[name] for name in NAMES], [float(bool(reading.unwanted))]


def score_of(reading: Reading, using: Weights | None = None) -> LeadScore:
    """The score of a lead, with what each factor added to it."""
    used = using or weights()
    values, flags = features(reading)
    odds = used.constant + sum(used.flags[name] * flag for name, flag in zip(FLAGS, flags, strict=True))
    low = high = odds
    factors = []
    for name, value in zip(NAMES, values, strict=True):
        weight, (least, most) = used.factors[name], reading.bounds[name]
        odds += weight * value
        low += weight * least
        high += weight * most
        factors.append(
            Factor(
                name=name,
                value=round(value, 3),
                weight=round(weight, 3),
                points=round(weight * value, 3),
                explanation=reading.reasons[name],
                known=reading.known[name],
                low=round(least, 3),
                high=round(most, 3),
            )
        )
    score = chance(odds)
    return LeadScore(
        score=score,
        confidence=reading.confidence,
        priority=priority_of(score, reading),
        factors=tuple(factors),
        # Whoever tries to give orders to the reader is not heard beyond what the plain factors say.
        interval=(min(score, chance(low)), score if reading.signals.orders else max(score, chance(high))),
    )


def chance(log_odds: float) -> float:
    """0..100 from log-odds, to one digit."""
    return round(100.0 / (1.0 + math.exp(-max(-40.0, min(40.0, log_odds)))), 1)


def priority_of(score: float, reading: Reading) -> Priority:
    """High from 70, medium from 40; never high for what is no request."""
    if reading.unwanted:
        return Priority.LOW
    return Priority.HIGH if score >= HIGH else Priority.MEDIUM if score >= MEDIUM else Priority.LOW
