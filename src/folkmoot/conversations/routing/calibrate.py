"""From scores to chances: whether a message is for anybody here, whether the best agent is the right one, where the
line is.

Three logistic curves over the best score and its lead over the second, fitted to messages whose right answer is known
and that the classifier was not fitted to: those given for tuning, and the examples themselves, each scored by a fit
without it (`held_out.py`). The line is where a right answer and a message out of scope are equally likely for the same
score, whatever the share of either: it makes the mean of accuracy in scope and recall out of scope largest.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from folkmoot.conversations.routing.classifier import Table
from folkmoot.conversations.routing.features import Floats, Ints

OUT, WRONG, RIGHT = range(3)
# Slopes that HWU64 gave with three to twenty examples an agent: what few samples are drawn to.
PLAIN_SCOPE: Final = (2.4, 0.0)
PLAIN_RIGHT: Final = (1.0, 2.4)
PLAIN_LINE: Final = 0.45
_RIDGE: Final = 2.0
_MISSED: Final = 0.15
_STEPS: Final = 30
_ENOUGH: Final = 1e-8
_LARGEST: Final = 30.0


@dataclass(frozen=True)
class Samples:
    """Messages with known answers: best score, lead over the second, what the best agent was (OUT, WRONG, RIGHT)."""

    best: Floats
    lead: Floats
    outcome: Ints
    worth: Floats

    def __len__(self) -> int:
        return len(self.best)


@dataclass(frozen=True)
class Curve:
    """A logistic curve over (best, lead)."""

    bias: float
    best: float
    lead: float

    def __call__(self, best: float, lead: float) -> float:
        """The chance, 0..1."""
        return chance(self.bias + self.best * best + self.lead * lead)

    def all(self, best: Floats, lead: Floats) -> Floats:
        """The chances of many."""
        odds = self.bias + self.best * best + self.lead * lead
        chances: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -_LARGEST, _LARGEST)))
        return chances


@dataclass(frozen=True)
class Calibration:
    """What scores mean. `line`: the best score below which a message counts as out of scope."""

    line: float
    scope: Curve
    right: Curve

    def read(self, best: float, lead: float) -> tuple[float, float]:
        """(chance that the message is for anybody here, chance that the best agent is the right one)."""
        scope = self.scope(best, lead)
        return scope, scope * self.right(best, lead)


def chance(odds: float) -> float:
    """Log-odds as a chance."""
    return 1.0 / (1.0 + math.exp(-max(-_LARGEST, min(_LARGEST, odds))))


def best_and_lead(scores: Table) -> tuple[Ints, Floats, Floats]:
    """(texts,) each: the best agent, its score, and by how much it leads; with one agent alone it leads by nothing."""
    rows = np.arange(len(scores))
    best = scores.argmax(axis=1)
    top = scores[rows, best].astype(np.float64)
    if scores.shape[1] < 2:  # noqa: PLR2004  # there is no second
        return best, top, np.zeros(len(scores))
    others = scores.copy()
    others[rows, best] = -np.inf
    return best, top, top - others.max(axis=1)


def calibrate(samples: Samples) -> Calibration:
    """Fit the three curves; both kinds of message must be among the samples, or the prior curve stands."""
    inside = samples.outcome != OUT
    scope = _fit(samples.best, None, inside, samples.worth, usual=PLAIN_SCOPE)
    of_those = samples.outcome[inside] == RIGHT
    right = _fit(samples.best[inside], samples.lead[inside], of_those, samples.worth[inside], usual=PLAIN_RIGHT)
    return Calibration(line=_line(samples), scope=scope, right=right)


def assumed(samples: Samples | None) -> Calibration:
    """Curves where no message out of scope is known: most messages are taken to look like the ones that are for
    somebody here; the rest is as usual.
    """
    scope = Curve(bias=0.3, best=PLAIN_SCOPE[0], lead=0.0)
    line = PLAIN_LINE
    right = Curve(bias=-1.0, best=PLAIN_RIGHT[0], lead=PLAIN_RIGHT[1])
    if samples is None or not (samples.outcome != OUT).any():
        return Calibration(line=line, scope=scope, right=right)
    known = samples.outcome != OUT
    line = float(np.quantile(samples.best[known], _MISSED))
    of_those = samples.outcome[known] == RIGHT
    right = _fit(samples.best[known], samples.lead[known], of_those, samples.worth[known], usual=PLAIN_RIGHT)
    return Calibration(line=line, scope=Curve(bias=-line * PLAIN_SCOPE[0], best=PLAIN_SCOPE[0], lead=0.0), right=right)


def _line(samples: Samples) -> float:
    """The score at which a right answer and a message out of scope are equally likely."""
    decisive = samples.outcome != WRONG
    good = samples.outcome[decisive] == RIGHT
    worth = samples.worth[decisive].copy()
    if not good.any() or good.all():
        return float(samples.best.min() - 1.0) if good.any() else float("inf")
    inside = samples.worth[samples.outcome != OUT].sum()
    outside = samples.worth[samples.outcome == OUT].sum()
    worth[good] *= len(good) / 2 / inside
    worth[~good] *= len(good) / 2 / outside
    curve = _fit(samples.best[decisive], None, good, worth, usual=PLAIN_SCOPE)
    if curve.best <= 0:
        return float(samples.best.min() - 1.0)
    return -curve.bias / curve.best


def _fit(best: Floats, lead: Floats | None, answer: Ints, worth: Floats, *, usual: tuple[float, float]) -> Curve:
    """Logistic regression by Newton's method; slopes are drawn to the usual ones, the more the fewer samples say."""
    columns = [np.ones(len(best)), best] + ([lead] if lead is not None else [])
    seen = np.stack(columns, axis=1) if len(best) else np.zeros((0, len(columns)))
    # One made-up answer of each kind keeps the chance of what never happened from being nothing.
    middle = seen.mean(axis=0) if len(best) else np.eye(len(columns))[0]
    seen = np.vstack([seen, middle, middle])
    wanted = np.concatenate([answer.astype(np.float64), [1.0, 0.0]])
    weight = np.concatenate([worth, [0.5, 0.5]])
    held = np.array([0.0] + [_RIDGE] * (len(columns) - 1))
    towards = np.array([0.0, *usual])[: len(columns)]

    def loss(at: Floats) -> float:
        odds = seen @ at
        return float(weight @ (np.logaddexp(0.0, odds) - wanted * odds) + 0.5 * held @ (at - towards) ** 2)

    found, now = np.zeros(len(columns)), math.inf
    for _ in range(_STEPS):
        guess = 1.0 / (1.0 + np.exp(-np.clip(seen @ found, -_LARGEST, _LARGEST)))
        slope = seen.T @ (weight * (guess - wanted)) + held * (found - towards)
        bend = (seen * (weight * guess * (1 - guess))[:, None]).T @ seen + np.diag(held + _ENOUGH)
        step = np.linalg.solve(bend, slope)
        before, now = loss(found), math.inf
        for halved in range(_STEPS):  # the loss is convex: some part of the step makes it less
            now = loss(found - step / 2**halved)
            if now <= before:
                found = found - step / 2**halved
                break
        if before - now < _ENOUGH * (1.0 + abs(before)):
            break
    return Curve(bias=float(found[0]), best=float(found[1]), lead=float(found[2]) if lead is not None else 0.0)
