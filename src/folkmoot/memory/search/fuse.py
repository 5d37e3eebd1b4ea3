"""One ranking from several: reciprocal rank fusion, which needs no scores that can be compared. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# How fast a place in a ranking loses worth; 60 is the usual constant, a smaller one trusts the first places more.
SMOOTHING: Final = 20


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much each ranking counts; `benchmarks/knowledge.py` measures them."""

    lexical: float = 1.0
    vectors: float = 1.0


def fused(
    lexical: Sequence[int], vectors: Sequence[int], *, weights: Weights | None = None, smoothing: int = SMOOTHING
) -> list[tuple[int, float]]:
    """What is in either ranking, the best first, with scores between 0 and 1: 1 is first in both."""
    by = weights or Weights()
    scores: dict[int, float] = {}
    for ranking, weight in ((lexical, by.lexical), (vectors, by.vectors)):
        for place, number in enumerate(ranking, start=1):
            scores[number] = scores.get(number, 0.0) + weight / (smoothing + place)
    best = (by.lexical + by.vectors) / (smoothing + 1)
    return sorted(((number, value / best) for number, value in scores.items()), key=lambda one: (-one[1], one[0]))
