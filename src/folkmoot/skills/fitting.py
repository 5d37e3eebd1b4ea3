"""From ordered evidence to a fitted model, a function of the evidence alone.

What is tuned (rarity of words, drift, weights) is tuned on the first `settled(n)` texts, a step function of their
number. So a model that took its texts one by one equals one that got them all at once, and one that forgot a person
equals one that never saw the person. Nothing here is chosen by looking at a history's future.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from folkmoot.skills import habits
from folkmoot.skills.features import Document, Floats, Rows, Weighing, count, document
from folkmoot.skills.model import Evidence
from folkmoot.skills.process import Base, Drift, Ints, Process, base_of, factored, foresee
from folkmoot.skills.stacking import fit_weights

CAP = 4000  # texts factored at once: time grows with the cube, memory with the square of it
STEP = 1000  # at most so many texts are taken in singly before everything is fitted anew
_FIRST, _GROWTH = 64, 1.25
_TRIAL = 1000  # youngest texts on which kinds of drift are compared
_ASKED = 800  # past texts from which weights are learned
_SURE = 0.05  # the least certainty of a weak sign

_STEADY: tuple[tuple[float, float], ...] = ((1.0, 0.0),)
_WORDS = (_STEADY, ((0.5, 0.0), (0.5, 300.0)), ((0.4, 0.0), (0.3, 60.0), (0.3, 1000.0)))
_LEVELS = (
    ((0.05, 0.0),),
    ((0.05, 0.0), (0.1, 30.0), (0.1, 200.0)),
    ((0.05, 0.0), (0.1, 7.0), (0.1, 60.0), (0.1, 1000.0)),
)
_NOISES = (0.15, 0.3, 0.6)
BEGIN = Drift(words=_WORDS[1], level=_LEVELS[1], noise=_NOISES[1])
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fitted:
    """Everything an estimate needs; replaced whole, never changed."""

    people: tuple[str, ...]  # columns, in order of their first text
    evidence: tuple[Evidence, ...]  # what the rows are, in order of time
    days: Floats  # (n,)
    done: Floats  # (n, people): what each text counts for whom in habits
    weighing: Weighing
    process: Process
    weights: Floats  # (1 + spans,)
    path_weights: Floats | None  # (2 + spans,) where the past has labels
    pace: float
    settled: int  # texts that tuning has seen


def day_of(moment: datetime) -> float:
    """Days since 2000, the estimator's measure of time."""
    return (moment - _EPOCH).total_seconds() / 86_400.0


def settled(number: int) -> int:
    """The largest step at or below `number`: steps grow by a quarter, by a thousand at most."""
    if number < _FIRST:
        return number
    step = _FIRST
    while True:
        following = min(int(step * _GROWTH), step + STEP)
        if following > number:
            return step
        step = following


