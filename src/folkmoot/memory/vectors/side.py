"""Which passages are near a question in meaning: the question's vector, kept for a while, and its neighbours."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from folkmoot.consent import Consent
from folkmoot.memory.model import Filters
from folkmoot.memory.vectors.embed import Embedding
from folkmoot.memory.vectors.model import Embedder, Matrix, Vectors

QUESTIONS: Final = 256
LONGEST: Final = 2000


class VectorSearch:
    """The vectors' side of the knowledge index."""

    def __init__(self, *, embedder: Embedder, vectors: Vectors, embedding: Embedding) -> None:
        self._embedder = embedder
        self._vectors = vectors
        self._embedding = embedding
        self._questions: OrderedDict[str, Matrix] = OrderedDict()

    @property
    def state(self) -> int:
        """Another whenever vectors were added or dropped."""
        return self._embedding.state

    async def nearest(
        self, query: str, *, scopes: Sequence[str], limit: int, filters: Filters
    ) -> list[tuple[int, float]]:
        """Numbers of passages near in meaning; none that has nothing to do with the question.

        Raises a `FolkmootError` where the model or the place of the vectors does not answer.
        """
        vector = await self._vector(query[:LONGEST])
        found = await self._vectors.nearest(vector, scopes=scopes, filters=filters, limit=limit)
        return [(number, near) for number, near in found if near >= self._embedder.floor]

    async def withdrawn(self, consent: Consent) -> None:
        """Forget what was made under a consent that has ended."""
        await self._embedding.withdrawn(consent)

    async def _vector(self, query: str) -> Matrix:
        if query in self._questions:
            self._questions.move_to_end(query)
            return self._questions[query]
        vector: Matrix = (await self._embedder.embed([query], question=True))[0]
        self._questions[query] = vector
        while len(self._questions) > QUESTIONS:
            self._questions.popitem(last=False)
        return vector
