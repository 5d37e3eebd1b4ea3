"""Searching knowledge: how fast over 100,000 passages, and how well on a small labelled set of our own writing.

Speed is told as p95 and as a ratio to the same words put raw to FTS5 (all of them, any of them, ranked by bm25) in the
same file. The texts are invented on the spot with the frequencies of natural language, so that common words are as
common as they are; questions are taken from them. Quality (`knowledge_quality.py`): recall@5 and nDCG@10 by words, by
vectors, and fused. FOLKMOOT_BENCH_MODEL=local:<folder> measures another embedding model than `builtin:ngrams` as well.
"""

import itertools
import os
import random
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import folkmoot.consent.tables  # noqa: F401  # makes its tables known
from benchmarks.knowledge_quality import quality
from folkmoot.kernel import SystemClock
from folkmoot.memory import Filters, KnowledgeIndex, Passage
from folkmoot.models.local_embeddings import LocalEmbedder
from folkmoot.models.ngrams import NgramEmbedder
from folkmoot.storage import Base, Database

PASSAGES, QUESTIONS, WORDS = 100_000, 200, 40_000
SCOPES = ("executive", "marketing", "sales", "product", "content", "seo", "engineering", "support")
ROLES = (("marketing", "seo"), ("executive", "marketing", "sales", "product"), ("support",))


async def run() -> dict[str, Any]:
    """Milliseconds, ratios and measures of quality."""
    count = int(os.environ.get("FOLKMOOT_BENCH_PASSAGES", str(PASSAGES)))
    with tempfile.TemporaryDirectory(prefix="folkmoot-bench-") as folder:
        speed = await _speed(Path(folder) / "knowledge.db", count)
    return {"speed": speed, "quality": await quality(NgramEmbedder())} | await _another_model()


async def _another_model() -> dict[str, Any]:
    chosen = os.environ.get("FOLKMOOT_BENCH_MODEL", "")
    if not chosen.startswith("local:"):
        return {}
    embedder = LocalEmbedder(Path(chosen.removeprefix("local:")))
    return {f"quality {embedder.name}": await quality(embedder)}


async def _speed(path: Path, count: int) -> dict[str, Any]:
    database = Database(f"sqlite:///{path}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    index = KnowledgeIndex(database=database, clock=SystemClock())
    dice = random.Random(11)
    vocabulary = ["".join(dice.choices("abcdefghiklmnoprstuvw", k=dice.randint(3, 9))) for _ in range(WORDS)]
    weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(WORDS)))
    started = time.perf_counter()
    for start in range(0, count, 5000):
        batch = [
            Passage(
                id=f"p{number}",
                scope=SCOPES[number % len(SCOPES)],
                source=f"document-{number // 40}.md",
                text=" ".join(dice.choices(vocabulary, cum_weights=weights, k=dice.randint(40, 140))),
                position=number % 40,
            )
            for number in range(start, min(start + 5000, count))
        ]
        async with database.write() as session:
            await index.add(session, batch)
    filled = time.perf_counter() - started
    questions = [
        # Like a person's question: some common words, some that say what it is about.
        dice.choices(vocabulary, cum_weights=weights, k=dice.randint(2, 6))
        + [vocabulary[dice.randrange(100, 8000)] for _ in range(dice.randint(0, 2))]
        for _ in range(QUESTIONS)
    ]
    raw = _raw(path, questions)
    ours, again, narrow = [], [], []
    for place, words in enumerate(questions):
        scopes = ROLES[place % len(ROLES)]
        ours.append(await _timed(index, words, scopes, Filters()))
        again.append(await _timed(index, words, scopes, Filters()))
        narrow.append(await _timed(index, words, scopes, Filters(source=f"document-{place}.md")))
    await database.close()
    return (
        {"passages": count, "added_per_second": count / filled}
        | _figures("search", ours)
        | _figures("kept", again)
        | _figures("filtered", narrow)
        | _figures("raw_fts5", raw)
        | {"p95_ratio_to_raw_fts5": _percentile(ours, 95) / _percentile(raw, 95)}
    )


def _figures(name: str, measured: list[tuple[float, float]]) -> dict[str, float]:
    return {f"{name}_p{percent}_ms": _percentile(measured, percent) for percent in (50, 95, 99)} | {
        f"{name}_p95_cpu_ms": _percentile([(work, work) for _, work in measured], 95)
    }


async def _timed(
    index: KnowledgeIndex, words: list[str], scopes: tuple[str, ...], filters: Filters
) -> tuple[float, float]:
    """Milliseconds on the clock, and of work."""
    started, busy = time.perf_counter(), time.process_time()
    await index.search(" ".join(words), scopes=scopes, limit=10, filters=filters)
    return (time.perf_counter() - started) * 1000, (time.process_time() - busy) * 1000


def _raw(path: Path, questions: list[list[str]]) -> list[tuple[float, float]]:
    found = []
    connection = sqlite3.connect(path)
    for place, words in enumerate(questions):
        asked = " OR ".join(f'"{word}"' for word in words)
        scopes = ROLES[place % len(ROLES)]
        marks = ",".join("?" * len(scopes))
        started, busy = time.perf_counter(), time.process_time()
        connection.execute(
            "SELECT p.passage_id, p.text FROM knowledge_fts f JOIN knowledge_passages p ON p.number = f.rowid "
            f"WHERE knowledge_fts MATCH ? AND p.scope IN ({marks}) ORDER BY bm25(knowledge_fts) LIMIT 10",
            (f"text : ({asked})", *scopes),
        ).fetchall()
        found.append(((time.perf_counter() - started) * 1000, (time.process_time() - busy) * 1000))
    connection.close()
    return found


def _percentile(measured: list[tuple[float, float]], percent: int) -> float:
    ordered = sorted(clock for clock, _ in measured)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
