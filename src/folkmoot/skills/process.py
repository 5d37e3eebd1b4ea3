"""A regression that drifts with time and can be asked about any moment of its own past.

Who did a text is regressed on every earlier text (least squares with a kernel; a Gaussian process by another name). Two
texts are alike when their words are alike, and more so when they are close in time; each person also has a level of
activity that drifts. The factor of the kernel matrix, in order of time, has a property everything here leans on: its
leading block is the factor of the earlier texts alone. So what *would have been* predicted at each past moment, by what
was known then, costs one product: `foresee`. Weights and calibration are learned from such honest predictions
(`stacking.py`), and one more text costs one more row: `extended`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from folkmoot.skills.features import Floats, Rows

Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Drift:
    """How alike two texts are because of time alone: fading times are days, shares add up as they like."""

    words: tuple[tuple[float, float], ...]  # (share, fading time) of likeness by words; time 0 never fades
    level: tuple[tuple[float, float], ...]  # (share, fading time) of a person's level of activity
    noise: float  # how much of one text is chance

    def over_words(self, gap: Floats) -> Floats:
        return fade(self.words, gap)

    def over_level(self, gap: Floats) -> Floats:
        return fade(self.level, gap)


def fade(parts: Sequence[tuple[float, float]], gap: Floats) -> Floats:
    """A sum of exponentials of the absolute gap in days."""
    gap = np.abs(gap)
    total = np.full_like(gap, sum(share for share, days in parts if not days))
    part = np.empty_like(gap)
    for share, days in parts:
        if days:
            np.divide(gap, -days, out=part)
            np.exp(part, out=part)
            part *= share
            total += part
    return total


@dataclass(frozen=True)
class Base:
    """The factored texts. Arrays are never written to after they are made."""

    rows: Rows  # (n, columns)
    days: Floats  # (n,)
    factor: Floats  # (n, n) lower triangle, in columns' order for LAPACK
    targets: Floats  # (n, people): the factor solved for who did it
    alpha: Floats  # (n, people): what a kernel row is multiplied with for a score


@dataclass(frozen=True)
class Process:
    """`Base` and the texts that came after it, as further rows of the same factor."""

    drift: Drift
    base: Base
    rows: Rows | None = None  # (q, columns) later texts
    days: Floats | None = None  # (q,)
    reach: Floats | None = None  # (q, n): takes a kernel row of the base to the later rows
    factor: Floats | None = None  # (q, q) lower triangle
    targets: Floats | None = None  # (q, people)

    @property
    def later(self) -> int:
        return 0 if self.days is None else len(self.days)

    def likeness(self, row: Rows) -> Floats:
        """Likeness by words alone of one text to every text, in order of time: shape (n + q,)."""
        first = (self.base.rows @ row.T).toarray().ravel()
        if self.rows is None:
            return np.asarray(first)
        return np.concatenate([first, (self.rows @ row.T).toarray().ravel()])

    def scores(self, likeness: Floats, day: float, people: int) -> Floats:
        """About 0 for a person who has nothing to do with it, towards 1 for whoever surely did it: shape (people,)."""
        first, second = self._kernel(likeness, day)
        found = _wide(first @ self.base.alpha, people)
        if self.targets is not None and self.reach is not None and self.factor is not None:
            found = found + _wide(_solve(self.factor, second - self.reach @ first) @ self.targets, people)
        return found

    def extended(self, row: Rows, day: float, target: Floats, noise: float) -> "Process":
        """With one more text, not earlier than all others: `target` (people,) says who did it."""
        first, second = self._kernel(self.likeness(row), day)
        solved = _solve(self.base.factor, first)
        reach = _solve(self.base.factor, solved, transposed=True)
        own = float(fade(self.drift.words, np.zeros(1))[0] * row.multiply(row).sum())
        own += float(fade(self.drift.level, np.zeros(1))[0]) + noise
        q, people = self.later, len(target)
        corner = np.zeros(0)
        if self.reach is not None and self.factor is not None:
            corner = _solve(self.factor, second - self.reach @ first)
        last = math.sqrt(max(own - float(solved @ solved) - float(corner @ corner), 1e-12))
        factor = np.zeros((q + 1, q + 1), order="F")
        if self.factor is not None:
            factor[:q, :q] = self.factor
        factor[q, :q], factor[q, q] = corner, last
        before = np.zeros((0, people)) if self.targets is None else _wide(self.targets, people)
        value = (target - solved @ _wide(self.base.targets, people) - corner @ before) / last
        return replace(
            self,
            rows=row if self.rows is None else _stack(self.rows, row),
            days=np.append(self.days if self.days is not None else np.zeros(0), day),
            reach=np.vstack([self.reach, reach]) if self.reach is not None else reach[None, :],
            factor=factor,
            targets=np.vstack([before, value]),
        )

    def _kernel(self, likeness: Floats, day: float) -> tuple[Floats, Floats]:
        n = len(self.base.days)
        days = self.base.days if self.days is None else np.concatenate([self.base.days, self.days])
        gap = day - days
        row = likeness * self.drift.over_words(gap) + self.drift.over_level(gap)
        return row[:n], row[n:]


def base_of(drift: Drift, likeness: Floats, rows: Rows, days: Floats, targets: Floats, certainty: Floats) -> Base:
    """Factor all texts at once. `likeness` (n, n) by words is overwritten; `targets` (n, people) say who did each;
    `certainty` (n,) in (0, 1] lifts the noise of weak signs.
    """
    from scipy.linalg import cholesky  # noqa: PLC0415  # heavy: only who estimates pays for it

    gap = np.abs(days[:, None] - days[None, :])
    kernel = likeness
    kernel *= drift.over_words(gap)
    kernel += drift.over_level(gap)
    kernel[np.diag_indices(len(days))] += drift.noise / certainty
    factor = np.asfortranarray(cholesky(kernel, lower=True, check_finite=False, overwrite_a=True))
    solved = _solve(factor, targets)
    return Base(rows=rows, days=days, factor=factor, targets=solved, alpha=_solve(factor, solved, transposed=True))


def foresee(base: Base, rows: Ints, known: Ints) -> Floats:
    """For each text `rows[k]` the scores from the first `known[k]` texts alone: shape (len(rows), people)."""
    found = np.empty((len(rows), base.targets.shape[1]))
    order = np.argsort(known, kind="stable")
    edges = np.flatnonzero(np.diff(known[order], prepend=-1, append=-1))
    for start, end in pairwise(edges):
        part = order[start:end]
        upto = int(known[part[0]])
        found[part] = base.factor[rows[part], :upto] @ base.targets[:upto]
    return found


def _solve(factor: Floats, right: Floats, *, transposed: bool = False) -> Floats:
    from scipy.linalg import solve_triangular  # noqa: PLC0415  # heavy: only who estimates pays for it

    solved: Floats = solve_triangular(factor, right, lower=True, trans=1 if transposed else 0, check_finite=False)
    return solved


def _wide(values: Floats, people: int) -> Floats:
    """With a column of zeros for each person who came later."""
    missing = people - values.shape[-1]
    if not missing:
        return values
    return np.concatenate([values, np.zeros((*values.shape[:-1], missing))], axis=-1)


def _stack(above: Rows, below: Rows) -> Rows:
    from scipy.sparse import csr_array, vstack  # noqa: PLC0415  # heavy: only who estimates pays for it

    return csr_array(vstack([above, below], format="csr"))
