"""The knowledge index: adding, searching, removing. Who may see which scopes is said by `scopes.py` and `desk.py`."""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from typing import Final, Protocol

from folkmoot.consent import Consent
from folkmoot.kernel import Clock, SystemClock
from folkmoot.memory.errors import InvalidPassageError, InvalidSearchError
from folkmoot.memory.model import TWIN_PREFIX, Filters, Findings, Found, Passage
from folkmoot.memory.search import HybridSearch, SearchCache, Weights
from folkmoot.memory.search.find import Meaning
from folkmoot.memory.store import (
    Session,
    compact,
    count_scope,
    delete_origin,
    delete_scope,
    insert_passages,
    move_to_consent,
    move_to_scope,
    prune_changes,
    shared_scopes,
)
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics

LIMIT: Final = 200


class VectorSide(Meaning, Protocol):
    """What the index uses of the vectors beside it."""

    async def withdrawn(self, consent: Consent) -> None:
        """Forget what was made under a consent that has ended."""
        ...


class KnowledgeIndex:
    """Every passage of one database. `vectors` None searches by words alone."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock | None = None,
        vectors: VectorSide | None = None,
        weights: Weights | None = None,
        cache: SearchCache | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._vectors = vectors
        self._metrics = metrics
        self._search = HybridSearch(
            database=database, clock=clock or SystemClock(), meaning=vectors, weights=weights, cache=cache
        )

    @property
    def cache(self) -> SearchCache:
        """The answers kept."""
        return self._search.cache

    async def add(self, session: Session, passages: Sequence[Passage]) -> None:
        """Keep passages in the caller's `database.write()` transaction, so that they appear with what they belong to.

        Raises `InvalidPassageError` for an empty scope, or a twin's passage without a consent.
        """
        for passage in passages:
            if not passage.scope or not passage.id:
                raise InvalidPassageError("a passage needs an id and a scope", passage=passage.id)
            if passage.scope.startswith(TWIN_PREFIX) and not passage.consent_id:
                raise InvalidPassageError("a twin's passage needs the consent it rests on", passage=passage.id)
        await insert_passages(session, passages)

    async def search(
        self, query: str, *, scopes: Collection[str], limit: int = 10, filters: Filters | None = None
    ) -> list[Found]:
        """The passages of `scopes` that fit `query` best, by its words in any order; nothing of any other scope.

        The query is what a person typed: quotes, operators and punctuation have no meaning in it. Without a word in
        it, or without a scope, nothing is found. Raises `InvalidSearchError` for a limit outside 1..200.
        """
        return list((await self.look_up(query, scopes=scopes, limit=limit, filters=filters)).results)

    async def look_up(
        self, query: str, *, scopes: Collection[str], limit: int = 10, filters: Filters | None = None
    ) -> Findings:
        """As `search`, with what there is to say: how it was searched, and why by words alone."""
        if not 1 <= limit <= LIMIT:
            raise InvalidSearchError(f"a search answers 1 to {LIMIT} passages, not {limit}", limit=limit)
        timing = nullcontext() if self._metrics is None else self._metrics.search_seconds.time()
        with timing:
            return await self._search.look_up(query, scopes=scopes, limit=limit, filters=filters or Filters())

    async def count(self, scope: str) -> int:
        """How many passages a scope has."""
        async with self._database.read() as session:
            return await count_scope(session, scope)

    async def scopes(self) -> list[str]:
        """Every scope with passages, but those of persons."""
        async with self._database.read() as session:
            return await shared_scopes(session)

    async def rest_on(self, session: Session, passage_ids: Sequence[str], consent_id: str) -> None:
        """Let passages rest on a newer consent, where the same texts were handed over again under it."""
        await move_to_consent(session, passage_ids, consent_id)

    async def move_origin(self, session: Session, origin: str, scope: str) -> int:
        """Let everything of one document be seen in another scope from now on; how many passages that were."""
        if not scope or scope.startswith(TWIN_PREFIX):
            raise InvalidPassageError(f"'{scope}' is no scope that a document can be in", scope=scope)
        return await move_to_scope(session, origin, scope)

    async def remove_origin(self, session: Session, origin: str) -> int:
        """Remove what one import or document brought in; how many passages that were."""
        return await delete_origin(session, origin)

    async def remove_scope(self, session: Session, scope: str) -> int:
        """Remove a whole scope; how many passages that were."""
        return await delete_scope(session, scope)

    async def withdrawn(self, consent: Consent) -> None:
        """Drop the words of deleted passages from the index's own pages (a listener of the consent ledger)."""
        self.cache.clear()
        await self.compact()
        if self._vectors is not None:
            await self._vectors.withdrawn(consent)

    async def compact(self) -> None:
        """Rewrite the index so that nothing deleted can be read from it; takes time on a large one."""
        async with self._database.write() as session:
            await compact(session)

    async def prune(self) -> None:
        """Keep no longer record of changes than is needed."""
        async with self._database.write() as session:
            await prune_changes(session)
