r"""Simple ways of ranking people for a piece of work, to be measured beside ours: the bar of a backtest.

All see words only (`\w+`, single and in pairs, TF-IDF with damped counts) and the training part alone; `last_doer`
also learns each outcome after its item. Each returns one ranking of everybody in the training part per test item.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from folkmoot.skills.errors import EmptyHistoryError
from folkmoot.skills.features import Floats
from folkmoot.skills.history import HistoryItem

Ranking = tuple[str, ...]

NEIGHBOURS = 20
_WORD = r"\w+"
_HALF_LIFE_DAYS = 365.0  # of a text's weight in the logistic regression with recency


def baselines(
    train: Sequence[HistoryItem],
    test: Sequence[HistoryItem],
    *,
    gold: Mapping[str, str] | None = None,
    seed: int = 0,
) -> dict[str, list[Ranking]]:
    """Rankings per baseline: `random most_active tfidf_knn tfidf_logreg tfidf_logreg_recency tfidf_linear_svm`.

    With `gold` (item id → person) also `last_doer`. Raises `EmptyHistoryError` if nobody is named in `train`.
    """
    known = sorted((item for item in train if item.person), key=lambda item: (item.day, item.id))
    people = sorted({str(item.person) for item in known})
    if not people:
        raise EmptyHistoryError("the history names nobody who did a piece of work: check the person column")
    done = np.array([people.index(str(item.person)) for item in known])
    counts = np.bincount(done, minlength=len(people)).astype(np.float64)
    rng = np.random.default_rng(seed)
    scores: dict[str, Floats] = {
        "random": rng.random((len(test), len(people))),
        "most_active": np.tile(counts, (len(test), 1)),
        **_by_words(known, test, done, counts),
    }
    found = {name: [_ranked(people, row) for row in values] for name, values in scores.items()}
    if gold is not None:
        found["last_doer"] = _last_doer(people, [str(item.person) for item in known], test, gold)
    return found


def _by_words(
    known: Sequence[HistoryItem], test: Sequence[HistoryItem], done: Any, counts: Floats
) -> dict[str, Floats]:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # heavy: only a backtest pays for it
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # as above
    from sklearn.svm import LinearSVC  # noqa: PLC0415  # as above

    if not test:
        return {}
    reader = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD)
    try:
        rows = reader.fit_transform([f"{item.title}\n{item.text}" for item in known])
    except ValueError:  # not one word in the whole history: words cannot tell anybody apart
        flat = np.tile(counts, (len(test), 1))
        return dict.fromkeys(("tfidf_knn", "tfidf_logreg", "tfidf_logreg_recency", "tfidf_linear_svm"), flat)
    asked = reader.transform([f"{item.title}\n{item.text}" for item in test])
    if len(counts) == 1:
        one = np.ones((len(test), 1))
        return dict.fromkeys(("tfidf_knn", "tfidf_logreg", "tfidf_logreg_recency", "tfidf_linear_svm"), one)
    days = np.array([item.day for item in known])
    young = np.exp2((days - days.max()) / _HALF_LIFE_DAYS)
    young /= young.mean()
    return {
        "tfidf_knn": _neighbours((asked @ rows.T).toarray(), done, len(counts)),
        "tfidf_logreg": _fitted(lambda: LogisticRegression(C=10.0, max_iter=300), rows, done, asked),
        "tfidf_logreg_recency": _fitted(lambda: LogisticRegression(C=10.0, max_iter=300), rows, done, asked, young),
        "tfidf_linear_svm": _fitted(lambda: LinearSVC(C=1.0, random_state=0), rows, done, asked),
    }


def _fitted(make: Callable[[], Any], rows: Any, done: Any, asked: Any, weight: Floats | None = None) -> Floats:
    values = np.asarray(make().fit(rows, done, sample_weight=weight).decision_function(asked), dtype=np.float64)
    return np.column_stack([-values, values]) if values.ndim == 1 else values


def _neighbours(likeness: Floats, done: Any, people: int) -> Floats:
    found = np.zeros((len(likeness), people))
    for row, alike in enumerate(likeness):
        nearest = np.argsort(-alike, kind="stable")[:NEIGHBOURS]
        np.add.at(found[row], done[nearest], alike[nearest])
    return found


def _last_doer(
    people: list[str], doers: list[str], test: Sequence[HistoryItem], gold: Mapping[str, str]
) -> list[Ranking]:
    """Whoever did something last comes first, then who did before that."""
    order = list(dict.fromkeys([*reversed(doers), *people]))
    found: list[Ranking] = []
    for item in test:
        found.append(tuple(order))
        doer = gold[item.id]
        if doer in order:
            order.remove(doer)
            order.insert(0, doer)
    return found


def _ranked(people: list[str], scores: Floats) -> Ranking:
    return tuple(people[k] for k in np.argsort(-scores, kind="stable"))
