"""Which embedding model and which place for vectors there are, by the settings; none unless EMBEDDING_MODEL is set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from folkmoot.assembly.settings import Settings, WrongSettingError
from folkmoot.consent import ConsentGate, ConsentLedger
from folkmoot.kernel import Clock
from folkmoot.memory.vectors import Embedder, Embedding, Vectors, VectorSearch, VectorsInProcess
from folkmoot.models import ModelsError
from folkmoot.models.embeddings import OllamaEmbedder, OpenAIEmbedder
from folkmoot.models.local_embeddings import LocalEmbedder
from folkmoot.models.ngrams import NgramEmbedder
from folkmoot.models.spending import UsageLedger
from folkmoot.storage import Database


@dataclass(frozen=True, kw_only=True)
class MeaningSide:
    """Searching by meaning."""

    embedder: Embedder
    vectors: Vectors
    embedding: Embedding
    search: VectorSearch

    async def close(self) -> None:
        """Give back connections and memory."""
        await self.embedder.close()
        await self.vectors.close()


def build_vectors(
    settings: Settings,
    *,
    database: Database,
    clock: Clock,
    ledger: ConsentLedger,
    gate: ConsentGate,
    usage: UsageLedger | None = None,
) -> MeaningSide | None:
    """The vectors' side, None without an embedding model. Raises `WrongSettingError`."""
    embedder = embedding_model(settings, ledger=usage, clock=clock)
    if embedder is None:
        return None
    vectors = _place(settings, database, embedder.name)
    embedding = Embedding(database=database, clock=clock, embedder=embedder, vectors=vectors, ledger=ledger, gate=gate)
    search = VectorSearch(embedder=embedder, vectors=vectors, embedding=embedding)
    return MeaningSide(embedder=embedder, vectors=vectors, embedding=embedding, search=search)


def embedding_model(settings: Settings, **counting: Any) -> Embedder | None:
    """The embedding model of the settings, with the `ledger` and `clock` it gets.

    Raises `WrongSettingError` for one that can never be asked.
    """
    if settings.embedding_model is None:
        return None
    provider, _, model = settings.embedding_model.partition(":")
    try:
        if provider == "builtin":
            return NgramEmbedder()
        if provider == "local":
            return LocalEmbedder(Path(model))
        if provider == "ollama":
            return OllamaEmbedder(model, host=settings.ollama_host, **counting)
    except (ModelsError, ValueError) as error:
        raise WrongSettingError(
            f"EMBEDDING_MODEL is wrong: {error}; for example EMBEDDING_MODEL=builtin:ngrams",
            variable="EMBEDDING_MODEL",
        ) from error
    key = settings.embedding_api_key or settings.openai_api_key
    url = settings.embedding_base_url or settings.openai_base_url
    if key is None and url is None:
        raise WrongSettingError(
            f"EMBEDDING_MODEL is {settings.embedding_model}, which needs OPENAI_API_KEY or EMBEDDING_BASE_URL; "
            "for example EMBEDDING_BASE_URL=http://127.0.0.1:9000/v1",
            variable="EMBEDDING_MODEL",
        )
    return OpenAIEmbedder(model, base_url=url, key=key.get_secret_value() if key else None, **counting)


def _place(settings: Settings, database: Database, model: str) -> Vectors:
    if settings.vector_store_url is None:
        return VectorsInProcess(database=database, model=model)
    try:
        from qdrant_client import AsyncQdrantClient
    except ImportError as error:
        raise WrongSettingError(
            "VECTOR_STORE_URL needs the extra 'qdrant': pip install 'folkmoot[qdrant]'; "
            "without it the vectors are in the database",
            variable="VECTOR_STORE_URL",
        ) from error
    from folkmoot.memory.vectors.qdrant import SECONDS, QdrantVectors

    key = settings.vector_store_api_key
    alone = settings.vector_store_url == ":memory:"
    if alone:
        client = AsyncQdrantClient(location=":memory:")
    else:
        client = AsyncQdrantClient(
            url=settings.vector_store_url,
            api_key=key.get_secret_value() if key else None,
            timeout=SECONDS,
            check_compatibility=False,
        )
    return QdrantVectors(database=database, model=model, client=client, indexed=not alone)
