"""The estimator itself."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from folkmoot.kernel import excerpt, words
from folkmoot.skills.evidence import Ledger
from folkmoot.skills.model import Basis, Declared, Estimate, Evidence, Reason, TaskText


@dataclass(frozen=True)
class _Fitted:
    vectorizer: Any
    model: Any
    people: tuple[str, ...]
    rows: Any
    evidence: tuple[Evidence, ...]
    declared: dict[str, Declared]


class CapabilityEstimator:
    """Learns who does what; see the module."""

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        self._ledger = Ledger()
        self._lock = threading.Lock()
        self._fitted: _Fitted | None = None
        self._stale = False

    def fit(self, evidence: Sequence[Evidence], declared: Sequence[Declared] = ()) -> None:
        with self._lock:
            fresh = Ledger()
            fresh.put(evidence)
            fresh.declare(declared)
            self._ledger = fresh
            self._fitted = self._build()

    def learn(self, evidence: Sequence[Evidence]) -> None:
        with self._lock:
            self._ledger.put(evidence)
            self._fitted = self._build()

    def forget(self, person: str) -> None:
        with self._lock:
            self._ledger.drop(person)
            self._fitted = self._build()

    def declare(self, declared: Sequence[Declared]) -> None:
        with self._lock:
            self._ledger.declare(declared)
            self._fitted = self._build()

    def estimate(
        self, task: TaskText, people: Sequence[str], *, at: datetime, with_reasons: bool = True
    ) -> list[Estimate]:
        fitted = self._fitted
        text = " ".join([task.title, task.text, " ".join(task.required_skills), " ".join(task.labels)])
        asked = list(dict.fromkeys(people))
        scores: dict[str, float] = {}
        basis: dict[str, Basis] = {}
        similar: Any = None
        known: dict[str, float] = {}
        if fitted is not None and fitted.people:
            row = fitted.vectorizer.transform([text])
            known = (
                dict(zip(fitted.people, fitted.model.predict_proba(row)[0], strict=True))
                if fitted.model
                else {fitted.people[0]: 1.0}
            )
            similar = (fitted.rows @ row.T).toarray().ravel()
        for person in asked:
            own = fitted.declared.get(person) if fitted else None
            match = _declared_match(own, text)
            if person in known:
                scores[person], basis[person] = float(known[person]) + 0.02 * match, "texts"
            elif own is not None:
                scores[person], basis[person] = 0.02 + 0.5 * match, "declared"
            else:
                scores[person], basis[person] = 0.02, "nothing"
        total = max(1.0, sum(scores.values()))
        ranked = sorted(asked, key=lambda person: (-scores[person], person))
        return [
            Estimate(
                person=person,
                probability=scores[person] / total,
                rank=index,
                basis=basis[person],
                reasons=self._reasons(fitted, person, text, similar) if with_reasons and fitted else (),
            )
            for index, person in enumerate(ranked, 1)
        ]

    def _build(self) -> _Fitted:
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        evidence = [item for item in self._ledger.ordered() if item.weight > 0]
        declared = {item.person: item for item in self._ledger.declarations()}
        people = tuple(sorted({item.person for item in evidence}))
        if not evidence:
            return _Fitted(None, None, (), None, (), declared)
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
        rows = vectorizer.fit_transform([f"{item.title} {item.text}" for item in evidence])
        model = None
        if len(people) > 1:
            model = LogisticRegression(C=10.0, max_iter=300)
            model.fit(rows, [item.person for item in evidence], sample_weight=[item.weight for item in evidence])
            people = tuple(model.classes_)
        return _Fitted(vectorizer, model, people, rows, tuple(evidence), declared)

    def _reasons(self, fitted: _Fitted, person: str, text: str, similar: Any) -> tuple[Reason, ...]:
        found: list[Reason] = []
        if similar is not None:
            own = [(float(similar[i]), item) for i, item in enumerate(fitted.evidence) if item.person == person]
            best = max(own, key=lambda pair: pair[0], default=None)
            if best is not None and best[0] > 0:
                item = best[1]
                found.append(
                    Reason(
                        kind="similar",
                        detail=excerpt(item.title or item.text),
                        evidence=(item.id,),
                        weight=min(1.0, best[0]),
                    )
                )
                asked = set(words(text))
                shared: dict[str, list[str]] = {}
                for _, one in own:
                    for word in asked & set(words(f"{one.title} {one.text}")):
                        shared.setdefault(word, []).append(one.id)
                for word in sorted(shared, key=lambda w: (len(shared[w]), w))[:3]:
                    if len(word) > 3:
                        found.append(Reason(kind="words", detail=word, evidence=tuple(shared[word][-5:]), weight=0.2))
        declared = fitted.declared.get(person)
        if declared and _declared_match(declared, text) > 0:
            hit = [name for name in declared.capabilities if set(words(name.replace("_", " "))) & set(words(text))]
            found.append(Reason(kind="declared", detail=", ".join(sorted(hit)), weight=_declared_match(declared, text)))
        return tuple(found)


def _declared_match(declared: Declared | None, text: str) -> float:
    if declared is None:
        return 0.0
    asked = set(words(text.replace("_", " ")))
    hits = [
        level
        for name, level in declared.capabilities.items()
        if set(words(name.replace("_", " "))) & asked and math.isfinite(level)
    ]
    return min(1.0, max(hits, default=0.0))
