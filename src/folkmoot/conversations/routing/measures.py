"""How good routing was: accuracy in scope, recall out of scope, ranking of the two, and whether chances are honest."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

BINS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One prediction beside what was right; `gold` None: out of scope, as `agent` None says."""

    agent: str | None
    gold: str | None
    confidence: float
    in_scope_confidence: float
    ms: float
    unclear: bool
    asked: bool = False

    @property
    def right(self) -> bool:
        return self.agent == self.gold


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Predictions of about the same stated confidence, and how many of them were right."""

    low: float
    high: float
    count: int
    stated: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Shares 0..1 unless named otherwise; None where no such message was there.

    `balanced`: the mean of `accuracy` (in scope, as decided) and `oos_recall`. `auroc`: of `in_scope_confidence`.
    `ece`: expected calibration error over ten equal bins. `unclear`: the share that a language model would be asked
    about, `asked` the share it was.
    """

    messages: int
    in_scope: int
    accuracy: float | None
    oos_recall: float | None
    balanced: float | None
    auroc: float | None
    ece: float
    ms_mean: float
    ms_p95: float
    unclear: float
    asked: float
    bins: tuple[Bin, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        return asdict(self)


def measure(judged: Sequence[Judged]) -> Measures:
    """Measure at least one prediction."""
    inside = [one for one in judged if one.gold is not None]
    outside = [one for one in judged if one.gold is None]
    accuracy = float(np.mean([one.right for one in inside])) if inside else None
    recall = float(np.mean([one.right for one in outside])) if outside else None
    times = np.array([one.ms for one in judged])
    bins = reliability([one.confidence for one in judged], [one.right for one in judged])
    return Measures(
        messages=len(judged),
        in_scope=len(inside),
        accuracy=accuracy,
        oos_recall=recall,
        balanced=None if accuracy is None or recall is None else (accuracy + recall) / 2,
        auroc=auroc([one.in_scope_confidence for one in inside], [one.in_scope_confidence for one in outside]),
        ece=sum(one.count * abs(one.stated - one.right) for one in bins) / len(judged),
        ms_mean=float(times.mean()),
        ms_p95=float(np.percentile(times, 95)),
        unclear=float(np.mean([one.unclear for one in judged])),
        asked=float(np.mean([one.asked for one in judged])),
        bins=bins,
    )


def reliability(stated: Sequence[float], right: Sequence[bool]) -> tuple[Bin, ...]:
    """Ten bins of equal width; empty ones are left out."""
    chances, rights = np.asarray(stated, dtype=np.float64), np.asarray(right, dtype=np.float64)
    place = np.clip((chances * BINS).astype(np.int64), 0, BINS - 1)
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            count=int((place == number).sum()),
            stated=float(chances[place == number].mean()),
            right=float(rights[place == number].mean()),
        )
        for number in range(BINS)
        if (place == number).any()
    )


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float | None:
    """The chance that a message in scope has a higher value than one out of scope; ties count half."""
    if not inside or not outside:
        return None
    from scipy.stats import rankdata  # noqa: PLC0415  # a quarter of a second

    ranks = rankdata([*inside, *outside])
    count = len(inside)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(outside)))
