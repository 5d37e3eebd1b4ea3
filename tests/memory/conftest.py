"""Knowledge with everything beside it, on an empty database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.memory import KnowledgeIndex, Passage, twin_scope
from folkmoot.memory.vectors import Embedder, Embedding, Vectors, VectorSearch, VectorsInProcess
from folkmoot.memory.vectors.qdrant import QdrantVectors
from folkmoot.models.embeddings import OpenAIEmbedder
from folkmoot.storage import Database
from tests.memory.stub_embeddings import StubEmbeddings, embedding_server


@pytest.fixture(scope="session")
def embedding_server_running() -> Iterator[StubEmbeddings]:
    with embedding_server() as stub:
        yield stub


@pytest.fixture
def embeddings(embedding_server_running: StubEmbeddings) -> StubEmbeddings:
    """The embedding server, as new."""
    stub = embedding_server_running
    stub.status, stub.answer, stub.key, stub.calls = 200, None, None, 0
    stub.texts.clear()
    return stub


class Library:
    """An index with vectors beside it."""

    def __init__(self, database: Database, clock: SimulatedClock, embedder: Embedder, vectors: Vectors) -> None:
        self.database = database
        self.clock = clock
        self.embedder = embedder
        self.vectors = vectors
        events = EventLog(database=database, clock=clock)
        self.ledger = ConsentLedger(database=database, clock=clock, events=events)
        self.embedding = Embedding(
            database=database,
            clock=clock,
            embedder=embedder,
            vectors=vectors,
            ledger=self.ledger,
            gate=ConsentGate(database=database, clock=clock),
            batch=4,
        )
        side = VectorSearch(embedder=embedder, vectors=vectors, embedding=self.embedding)
        self.index = KnowledgeIndex(database=database, clock=clock, vectors=side)
        self.ledger.listen(self.index)

    async def add(self, *texts: str, scope: str = "product", source: str = "handbook.md", **more: Any) -> None:
        passages = [
            Passage(id=f"{scope}/{source}/{number}", scope=scope, source=source, text=said, position=number, **more)
            for number, said in enumerate(texts)
        ]
        async with self.database.write() as session:
            await self.index.add(session, passages)

    async def consent(self, person: str, *purposes: str) -> tuple[str, str]:
        """A consent of a person for whatsapp: its id, and the scope of their messages."""
        granted = await self.ledger.grant(
            person,
            email="someone@acme.example",
            platform="whatsapp",
            purposes=list(purposes),
            expires_at=self.clock.now() + timedelta(days=1),
        )
        return granted.consent_id, twin_scope(granted.consent.person)

    async def texts(self, query: str, *scopes: str, **more: Any) -> list[str]:
        return [one.text for one in await self.index.search(query, scopes=scopes or ["product"], **more)]


def openai_embedder(stub: StubEmbeddings) -> OpenAIEmbedder:
    return OpenAIEmbedder("stub", base_url=stub.base_url, retries=1, pause=timedelta(milliseconds=1))


@pytest.fixture(params=["in process", "qdrant"])
async def library(
    request: pytest.FixtureRequest, database: Database, clock: SimulatedClock, embeddings: StubEmbeddings
) -> Any:
    """An index with vectors, once in the database and once in Qdrant's own local mode."""
    embedder = openai_embedder(embeddings)
    place: Vectors
    if request.param == "qdrant":
        from qdrant_client import AsyncQdrantClient

        client = AsyncQdrantClient(location=":memory:")
        place = QdrantVectors(database=database, model=embedder.name, client=client, indexed=False)
    else:
        place = VectorsInProcess(database=database, model=embedder.name)
    yield Library(database, clock, embedder, place)
    await embedder.close()
    await place.close()