def chosen(evidence: Sequence[Evidence], upto: int) -> list[Evidence]:
    """What is factored: all, or of a great many the youngest of each person and an even sample of the rest."""
    if upto <= CAP:
        return list(evidence)
    by_person: dict[str, list[int]] = {}
    for place in range(upto):
        by_person.setdefault(evidence[place].person, []).append(place)
    room = max(1, CAP // (2 * len(by_person)))
    kept = {place for places in by_person.values() for place in places[-room:]}
    rest = [place for place in range(upto) if place not in kept]
    wanted = max(0, CAP - len(kept))
    kept.update(rest[int(k * len(rest) / wanted)] for k in range(min(wanted, len(rest))))
    young = sorted(kept)[-CAP:]
    return [evidence[place] for place in young] + list(evidence[upto:])


def fit(evidence: Sequence[Evidence], view: Callable[[Document], list[str]]) -> Fitted | None:
    """Fit to evidence in order of time; None where there is nothing to fit."""
    upto = settled(len(evidence))
    kept = chosen(evidence, upto)
    if not kept:
        return None
    tuned = len(kept) - (len(evidence) - upto)
    people = tuple(dict.fromkeys(item.person for item in kept))
    counts = count(view, [document(item) for item in kept])
    weighing = Weighing.learned(view, counts[:tuned])
    rows = weighing.weigh(counts)
    days = np.array([day_of(item.at) for item in kept])
    marks, done, certainty = outcomes(kept, people)
    drift = _best_drift(rows[:tuned], days[:tuned], marks[:tuned], certainty[:tuned])
    process = factored(drift, rows, days, marks, certainty)
    pace = habits.pace(days[:tuned])
    signals, right, worth = _asked(process.base, days, done, pace, tuned)
    weights, _ = fit_weights(signals, right, worth)
    return Fitted(
        people=people,
        evidence=tuple(kept),
        days=days,
        done=done,
        weighing=weighing,
        process=process,
        weights=weights,
        path_weights=_path_weights(kept, process.base, days, done, pace, tuned),
        pace=pace,
        settled=upto,
    )


def outcomes(evidence: Sequence[Evidence], people: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Targets (n, people), counts for habits (n, people), certainty (n,)."""
    column = {person: k for k, person in enumerate(people)}
    marks = np.zeros((len(evidence), len(people)))
    certainty = np.ones(len(evidence))
    for row, item in enumerate(evidence):
        marks[row, column[item.person]] = 1.0 if item.weight > 0 else -1.0
        certainty[row] = min(1.0, max(_SURE, abs(item.weight)))
    return marks, np.maximum(marks, 0.0) * certainty[:, None], certainty


def questions(tuned: int, done: Floats) -> tuple[Ints, Ints, Floats]:
    """Which past texts to ask about, knowing how many, and what each question is worth.

    Each is asked twice: at once (everything before it known) and from a distance (an earlier cut), as an estimator
    that is fed outcomes and one that is left alone will be asked.
    """
    whom = np.flatnonzero(done[:tuned].sum(axis=1) > 0)
    whom = whom[whom >= tuned // 2]
    if len(whom) > _ASKED:
        whom = whom[np.linspace(0, len(whom) - 1, _ASKED).astype(np.int64)]
    rows, known, worth = [whom], [whom], [np.ones(len(whom))]
    for cut in (0.5, 0.65, 0.8):
        upto = int(tuned * cut)
        far = whom[whom >= upto]
        rows.append(far)
        known.append(np.full(len(far), upto))
        worth.append(np.full(len(far), 1 / 3))
    return np.concatenate(rows), np.concatenate(known), np.concatenate(worth)


def _asked(base: Base, days: Floats, done: Floats, pace: float, tuned: int) -> tuple[Floats, Ints, Floats]:
    rows, known, worth = questions(tuned, done)
    rows, known, worth = rows[known > 0], known[known > 0], worth[known > 0]
    scores = foresee(base, rows, known)
    lately = habits.lately(done, days, pace, days[rows], known)
    return np.concatenate([scores[:, :, None], lately], axis=2), done[rows].argmax(axis=1), worth


def _path_weights(
    evidence: Sequence[Evidence], base: Base, days: Floats, done: Floats, pace: float, tuned: int
) -> Floats | None:
    """Weights with labels as one more signal, from past texts that have labels; None where too few have."""
    marked = np.array([bool(item.labels) for item in evidence])
    if marked[:tuned].sum() < max(_FIRST, tuned // 4):
        return None
    signals, right, worth = _asked(base, days, done, pace, tuned)
    rows, known, _ = questions(tuned, done)
    rows, known = rows[known > 0], known[known > 0]
    labels = habits.places([item.labels for item in evidence])
    alike = (labels[rows] @ labels.T).toarray()
    alike *= np.arange(len(evidence))[None, :] < known[:, None]
    there = habits.where(alike, done)
    chosen_rows = marked[rows]
    weights, _ = fit_weights(
        np.concatenate([signals, there[:, :, None]], axis=2)[chosen_rows], right[chosen_rows], worth[chosen_rows]
    )
    return weights


def _best_drift(rows: Rows, days: Floats, marks: Floats, certainty: Floats) -> Drift:
    """The drift whose foresight on the youngest texts is best: first over words, then of levels, then the noise."""
    from_ = max(0, len(days) - _TRIAL)
    rows, days, marks, certainty = rows[from_:], days[from_:], marks[from_:], certainty[from_:]
    done = np.maximum(marks, 0.0)
    asked, known, worth = questions(len(days), done)
    asked, known, worth = asked[known > 0], known[known > 0], worth[known > 0]
    if len(asked) < _FIRST or marks.shape[1] < 2:  # noqa: PLR2004  # one person alone cannot be told from another
        return BEGIN
    likeness = (rows @ rows.T).toarray()
    right = done[asked].argmax(axis=1)
    losses: dict[Drift, float] = {}

    def loss(drift: Drift) -> float:
        if drift not in losses:
            base = base_of(drift, likeness.copy(), rows, days, marks, certainty)
            losses[drift] = fit_weights(foresee(base, asked, known)[:, :, None], right, worth)[1]
        return losses[drift]

    best = BEGIN
    for tried in (
        [Drift(words, BEGIN.level, BEGIN.noise) for words in _WORDS],
        [Drift(BEGIN.words, level, BEGIN.noise) for level in _LEVELS],
        [Drift(BEGIN.words, BEGIN.level, noise) for noise in _NOISES],
    ):
        found = min(tried, key=loss)
        best = Drift(
            words=found.words if found.words != BEGIN.words else best.words,
            level=found.level if found.level != BEGIN.level else best.level,
            noise=found.noise if found.noise != BEGIN.noise else best.noise,
        )
    return min((best, BEGIN), key=loss)
