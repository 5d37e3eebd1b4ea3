"""Fit and predict time of the capability estimator, against bare TF-IDF + logistic regression on the same texts.

The texts are invented on the spot: 12 people, 1,500 texts of a dozen words from overlapping vocabularies.
"""

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from folkmoot.skills import CapabilityEstimator, Evidence, TaskText

PEOPLE, TEXTS, QUESTIONS = 12, 1500, 100


def run() -> dict[str, Any]:
    """Seconds and ratios; a ratio below 1 means quicker than the bare pipeline."""
    evidence = _texts()
    people = sorted({item.person for item in evidence})
    now = evidence[-1].at + timedelta(days=1)
    asked = [item.text for item in evidence[:QUESTIONS]]
    CapabilityEstimator().fit(evidence[:50])  # imports are not what is measured

    started = time.perf_counter()
    reader = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = LogisticRegression(C=10.0, max_iter=300)
    model.fit(reader.fit_transform([item.text for item in evidence]), [item.person for item in evidence])
    bare_fit = time.perf_counter() - started
    started = time.perf_counter()
    for text in asked:
        model.predict_proba(reader.transform([text]))
    bare_predict = (time.perf_counter() - started) / QUESTIONS

    estimator = CapabilityEstimator()
    fit = _timed(lambda: estimator.fit(evidence))
    predict = _timed(lambda: [estimator.estimate(TaskText(title=t), people, at=now, with_reasons=False) for t in asked])
    reasoned = _timed(lambda: [estimator.estimate(TaskText(title=t), people, at=now) for t in asked])
    more = [Evidence(id=f"new-{k}", person=people[0], text=asked[k], at=now) for k in range(20)]
    started = time.perf_counter()
    for item in more:
        estimator.learn([item])
    learn = time.perf_counter() - started
    return {
        "texts": TEXTS,
        "people": PEOPLE,
        "fit_seconds": fit,
        "fit_ratio_to_bare_logreg": fit / bare_fit,
        "predict_seconds": predict / QUESTIONS,
        "predict_ratio_to_bare_logreg": predict / QUESTIONS / bare_predict,
        "predict_with_reasons_seconds": reasoned / QUESTIONS,
        "learn_one_seconds": learn / len(more),
    }


def _timed(act: Any) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _texts() -> list[Evidence]:
    dice = random.Random(11)
    words = ["".join(dice.choices("abcdefghiklmnoprstuvw", k=dice.randint(4, 9))) for _ in range(3000)]
    own = [dice.sample(words, 300) for _ in range(PEOPLE)]
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    found = []
    for k in range(TEXTS):
        person = dice.randrange(PEOPLE)
        text = " ".join(dice.choices(own[person], k=6) + dice.choices(words, k=6))
        found.append(Evidence(id=str(k), person=f"p{person:02}", text=text, at=begin + timedelta(hours=6 * k)))
    return found
