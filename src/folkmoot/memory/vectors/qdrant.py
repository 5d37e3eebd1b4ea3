"""Vectors on a Qdrant server: one collection a model, scopes and filters as payload, searched where they are.

Which passages the server holds is noted in the database (`knowledge_points`), so that what is deleted here, by whatever
way, is deleted there by the next sweep; a withdrawn consent waits for that sweep. The passage itself is gone at
once, and a point without a passage is never shown.
"""

import hashlib
import re
from collections.abc import Awaitable, Collection, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from folkmoot.memory.errors import EmbeddingError
from folkmoot.memory.model import Filters
from folkmoot.memory.tables import PointRow
from folkmoot.memory.vectors.model import Embedded, Pending
from folkmoot.memory.vectors.store import (
    count_of,
    delete_points,
    insert_points,
    lost_points,
    still_there,
    without_vector,
)
from folkmoot.storage import Database

SECONDS: Final = 10
T = TypeVar("T")


class QdrantVectors:
    """The vectors of one model on a server. `client` is a `qdrant_client.AsyncQdrantClient`.

    `indexed` False where the client is a server to itself, in memory: it filters without indexes.
    """

    def __init__(
        self, *, database: Database, model: str, client: Any, indexed: bool = True, prefix: str = "folkmoot"
    ) -> None:
        self._database = database
        self._model = model
        self._client = client
        self._indexed = indexed
        plain = re.sub(r"[^A-Za-z0-9]+", "-", model).strip("-")[:80]
        mark = hashlib.sha256(model.encode()).hexdigest()[:8]
        self.collection = f"{prefix}-{plain}-{mark}"
        self._sending = f"{model} (being sent)"
        self._made = False

    async def missing(self, *, remote: bool, allowed: Collection[str], limit: int) -> list[Pending]:
        async with self._database.read() as session:
            return await without_vector(session, PointRow, self._model, remote=remote, allowed=allowed, limit=limit)

    async def keep(self, batch: Sequence[Embedded]) -> None:
        from qdrant_client import models  # noqa: PLC0415  # an extra, and slow to import

        if not batch:
            return
        await self._make(len(batch[0].vector))
        numbers = [one.passage.number for one in batch]
        # Noted as being sent first: what is there and not noted would be deleted by nobody.
        async with self._database.write() as session:
            there = await still_there(session, numbers)
            if not there:
                return
            await insert_points(session, self._sending, sorted(there))
        points = [
            models.PointStruct(
                id=one.passage.number, vector=one.vector.astype(np.float32).tolist(), payload=_payload(one.passage)
            )
            for one in batch
            if one.passage.number in there
        ]
        await self._asked(self._client.upsert(self.collection, points=points, wait=True))
        async with self._database.write() as session:
            await insert_points(session, self._model, sorted(there))
            await delete_points(session, self._sending, there)

    async def nearest(
        self, vector: NDArray[Any], *, scopes: Sequence[str], filters: Filters, limit: int
    ) -> list[tuple[int, float]]:
        if not await self._is_there():
            return []
        found = await self._asked(
            self._client.query_points(
                self.collection,
                query=vector.astype(np.float32).tolist(),
                query_filter=_condition(scopes, filters),
                limit=limit,
                with_payload=False,
            )
        )
        return [(int(point.id), float(point.score)) for point in found.points]

    async def forget(self, scope: str | None = None) -> int:
        from qdrant_client import models  # noqa: PLC0415  # an extra, and slow to import

        count = 0
        for noted in (self._sending, self._model):
            while True:
                async with self._database.read() as session:
                    lost = await lost_points(session, noted, scope=scope)
                if not lost:
                    break
                if await self._is_there():
                    gone = models.PointIdsList(points=list(lost))
                    await self._asked(self._client.delete(self.collection, points_selector=gone, wait=True))
                async with self._database.write() as session:
                    await delete_points(session, noted, lost)
                count += len(lost)
        return count

    async def counted(self) -> int:
        async with self._database.read() as session:
            return await count_of(session, PointRow, self._model)

    async def close(self) -> None:
        await self._client.close()

    async def _is_there(self) -> bool:
        if not self._made:
            self._made = bool(await self._asked(self._client.collection_exists(self.collection)))
        return self._made

    async def _make(self, size: int) -> None:
        from qdrant_client import models  # noqa: PLC0415  # an extra, and slow to import

        if await self._is_there():
            return
        shape = models.VectorParams(size=size, distance=models.Distance.COSINE)
        await self._asked(self._client.create_collection(self.collection, vectors_config=shape))
        word, number = models.PayloadSchemaType.KEYWORD, models.PayloadSchemaType.FLOAT
        fields = {"at": number} | dict.fromkeys(("scope", "source", "document", "media_type", "consent_id"), word)
        for name, kind in fields.items() if self._indexed else ():
            await self._asked(self._client.create_payload_index(self.collection, name, field_schema=kind))
        self._made = True

    async def _asked(self, call: Awaitable[T]) -> T:
        """The answer; whatever goes wrong with the server is an `EmbeddingError`."""
        try:
            return await call
        except Exception as error:
            self._made = False
            said = str(error).strip().split("\n", 1)[0] or type(error).__name__
            raise EmbeddingError(f"the vector server does not answer as it should: {said[:200]}") from error


def _payload(passage: Pending) -> dict[str, Any]:
    return {
        "scope": passage.scope,
        "source": passage.source,
        "document": passage.origin,
        "media_type": passage.media_type,
        "consent_id": passage.consent_id,
        "at": passage.at.timestamp() if passage.at else None,
    }


def _condition(scopes: Sequence[str], filters: Filters) -> Any:
    from qdrant_client import models  # noqa: PLC0415  # an extra, and slow to import

    def one_of(name: str, values: Collection[str]) -> Any:
        return models.FieldCondition(key=name, match=models.MatchAny(any=sorted(values)))

    must = [one_of("scope", scopes)]
    for name, value in (
        ("source", filters.source),
        ("document", filters.document),
        ("media_type", filters.media_type),
    ):
        if value is not None:
            must.append(one_of(name, [value]))
    if filters.consents is not None:
        must.append(one_of("consent_id", filters.consents))
    if filters.since is not None or filters.until is not None:
        since = filters.since.timestamp() if filters.since else None
        until = filters.until.timestamp() if filters.until else None
        must.append(models.FieldCondition(key="at", range=models.Range(gte=since, lt=until)))
    return models.Filter(must=must)
