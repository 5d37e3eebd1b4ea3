"""The estimator: takes in texts, outcomes and declarations, and answers who is the right one for a task.

Here stand the promises of `CapabilityEstimator` and when it fits. How a model comes about is in `fitting.py`, how it
becomes chances in `chances.py`, what is stored of the past in `evidence.py`, why a person was named in `reasons.py`.
What is known is a frozen value that is replaced whole, so an estimate in one thread never sees half of what another
thread teaches.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from folkmoot.skills import fitting
from folkmoot.skills.chances import Known, weigh
from folkmoot.skills.errors import InvalidEvidenceError
from folkmoot.skills.evidence import Ledger
from folkmoot.skills.features import content_features, document, own_word_features, question
from folkmoot.skills.fitting import Fitted, day_of, settled
from folkmoot.skills.model import Declared, Estimate, Evidence, TaskText
from folkmoot.skills.reasons import Grounds, reasons_for

_SINGLY = 32  # later texts that are taken in one by one; of more at once a new fit is cheaper


class CapabilityEstimator:
    """Who is the right one for a task, learned from consented texts and outcomes; see the module.

    `own_words` says that tasks are worded by whoever does them, as in a commit history: then case, punctuation and
    shape of a text are read too. All methods block; call them in a thread. The answer is a function of the evidence and
    declarations held, whatever the portions in which they came.
    """

    def __init__(self, *, own_words: bool = False) -> None:
        self._view = own_word_features if own_words else content_features
        self._lock = threading.Lock()  # held for moments
        self._fitting = threading.Lock()  # held as long as a fit takes
        self._ledger = Ledger()
        self._known = Known(fitted=None, declared={}, texts={})
        self._stale = False  # the ledger holds what was not fitted yet
        self._changes = 0
        self._losses = 0  # changes that took something out: what was fitted before them must not be kept
        self.fits = 0  # how often everything was fitted anew

    def fit(self, evidence: Sequence[Evidence], declared: Sequence[Declared] = ()) -> None:
        """Begin anew with exactly this. Raises `InvalidEvidenceError` and changes nothing if a text is unusable."""
        fresh = Ledger()
        fresh.put(evidence)
        fresh.declare(declared)
        with self._lock:
            self._ledger = fresh
            self._lose()
        self._current()

    def learn(self, evidence: Sequence[Evidence]) -> None:
        """Add texts and outcomes; a known id is replaced.

        A few texts later than all others are taken in at once, in milliseconds each; anything else is fitted when the
        next estimate is asked for, once for however many calls. Raises `InvalidEvidenceError` and changes nothing if a
        text is unusable.
        """
        with self._lock:
            last = self._ledger.last()
            known = len(self._ledger)
            fresh = self._ledger.put(evidence)
            if not fresh:
                return
            self._changes += 1
            fitted = self._known.fitted
            appended = len(self._ledger) - known == len(fresh) and last is not None
            if self._stale or not appended or len(fresh) > _SINGLY or fitted is None:
                self._stale = True
                return
            fresh.sort(key=lambda item: item.at)
            if (last is not None and fresh[0].at < last) or settled(len(self._ledger)) != fitted.settled:
                self._stale = True
                return
            useful = [item for item in fresh if item.weight]
            for item in useful:
                fitted = _extended(fitted, item)
            self._known = replace(self._known, fitted=fitted, texts=_texts(useful, self._known.texts))

    def forget(self, person: str) -> None:
        """Drop everything of a person: afterwards this equals an estimator that never saw them."""
        with self._lock:
            if self._ledger.drop(person):
                self._lose()
            else:
                self._known = replace(self._known, declared=self._ledger.declarations())

    def declare(self, declared: Sequence[Declared]) -> None:
        """Add or replace what is declared of these people; who left is taken out by `withdraw` or `forget`."""
        with self._lock:
            self._ledger.declare(declared)
            self._known = replace(self._known, declared=self._ledger.declarations())

    def withdraw(self, person: str) -> None:
        """Take back what is declared of a person; their texts stay."""
        with self._lock:
            self._ledger.withdraw(person)
            self._known = replace(self._known, declared=self._ledger.declarations())

    def people(self) -> tuple[str, ...]:
        """Everyone of whom there is a text or a declaration, sorted."""
        with self._lock:
            written = {item.person for item in self._ledger.ordered() if item.weight > 0}
            return tuple(sorted({*written, *self._ledger.declarations()}))

    def estimate(
        self, task: TaskText, people: Sequence[str], *, at: datetime, with_reasons: bool = True
    ) -> list[Estimate]:
        """Everyone asked about, most probable first; equal ones by name.

        The chances over `people` and "none of these" sum to 1. `with_reasons=False` spares most of the time.
        """
        if at.tzinfo is None:
            raise InvalidEvidenceError("the time of an estimate has no zone: give it one, UTC if in doubt")
        asked = list(dict.fromkeys(people))
        if not asked:
            return []
        known = self._current()
        doc, fitted = question(task), known.fitted
        row = None if fitted is None else fitted.weighing.row(doc)
        likeness = None if fitted is None or row is None else fitted.process.likeness(row)
        weighed = weigh(known, task, asked, day_of(at), likeness)
        order = sorted(range(len(asked)), key=lambda k: (-weighed.chances[k], asked[k]))
        grounds = None
        if with_reasons:
            grounds = Grounds(
                fitted=fitted, index=known.index, task=task, doc=doc, likeness=likeness, at=at, declared=known.declared
            )
        return [
            Estimate(
                person=asked[k],
                probability=float(weighed.chances[k]),
                rank=place,
                basis=known.basis(asked[k]),
                support=float(weighed.support[k]),
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

    def _lose(self) -> None:
        """Let go of all that was fitted; the caller holds the lock."""
        self._known = Known(fitted=None, declared=self._ledger.declarations(), texts={})
        self._stale = True
        self._changes += 1
        self._losses += 1

    def _current(self) -> Known:
        """All that was learned before this call, fitted; waits for the fit or makes it."""
        if (known := self._fresh()) is not None:
            return known
        with self._fitting:
            while (known := self._fresh()) is None:
                with self._lock:
                    changes, losses = self._changes, self._losses
                    ordered = [item for item in self._ledger.ordered() if item.weight]
                fitted = fitting.fit(ordered, self._view)
                with self._lock:
                    self.fits += 1
                    if losses == self._losses:
                        declared = self._ledger.declarations()
                        self._known = Known(fitted=fitted, declared=declared, texts=_texts(ordered))
                        self._stale = changes != self._changes
                        return self._known
            return known

    def _fresh(self) -> Known | None:
        with self._lock:
            return None if self._stale else self._known


def _texts(evidence: Sequence[Evidence], before: Mapping[str, int] | None = None) -> dict[str, int]:
    found = dict(before or {})
    for item in evidence:
        if item.weight > 0:
            found[item.person] = found.get(item.person, 0) + 1
    return found


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
