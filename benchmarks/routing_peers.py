"""Simple ways of routing, each with the threshold that is best on the messages for tuning."""

import importlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from benchmarks.routing_set import Problem
from folkmoot.conversations.routing import Candidate, Utterance
from folkmoot.conversations.routing.measures import auroc
from folkmoot.kernel import words

Scored = list[tuple[str, float]]
Peer = Callable[[Sequence[Candidate], Sequence[str]], Scored]


def keyword_overlap(candidates: Sequence[Candidate], texts: Sequence[str]) -> Scored:
    """The agent whose keywords, description and examples hold most of the words, the rarer ones counting more."""
    known = [
        {word for text in (*one.keywords, one.description, one.name, *one.examples) for word in words(text)}
        for one in candidates
    ]
    owners = Counter(word for some in known for word in some)
    found = []
    for text in texts:
        said = words(text)
        shares = [sum(1 / owners[word] for word in said if word in some) / max(1, len(said)) for some in known]
        best = int(np.argmax(shares))
        found.append((candidates[best].agent_id, shares[best]))
    return found


def tfidf_svm(ngrams: int) -> Peer:
    """TF-IDF and a linear SVM on the examples; the score is the largest decision value."""

    def scored(candidates: Sequence[Candidate], texts: Sequence[str]) -> Scored:
        said = [(text, one.agent_id) for one in candidates for text in one.examples]
        reader = TfidfVectorizer(ngram_range=(1, ngrams), sublinear_tf=ngrams > 1)
        model = LinearSVC().fit(reader.fit_transform([text for text, _ in said]), [agent for _, agent in said])
        values = model.decision_function(reader.transform(list(texts)))
        return [(str(model.classes_[best]), float(values[row, best])) for row, best in enumerate(values.argmax(axis=1))]

    return scored


def nearest_example(vectors: dict[str, NDArray[np.float32]]) -> Peer:
    """The agent of the example with the nearest vector."""

    def scored(candidates: Sequence[Candidate], texts: Sequence[str]) -> Scored:
        said = [(text, one.agent_id) for one in candidates for text in one.examples]
        near = np.array([vectors[text] for text in texts]) @ np.array([vectors[text] for text, _ in said]).T
        return [(said[best][1], float(near[row, best])) for row, best in enumerate(near.argmax(axis=1))]

    return scored


def semantic_router(vectors: dict[str, NDArray[np.float32]]) -> Peer | None:
    """The package of that name on the same vectors, without thresholds of its own; None where it is not installed."""
    try:
        package, encoders = (importlib.import_module(f"semantic_router{part}") for part in ("", ".encoders.base"))
    except ImportError:
        return None

    class Known(encoders.DenseEncoder):  # type: ignore[name-defined,misc]  # a peer, of whatever version
        def __call__(self, docs: list[str]) -> list[list[float]]:
            return [[float(value) for value in vectors[doc]] for doc in docs]

        async def acall(self, docs: list[str]) -> list[list[float]]:
            return self(docs)

    def scored(candidates: Sequence[Candidate], texts: Sequence[str]) -> Scored:
        routes = [package.Route(name=one.agent_id, utterances=list(one.examples)) for one in candidates]
        router = package.IndexedRouter(encoder=Known(name="known"), routes=routes)
        choices = [router(text) for text in texts]
        return [(choice.name or candidates[0].agent_id, float(choice.confidence or 0.0)) for choice in choices]

    return scored


def measured(peer: Peer, problem: Problem) -> dict[str, Any]:
    """`{balanced, accuracy, oos_recall, auroc}` on the test, by the best threshold on tune."""
    tuned = peer(problem.candidates, [one.text for one in problem.tune])
    line = _best_line(tuned, problem.tune)
    found = peer(problem.candidates, [one.text for one in problem.test])
    return _figures(found, problem.test, line)


def _figures(found: Scored, right: Sequence[Utterance], line: float) -> dict[str, Any]:
    pairs = list(zip(found, right, strict=True))
    inside = [agent == one.agent_id and score >= line for (agent, score), one in pairs if one.agent_id]
    outside = [score < line for (_, score), one in pairs if one.agent_id is None]
    return {
        "balanced": (float(np.mean(inside)) + float(np.mean(outside))) / 2,
        "accuracy": float(np.mean(inside)),
        "oos_recall": float(np.mean(outside)),
        "auroc": auroc(
            [score for (_, score), one in pairs if one.agent_id],
            [score for (_, score), one in pairs if one.agent_id is None],
        ),
    }


def _best_line(found: Scored, right: Sequence[Utterance]) -> float:
    scores = np.array([score for _, score in found])
    good = np.array([agent == one.agent_id for (agent, _), one in zip(found, right, strict=True)])
    outside = np.array([one.agent_id is None for one in right])
    steps = np.unique(scores)
    lines = np.concatenate([[steps[0] - 1], (steps[1:] + steps[:-1]) / 2, [steps[-1] + 1]])
    worth = [((good & (scores >= line))[~outside].mean() + (scores < line)[outside].mean()) / 2 for line in lines]
    return float(lines[int(np.argmax(worth))])
