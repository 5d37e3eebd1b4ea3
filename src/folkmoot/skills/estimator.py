"""The estimator: takes in texts, outcomes and declarations, and answers who is the right one for a task.

Here stand the promises of `CapabilityEstimator`. How a model comes about is in `fitting.py`, what is stored of the past
in `evidence.py`, why a person was named in `reasons.py`. The fitted model is a frozen value that is replaced whole, so
an estimate in one thread never sees half of what another thread teaches.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from folkmoot.skills import declared as declarations
from folkmoot.skills import fitting, habits
from folkmoot.skills.errors import InvalidEvidenceError
from folkmoot.skills.evidence import Ledger
from folkmoot.skills.features import Floats, content_features, document, own_word_features, question
from folkmoot.skills.fitting import Fitted, day_of, settled
from folkmoot.skills.model import Basis, Declared, Estimate, Evidence, TaskText
from folkmoot.skills.reasons import Grounds, Index, reasons_for
from folkmoot.skills.stacking import FIRST, softmax

_DECLARED_WORTH = 0.6  # a full declaration weighs as much as a score of so much
_TEXTS_OUTWEIGH = 8.0  # after so many texts of a person, what is declared counts half


@dataclass(frozen=True)
class _State:
    """What one estimate works on."""

    fitted: Fitted | None
    declared: Mapping[str, Declared]
    texts: Mapping[str, int]  # how many texts speak for a person
    index: Index = field(default_factory=Index)


@dataclass(frozen=True)
class _Weighed:
    """One task against everyone asked, in their order."""

    chances: Floats
    scores: Floats
    strengths: Floats
    text_share: Floats
    lately_share: Floats
    declared_share: Floats


class CapabilityEstimator:
    """Who is the right one for a task, learned from consented texts and outcomes; see the module.

    `own_words` says that tasks are worded by whoever does them, as in a commit history: then case, punctuation and
    shape of a text are read too. All methods block; call them in a thread. The answer is a function of the evidence and
    declarations held, whatever the portions in which they came.
    """

    def __init__(self, *, own_words: bool = False) -> None:
        self._view = own_word_features if own_words else content_features
        self._lock = threading.Lock()
        self._ledger = Ledger()
        self._state = _State(fitted=None, declared={}, texts={})

    def fit(self, evidence: Sequence[Evidence], declared: Sequence[Declared] = ()) -> None:
        """Begin anew with exactly this. Raises `InvalidEvidenceError` and changes nothing if a text is unusable."""
        fresh = Ledger()
        fresh.put(evidence)
        fresh.declare(declared)
        with self._lock:
            self._ledger = fresh
            self._rebuild()

    def learn(self, evidence: Sequence[Evidence]) -> None:
        """Add texts and outcomes; a known id is replaced.

        A few texts later than all others cost milliseconds each; older ones, and every quarter more texts, a new fit.
        Raises `InvalidEvidenceError` and changes nothing if a text is unusable.
        """
        with self._lock:
            last = self._ledger.last()
            known = len(self._ledger)
            fresh = self._ledger.put(evidence)
            if not fresh:
                return
            fresh.sort(key=lambda item: item.at)
            fitted = self._state.fitted
            appended = len(self._ledger) - known == len(fresh) and last is not None and last <= fresh[0].at
            if fitted is None or not appended or settled(len(self._ledger)) != fitted.settled:
                self._rebuild()
                return
            useful = [item for item in fresh if item.weight]
            for item in useful:
                fitted = _extended(fitted, item)
            self._state = replace(self._state, fitted=fitted, texts=_texts(useful, self._state.texts))

    def forget(self, person: str) -> None:
        """Drop everything of a person: afterwards this equals an estimator that never saw them."""
        with self._lock:
            self._ledger.drop(person)
            self._rebuild()

    def declare(self, declared: Sequence[Declared]) -> None:
        """Add or replace what is declared of these people; who left is taken out by `withdraw` or `forget`."""
        with self._lock:
            self._ledger.declare(declared)
            self._state = replace(self._state, declared=self._ledger.declarations())

    def withdraw(self, person: str) -> None:
        """Take back what is declared of a person; their texts stay."""
        with self._lock:
            self._ledger.withdraw(person)
            self._state = replace(self._state, declared=self._ledger.declarations())

    def people(self) -> tuple[str, ...]:
        """Everyone of whom there is a text or a declaration, sorted."""
        state = self._state
        return tuple(sorted({*state.texts, *state.declared}))

    def estimate(
        self, task: TaskText, people: Sequence[str], *, at: datetime, with_reasons: bool = True
    ) -> list[Estimate]:
        """Everyone asked about, most probable first; equal ones by name.

        The chances over `people` and "none of these" sum to 1. `with_reasons=False` spares most of the time.
        """
        if at.tzinfo is None:
            raise InvalidEvidenceError("the time of an estimate has no zone: give it one, UTC if in doubt")
        state = self._state
        asked = list(dict.fromkeys(people))
        if not asked:
            return []
        doc = question(task)
        fitted = state.fitted
        row = None if fitted is None else fitted.weighing.row(doc)
        likeness = None if fitted is None or row is None else fitted.process.likeness(row)
        weighed = _weigh(state, task, asked, day_of(at), likeness)
        order = sorted(range(len(asked)), key=lambda k: (-weighed.chances[k], asked[k]))
        grounds = None
        if with_reasons:
            grounds = Grounds(
                fitted=fitted, index=state.index, task=task, doc=doc, likeness=likeness, at=at, declared=state.declared
            )
        return [
            Estimate(
                person=asked[k],
                probability=float(weighed.chances[k]),
                rank=place,
                basis=_basis(state, asked[k]),
                support=float(1.0 - (1.0 - weighed.scores[k]) * (1.0 - weighed.strengths[k])),
                reasons=()
                if grounds is None
                else reasons_for(
                    grounds,
                    asked[k],
                    text=float(weighed.text_share[k]),
                    lately=float(weighed.lately_share[k]),
                    declared=float(weighed.declared_share[k]),
                ),
            )
            for place, k in enumerate(order, 1)
        ]

    def _rebuild(self) -> None:
        ordered = [item for item in self._ledger.ordered() if item.weight]
        self._state = _State(
            fitted=fitting.fit(ordered, self._view),
            declared=self._ledger.declarations(),
            texts=_texts(ordered),
        )


def _texts(evidence: Sequence[Evidence], before: Mapping[str, int] | None = None) -> dict[str, int]:
    found = dict(before or {})
    for item in evidence:
        if item.weight > 0:
            found[item.person] = found.get(item.person, 0) + 1
    return found


def _basis(state: _State, person: str) -> Basis:
    if state.texts.get(person):
        return "texts"
    return "declared" if person in state.declared else "nothing"


def _extended(fitted: Fitted, item: Evidence) -> Fitted:
    """The model with one more text, later than all it has."""
    people = fitted.people if item.person in fitted.people else (*fitted.people, item.person)
    marks, done, certainty = fitting.outcomes([item], people)
    before = fitted.done
    if len(people) > before.shape[1]:
        before = np.hstack([before, np.zeros((len(before), 1))])
    day = day_of(item.at)
    row = fitted.weighing.row(document(item))
    return replace(
        fitted,
        people=people,
        evidence=(*fitted.evidence, item),
        days=np.append(fitted.days, day),
        done=np.vstack([before, done]),
        process=fitted.process.extended(row, day, marks[0], fitted.process.drift.noise / float(certainty[0])),
    )


def _weigh(state: _State, task: TaskText, asked: list[str], day: float, likeness: Floats | None) -> _Weighed:
    fitted = state.fitted
    words, usual, worth = np.zeros(len(asked)), np.zeros(len(asked)), FIRST
    if fitted is not None and likeness is not None:
        column = {person: k for k, person in enumerate(fitted.people)}
        seen = [(k, column[person]) for k, person in enumerate(asked) if state.texts.get(person) and person in column]
        if seen:
            here, there = np.array([k for k, _ in seen]), np.array([c for _, c in seen])
            weights, level = _usual(fitted, task, day)
            worth = float(weights[0])
            without = fitted.process.scores(np.zeros_like(likeness), day, len(fitted.people))
            words[here] = (fitted.process.scores(likeness, day, len(fitted.people)) - without)[there]
            level = level + worth * without
            usual[:] = level[there].mean()  # who is new is taken to be as active as the others
            usual[here] = level[there]
    strengths = np.array(
        [0.0 if (own := state.declared.get(person)) is None else declarations.strength(own, task) for person in asked]
    )
    texts = np.array([state.texts.get(person, 0) for person in asked])
    said = max(worth, FIRST) * _DECLARED_WORTH * strengths * _TEXTS_OUTWEIGH / (_TEXTS_OUTWEIGH + texts)
    nobody = float(usual.mean())
    chances, _ = softmax(np.append(worth * words + usual + said, nobody))
    gain = np.maximum(usual - nobody, 0.0)
    spoken = worth * np.maximum(words, 0.0)
    whole = np.maximum(spoken + gain + said, 1e-9)
    return _Weighed(
        chances=chances[:-1],
        scores=np.clip(words, 0.0, 1.0),
        strengths=strengths * _TEXTS_OUTWEIGH / (_TEXTS_OUTWEIGH + texts),
        text_share=spoken / whole,
        lately_share=gain / whole,
        declared_share=said / whole,
    )


def _usual(fitted: Fitted, task: TaskText, day: float) -> tuple[Floats, Floats]:
    """The weights for this task, and what speaks for each person before a word of it is read: shape (people,)."""
    known = np.array([len(fitted.days)])
    spans = habits.lately(fitted.done, fitted.days, fitted.pace, np.array([day]), known)[0]
    if not task.labels or fitted.path_weights is None:
        return fitted.weights, spans @ fitted.weights[1:]
    labels = habits.places([item.labels for item in fitted.evidence])
    there = habits.where((habits.places([task.labels]) @ labels.T).toarray(), fitted.done)[0]
    return fitted.path_weights, spans @ fitted.path_weights[1:-1] + there * fitted.path_weights[-1]
