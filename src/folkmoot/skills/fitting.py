"""From ordered evidence to a fitted model, a function of the evidence alone.

What is tuned (rarity of words, drift, weights) is tuned on the first `settled(n)` texts, a step function of their
number. So a model that took its texts one by one equals one that got them all at once, and one that forgot a person
equals one that never saw the person. Nothing here is chosen by looking at a history's future.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from folkmoot.skills import habits
from folkmoot.skills.features import Document, Floats, Weighing, count, document
from folkmoot.skills.model import Evidence
from folkmoot.skills.process import Base, Drift, Ints, Process, base_of, foresee
from folkmoot.skills.stacking import fit_weights, softmax

CAP = 4000  # texts factored at once: time grows with the cube, memory with the square of it
STEP = 1000  # at most so many texts are taken in singly before everything is fitted anew
_FIRST, _GROWTH = 8, 1.25
_FEW = 64  # questions and labelled texts below which nothing is tuned by them
_TRIAL = 1000  # youngest texts on which kinds of drift are compared
_ASKED = 800  # past texts from which weights are learned
_PLAIN = 2.0  # standard errors by which another drift must foresee better than the usual one
_NEVER = 1e-12
_SURE = 0.05  # the least certainty of a weak sign

# No team stands still, so a world without drift is not among the choices.
_WORDS = (((0.5, 0.0), (0.5, 300.0)), ((0.4, 0.0), (0.3, 60.0), (0.3, 1000.0)))
_LEVELS = (
    ((0.05, 0.0), (0.1, 30.0), (0.1, 200.0)),
    ((0.05, 0.0), (0.1, 7.0), (0.1, 60.0), (0.1, 1000.0)),
)
_NOISES = (0.15, 0.3, 0.6)
BEGIN = Drift(words=_WORDS[0], level=_LEVELS[0], noise=_NOISES[1])
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
    likeness = (rows @ rows.T).toarray()
    drift = _best_drift(likeness, days[:tuned], marks[:tuned], certainty[:tuned])
    process = Process(drift=drift, base=base_of(drift, likeness, rows, days, marks, certainty))
    pace = habits.pace(days[:tuned])
    past = _past(process.base, days, done, pace, tuned)
    weights, _ = fit_weights(past.signals, past.right, past.worth)
    return Fitted(
        people=people,
        evidence=tuple(kept),
        days=days,
        done=done,
        weighing=weighing,
        process=process,
        weights=weights,
        path_weights=_path_weights(kept, done, past, tuned),
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
    rows_, known_, worth_ = np.concatenate(rows), np.concatenate(known), np.concatenate(worth)
    possible = known_ > 0
    return rows_[possible], known_[possible], worth_[possible]


@dataclass(frozen=True)
class _Past:
    """Questions about the past and what was known: parallel by question."""

    rows: Ints
    known: Ints
    worth: Floats
    signals: Floats  # (questions, people, signals)
    right: Ints


def _past(base: Base, days: Floats, done: Floats, pace: float, tuned: int) -> _Past:
    rows, known, worth = questions(tuned, done)
    scores = foresee(base, rows, known)
    lately = habits.lately(done, days, pace, days[rows], known)
    return _Past(
        rows=rows,
        known=known,
        worth=worth,
        signals=np.concatenate([scores[:, :, None], lately], axis=2),
        right=done[rows].argmax(axis=1),
    )


def _path_weights(evidence: Sequence[Evidence], done: Floats, past: _Past, tuned: int) -> Floats | None:
    """Weights with labels as one more signal, from past texts that have labels; None where too few have."""
    marked = np.array([bool(item.labels) for item in evidence])
    if marked[:tuned].sum() < max(_FEW, tuned // 4):
        return None
    asked = marked[past.rows]
    rows, known = past.rows[asked], past.known[asked]
    labels = habits.places([item.labels for item in evidence])
    alike = (labels[rows] @ labels.T).toarray()
    alike *= np.arange(len(evidence))[None, :] < known[:, None]
    there = habits.where(alike, done)
    weights, _ = fit_weights(
        np.concatenate([past.signals[asked], there[:, :, None]], axis=2), past.right[asked], past.worth[asked]
    )
    return weights


def _best_drift(likeness: Floats, days: Floats, marks: Floats, certainty: Floats) -> Drift:
    """The drift whose foresight on the youngest texts is best: over words, of levels and the noise, each by itself."""
    young = slice(max(0, len(days) - _TRIAL), len(days))
    likeness, days, marks, certainty = likeness[young, young], days[young], marks[young], certainty[young]
    done = np.maximum(marks, 0.0)
    asked, known, worth = questions(len(days), done)
    if len(asked) < _FEW or marks.shape[1] < 2:  # noqa: PLR2004  # one person alone cannot be told from another
        return BEGIN
    right = done[asked].argmax(axis=1)

    def losses(drift: Drift) -> Floats:
        base = base_of(drift, likeness.copy(), None, days, marks, certainty)
        signals = foresee(base, asked, known)[:, :, None]
        weights, _ = fit_weights(signals, right, worth)
        chance, _ = softmax(signals @ weights)
        return np.asarray(-np.log(np.maximum(chance[np.arange(len(right)), right], _NEVER)))

    usual = losses(BEGIN)
    share = worth / worth.sum()
    effective = 1.0 / float(share @ share)

    def gain(drift: Drift) -> float:
        """By how many standard errors a drift foresees better than the usual one, question by question."""
        saved = usual - losses(drift)
        mean = float(share @ saved)
        spread = math.sqrt(float(share @ (saved - mean) ** 2) / effective)
        return mean / spread if spread > 0 else 0.0

    def better(tried: list[Drift]) -> Drift:
        gains = [(gain(drift), drift) for drift in tried]
        most, drift = max(gains, key=lambda pair: pair[0])
        return drift if most > _PLAIN else BEGIN

    return Drift(
        words=better([replace(BEGIN, words=words) for words in _WORDS if words != BEGIN.words]).words,
        level=better([replace(BEGIN, level=level) for level in _LEVELS if level != BEGIN.level]).level,
        noise=better([replace(BEGIN, noise=noise) for noise in _NOISES if noise != BEGIN.noise]).noise,
    )
