"""How good a ranking of people was, with 95 % intervals: the figures of a backtest, ours and every baseline's alike.

Pure arithmetic over rankings and who it really was. Shares (top-1, top-3) have Wilson's interval; MRR and macro
accuracy have a percentile bootstrap over items, seeded, so that the same predictions always print the same figures.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Z = 1.959964  # two-sided 95 % of the normal distribution
_RESAMPLES = 1000
_BATCH = 100  # resamples held in memory at once


@dataclass(frozen=True)
class Figure:
    """A share or mean 0..1 and its 95 % interval."""

    value: float
    low: float
    high: float

    def shown(self, *, percent: bool = True) -> str:
        """`56.2 [51.8, 60.5]`, or `0.71 [0.68, 0.74]` where percent says nothing."""
        if percent:
            return f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Measures:
    """The four figures of one way of ranking."""

    top1: Figure
    top3: Figure
    mrr: Figure
    macro: Figure  # mean over people of the share of their own items on which they stood first

    def figures(self) -> tuple[Figure, Figure, Figure, Figure]:
        return self.top1, self.top3, self.mrr, self.macro

    def as_json(self) -> dict[str, float | dict[str, list[float]]]:
        """The values by name, and under `interval` the bounds of each."""
        named = {"top1": self.top1, "top3": self.top3, "mrr": self.mrr, "macro": self.macro}
        return {
            **{name: figure.value for name, figure in named.items()},
            "interval": {name: [figure.low, figure.high] for name, figure in named.items()},
        }


def measure(rankings: Sequence[Sequence[str]], gold: Sequence[str], *, seed: int = 0) -> Measures:
    """Figures of `rankings` (best first), item by item beside who did it. Who is not ranked counts as missed.

    Raises `ValueError` if there are no items, or not one ranking per item.
    """
    if not gold or len(rankings) != len(gold):
        raise ValueError(f"{len(rankings)} rankings for {len(gold)} items: one each, and at least one, is needed")
    places = np.array([_place(ranking, doer) for ranking, doer in zip(rankings, gold, strict=True)])
    names = sorted(set(gold))
    doers = np.array([names.index(doer) for doer in gold])
    hits = (places == 1).astype(np.float64)
    back = np.where(places > 0, 1.0 / np.maximum(places, 1), 0.0)
    mrr, macro = _resampled(back, hits, doers, len(names), seed)
    return Measures(
        top1=wilson(int(hits.sum()), len(gold)),
        top3=wilson(int(((places > 0) & (places <= 3)).sum()), len(gold)),  # noqa: PLR2004  # the 3 of top-3
        mrr=Figure(float(back.mean()), *mrr),
        macro=Figure(float(np.mean([hits[doers == k].mean() for k in range(len(names))])), *macro),
    )


def wilson(hits: int, number: int) -> Figure:
    """A share with Wilson's score interval."""
    share, square = hits / number, _Z * _Z
    middle = (share + square / (2 * number)) / (1 + square / number)
    half = _Z * math.sqrt(share * (1 - share) / number + square / (4 * number * number)) / (1 + square / number)
    return Figure(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def calibration_error(chances: Sequence[Mapping[str, float]], gold: Sequence[str], *, bins: int = 10) -> float:
    """Expected calibration error of the first-ranked person's chance, over bins of equal width: 0 is perfect."""
    best = [max(chance, key=lambda person: (chance[person], person)) for chance in chances]
    sure = np.array([chance[person] for chance, person in zip(chances, best, strict=True)])
    right = np.array([person == doer for person, doer in zip(best, gold, strict=True)], dtype=np.float64)
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    return float(
        sum(
            (bin_of == k).mean() * abs(sure[bin_of == k].mean() - right[bin_of == k].mean())
            for k in range(bins)
            if (bin_of == k).any()
        )
    )


def _place(ranking: Sequence[str], doer: str) -> int:
    return ranking.index(doer) + 1 if doer in ranking else 0


def _resampled(
    back: NDArray[np.float64], hits: NDArray[np.float64], doers: NDArray[np.int64], people: int, seed: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    rng = np.random.default_rng(seed)
    own = np.eye(people)[doers]
    mrr: list[float] = []
    macro: list[float] = []
    for _ in range(_RESAMPLES // _BATCH):
        drawn = rng.multinomial(len(back), np.full(len(back), 1 / len(back)), size=_BATCH).astype(np.float64)
        mrr.extend(drawn @ back / len(back))
        theirs = drawn @ own
        recall = (drawn * hits) @ own / np.maximum(theirs, 1.0)
        macro.extend(recall.sum(axis=1) / (theirs > 0).sum(axis=1))
    return _bounds(mrr), _bounds(macro)


def _bounds(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
