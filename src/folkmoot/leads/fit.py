"""Fits the weights of `score.py` on the labelled leads beside this file, and measures them on those left out.

`python -m folkmoot.leads.fit` writes `weights.json`; a test fits them again and compares. Every third lead is left out
of the fit and used for the figures alone. The leads are invented, and so are their labels: they say what an
experienced colleague would call serious. A team with a history of its own fits on that instead.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np

from folkmoot.leads.factors import read_lead
from folkmoot.leads.model import LeadData
from folkmoot.leads.score import FLAGS, NAMES, Weights, features, score_of
from folkmoot.leads.services import Offer

TODAY: Final = date(2026, 1, 15)
EVERY: Final = 3  # every third is left out of the fit
_RIDGE: Final = 0.3  # on weights: few leads must not make a model sure of itself
_LEAST: Final = 1.0  # a factor's weight: so few leads cannot show that money or time do not matter
_BINS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A lead and whether it was serious."""

    data: LeadData
    serious: bool


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How good scores are: `auc` of a serious before another lead, Brier score, expected calibration error (0..1)."""

    leads: int
    auc: float
    brier: float
    calibration_error: float


def labelled() -> list[Labelled]:
    """The labelled leads, in the order of the file."""
    text = files("folkmoot.leads").joinpath("labelled.csv").read_text("utf-8")
    return [_read(row, number) for number, row in enumerate(csv.DictReader(io.StringIO(text)))]


def split(leads: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """What is fitted on, and what is left out."""
    kept = [one for place, one in enumerate(leads) if place // 2 % EVERY]
    return kept, [one for place, one in enumerate(leads) if not place // 2 % EVERY]


def fit(leads: Sequence[Labelled], offers: Sequence[Offer]) -> Weights:
    """The weights under which the labels are likeliest; every factor counts for a lead, every flag against it."""
    from scipy.optimize import minimize  # noqa: PLC0415  # only who fits needs it

    rows = [features(read_lead(one.data, offers, today=TODAY)) for one in leads]
    seen = np.array([[1.0, *values, *flags] for values, flags in rows])
    serious = np.array([one.serious for one in leads], dtype=float)
    free: tuple[float | None, float | None] = (None, None)
    limits = [free, *[(_LEAST, None)] * len(NAMES), *[(None, 0.0)] * len(FLAGS)]

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        odds = seen @ point
        missed = 1.0 / (1.0 + np.exp(-odds)) - serious
        value = float(np.sum(np.logaddexp(0.0, odds) - serious * odds) + _RIDGE / 2 * np.sum(point[1:] ** 2))
        slope = seen.T @ missed
        slope[1:] += _RIDGE * point[1:]
        return value, slope

    found = minimize(loss, np.zeros(seen.shape[1]), jac=True, bounds=limits, method="L-BFGS-B").x
    numbers = [round(float(one), 4) for one in found]
    return Weights(
        constant=numbers[0],
        factors=dict(zip(NAMES, numbers[1 : 1 + len(NAMES)], strict=True)),
        flags=dict(zip(FLAGS, numbers[1 + len(NAMES) :], strict=True)),
    )


def measure(leads: Sequence[Labelled], offers: Sequence[Offer], using: Weights | None = None) -> Figures:
    """The figures of a model on leads."""
    scores = np.array(
        [score_of(read_lead(one.data, offers, today=TODAY), using).score / 100 for one in leads], dtype=float
    )
    serious = np.array([one.serious for one in leads], dtype=float)
    good, bad = scores[serious == 1], scores[serious == 0]
    ahead = (good[:, None] > bad[None, :]).mean() + 0.5 * (good[:, None] == bad[None, :]).mean()
    place = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(scores[place == bin_].mean() - serious[place == bin_].mean()) * (place == bin_).mean()
        for bin_ in range(_BINS)
        if (place == bin_).any()
    ]
    return Figures(
        leads=len(leads),
        auc=round(float(ahead), 4),
        brier=round(float(np.mean((scores - serious) ** 2)), 4),
        calibration_error=round(float(sum(gaps)), 4),
    )


def _read(row: dict[str, str], number: int) -> Labelled:
    return Labelled(
        data=LeadData(
            name=f"Lead {number}",
            email=row["email"],
            company=row["company"] or None,
            phone="+49 30 5550100" if row["phone"] == "y" else None,
            message=row["message"],
            services_interested=tuple(filter(None, row["services"].split("|"))),
            budget_range=row["budget"] or None,
            timeline=row["timeline"] or None,
            source="labelled",
        ),
        serious=row["serious"] == "1",
    )


def write(offers: Sequence[Offer]) -> Path:
    """Fit on the leads that are for it, and keep the weights beside this file."""
    found = fit(split(labelled())[0], offers)
    path = Path(__file__).with_name("weights.json")
    kept = {"constant": found.constant, "factors": found.factors, "flags": found.flags}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return path
