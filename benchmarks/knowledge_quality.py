"""How well a search finds: recall@5 and nDCG@10 over `data/knowledge.yaml`, by words, by vectors, and fused.

Every way goes through the index that agents use, all scopes open; by vectors alone the words' ranking counts nothing.
"""

import math
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

import folkmoot.consent.tables  # noqa: F401  # makes its tables known
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.events import EventLog
from folkmoot.kernel import SystemClock
from folkmoot.memory import KnowledgeIndex, Passage
from folkmoot.memory.search import Weights
from folkmoot.memory.vectors import Embedder, Embedding, VectorSearch, VectorsInProcess
from folkmoot.storage import Base, Database

DATA = Path(__file__).resolve().parent / "data" / "knowledge.yaml"


async def quality(embedder: Embedder, *, weights: Weights | None = None) -> dict[str, Any]:
    """`{lexical|vectors|fused: {recall_at_5, ndcg_at_10}}`, and recall by kind of question."""
    data = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="folkmoot-bench-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'quality.db'}")
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        clock = SystemClock()
        vectors = VectorsInProcess(database=database, model=embedder.name)
        embedding = Embedding(
            database=database,
            clock=clock,
            embedder=embedder,
            vectors=vectors,
            ledger=ConsentLedger(database=database, clock=clock, events=EventLog(database=database, clock=clock)),
            gate=ConsentGate(database=database, clock=clock),
        )
        side = VectorSearch(embedder=embedder, vectors=vectors, embedding=embedding)
        ways = {
            "lexical": KnowledgeIndex(database=database, clock=clock),
            "vectors": KnowledgeIndex(
                database=database, clock=clock, vectors=side, weights=Weights(lexical=0.0, vectors=1.0)
            ),
            "fused": KnowledgeIndex(database=database, clock=clock, vectors=side, weights=weights),
        }
        async with database.write() as session:
            passages = [
                Passage(id=name, scope=one["scope"], source=f"{name}.md", text=one["text"])
                for name, one in data["documents"].items()
            ]
            await ways["lexical"].add(session, passages)
        await embedding.catch_up()
        measured = {name: await _measured(index, data) for name, index in ways.items()}
        await database.close()
    return {"documents": len(data["documents"]), "questions": len(data["questions"])} | measured


async def _measured(index: KnowledgeIndex, data: dict[str, Any]) -> dict[str, float]:
    scopes = {one["scope"] for one in data["documents"].values()}
    recalls, gains = [], []
    by_kind: dict[str, list[float]] = defaultdict(list)
    for question in data["questions"]:
        found = [one.passage_id for one in await index.search(question["ask"], scopes=scopes, limit=10)]
        right = set(question["answers"])
        recall = len(right & set(found[:5])) / len(right)
        recalls.append(recall)
        by_kind[question["kind"]].append(recall)
        gain = sum(1 / math.log2(place + 2) for place, name in enumerate(found) if name in right)
        gains.append(gain / sum(1 / math.log2(place + 2) for place in range(len(right))))
    kinds = {f"recall_at_5 {kind}": sum(values) / len(values) for kind, values in sorted(by_kind.items())}
    return {"recall_at_5": sum(recalls) / len(recalls), "ndcg_at_10": sum(gains) / len(gains)} | kinds
