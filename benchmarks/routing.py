"""The router against simple ways of routing, and its pace against bare TF-IDF and logistic regression.

Quality needs a public intent set: `FOLKMOOT_BENCH_ROUTING=<hwu64.json.gz> make bench ARGS=routing`. Which scenarios are
agents is drawn by seeds that nothing was tuned on (100 and up; `FOLKMOOT_BENCH_SEEDS`, 5 by default).
`FOLKMOOT_BENCH_MODEL=local:<folder>` adds the same with an embedding model, beside the nearest example and, where it is
installed, semantic-router. The pace is measured with and without the set.
"""

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.routing_peers import keyword_overlap, measured, nearest_example, semantic_router, tfidf_svm
from benchmarks.routing_set import Problem, problem, read
from folkmoot.assembly import load_settings
from folkmoot.assembly.vectors import embedding_model
from folkmoot.conversations.routing import Candidate, Router
from folkmoot.conversations.routing.backtest import backtest
from folkmoot.conversations.routing.files import NOBODY, Message
from folkmoot.conversations.routing.router import Embedder

FIRST_SEED = 100
EXAMPLES = (10, 20, 50, None)
SINGLY, TOGETHER = 400, 4000
Vectors = dict[str, NDArray[np.float32]]


async def run() -> dict[str, Any]:
    """`{quality: {examples: {method: figures}}, pace: {…}}`; means over the seeds."""
    report: dict[str, Any] = {}
    path, model = os.environ.get("FOLKMOOT_BENCH_ROUTING"), os.environ.get("FOLKMOOT_BENCH_MODEL")
    embedder = embedding_model(load_settings(embedding_model=model)) if model else None
    if path:
        data = read(Path(path))
        seeds = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("FOLKMOOT_BENCH_SEEDS", "5")))
        quality = {}
        for examples in EXAMPLES:
            runs = [await _quality(problem(data, seed=seed, examples=examples), embedder) for seed in seeds]
            quality[str(examples or "all")] = {
                name: {key: _mean([one[name][key] for one in runs]) for key in runs[0][name]} for name in runs[0]
            }
        report["quality"] = quality
    report["pace"] = await _pace()
    return report


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


async def _quality(task: Problem, embedder: Embedder | None) -> dict[str, dict[str, Any]]:
    figures = {
        "folkmoot": await _ours(task, None),
        "keyword overlap": measured(keyword_overlap, task),
        "TF-IDF + SVM": measured(tfidf_svm(1), task),
        "TF-IDF of pairs + SVM": measured(tfidf_svm(2), task),
    }
    if embedder is not None:
        known = Known(await _vectors(task, embedder))
        figures["folkmoot with vectors"] = await _ours(task, known)
        figures["nearest example"] = measured(nearest_example(known.vectors), task)
        peer = semantic_router(known.vectors)
        if peer is not None:
            figures["semantic-router"] = await asyncio.to_thread(measured, peer, task)
    return figures


async def _ours(task: Problem, embedder: Embedder | None) -> dict[str, Any]:
    messages = [Message(id=str(number), text=one.text) for number, one in enumerate(task.test)]
    gold = {str(number): one.agent_id or NOBODY for number, one in enumerate(task.test)}
    router = Router(tune=task.tune, embedder=embedder)
    report = (await backtest(task.candidates, messages, gold, router=router)).as_json()
    kept = ("balanced", "accuracy", "oos_recall", "auroc", "ece", "ms_mean", "ms_p95", "unclear", "prepare_seconds")
    return {name: report[name] for name in kept}


class Known:
    """An embedding model whose vectors are known already, so that its own time is not what is measured."""

    name = "known"

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    async def embed(self, texts: Any, *, question: bool = False) -> NDArray[np.float32]:  # noqa: ARG002  # the protocol's
        return np.array([self.vectors[text] for text in texts], dtype=np.float32)


async def _vectors(task: Problem, embedder: Embedder) -> Vectors:
    texts = {one.text for one in (*task.tune, *task.test)}
    for one in task.candidates:
        texts |= {*one.examples, *one.keywords, " ".join(one.keywords), one.description, one.name}
    wanted = sorted(text for text in texts if text)
    rows = [await embedder.embed(wanted[start : start + 64]) for start in range(0, len(wanted), 64)]
    return dict(zip(wanted, np.concatenate(rows), strict=True))


async def _pace() -> dict[str, Any]:
    """Messages a second, and how many times those of the bare pipeline; singly through all stages, together scored."""
    candidates, texts = _invented()
    said = [(text, one.agent_id) for one in candidates for text in one.examples]
    reader = TfidfVectorizer()
    model = LogisticRegression(max_iter=300)
    model.fit(reader.fit_transform([text for text, _ in said]), [agent for _, agent in said])
    router = Router()
    await router.prepare(candidates)
    single, many = texts[:SINGLY], [texts[number % len(texts)] for number in range(TOGETHER)]
    best = dict.fromkeys(("bare", "ours", "bare_batch", "ours_batch"), float("inf"))
    for _ in range(5):  # in turns, the best of each: whoever else is on the machine disturbs both
        started = time.perf_counter()
        for text in single:
            model.predict_proba(reader.transform([text]))
        best["bare"] = min(best["bare"], (time.perf_counter() - started) / len(single))
        started = time.perf_counter()
        for text in single:
            await router.route(text, candidates=candidates)
        best["ours"] = min(best["ours"], (time.perf_counter() - started) / len(single))
        started = time.perf_counter()
        model.predict_proba(reader.transform(many))
        best["bare_batch"] = min(best["bare_batch"], (time.perf_counter() - started) / len(many))
        started = time.perf_counter()
        await router.classify_all(many, candidates=candidates)
        best["ours_batch"] = min(best["ours_batch"], (time.perf_counter() - started) / len(many))
    return {
        "singly_a_second": 1 / best["ours"],
        "singly_ratio_to_bare": best["bare"] / best["ours"],
        "together_a_second": 1 / best["ours_batch"],
        "together_ratio_to_bare": best["bare_batch"] / best["ours_batch"],
    }


def _invented() -> tuple[tuple[Candidate, ...], list[str]]:
    dice = random.Random(7)
    vocabulary = ["".join(dice.choices("abcdefghiklmnoprstuvw", k=dice.randint(3, 9))) for _ in range(2000)]
    own = [dice.sample(vocabulary, 120) for _ in range(10)]

    def text(agent: int) -> str:
        return " ".join(dice.choices(own[agent], k=4) + dice.choices(vocabulary, k=4))

    candidates = tuple(
        Candidate(agent_id=f"a{agent}", name=f"Agent {agent}", examples=tuple(text(agent) for _ in range(50)))
        for agent in range(10)
    )
    return candidates, [text(dice.randrange(10)) for _ in range(1000)]
