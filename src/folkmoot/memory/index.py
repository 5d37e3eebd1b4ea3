"""The knowledge index: adding, searching, removing."""

from collections.abc import Collection, Sequence
from typing import Final

from folkmoot.consent import Consent
from folkmoot.kernel import words
from folkmoot.memory.errors import InvalidPassageError, InvalidSearchError
from folkmoot.memory.model import Filters, Found, Passage
from folkmoot.memory.store import (
    Session,
    compact,
    count_scope,
    delete_origin,
    delete_scope,
    find,
    insert_passages,
    move_to_consent,
)
from folkmoot.storage import Database

LIMIT: Final = 200
# A question longer than this says no more by its further words, and each costs time.
_WORDS: Final = 40
_TWIN: Final = "twin:"


class KnowledgeIndex:
    """Every passage of one database."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, session: Session, passages: Sequence[Passage]) -> None:
        """Keep passages in the caller's `database.write()` transaction, so that they appear with what they belong to.

        Raises `InvalidPassageError` for an empty scope, or a twin's passage without a consent.
        """
        for passage in passages:
            if not passage.scope or not passage.id:
                raise InvalidPassageError("a passage needs an id and a scope", passage=passage.id)
            if passage.scope.startswith(_TWIN) and not passage.consent_id:
                raise InvalidPassageError("a twin's passage needs the consent it rests on", passage=passage.id)
        await insert_passages(session, passages)

    async def search(
        self, query: str, *, scopes: Collection[str], limit: int = 10, filters: Filters | None = None
    ) -> list[Found]:
        """The passages of `scopes` that fit `query` best, by its words in any order; nothing of any other scope.

        The query is what a person typed: quotes, operators and punctuation have no meaning in it. Without a word in
        it, or without a scope, nothing is found. Raises `InvalidSearchError` for a limit outside 1..200.
        """
        if not 1 <= limit <= LIMIT:
            raise InvalidSearchError(f"a search answers 1 to {LIMIT} passages, not {limit}", limit=limit)
        asked = list(dict.fromkeys(part for word in words(query) for part in word.replace("’", "'").split("'") if part))
        if not asked or not scopes:
            return []
        async with self._database.read() as session:
            return await find(
                session, words=asked[:_WORDS], scopes=sorted(set(scopes)), limit=limit, filters=filters or Filters()
            )

    async def count(self, scope: str) -> int:
        """How many passages a scope has."""
        async with self._database.read() as session:
            return await count_scope(session, scope)

    async def rest_on(self, session: Session, passage_ids: Sequence[str], consent_id: str) -> None:
        """Let passages rest on a newer consent, where the same texts were handed over again under it."""
        await move_to_consent(session, passage_ids, consent_id)

    async def remove_origin(self, session: Session, origin: str) -> int:
        """Remove what one import or document brought in; how many passages that were."""
        return await delete_origin(session, origin)

    async def remove_scope(self, session: Session, scope: str) -> int:
        """Remove a whole scope; how many passages that were."""
        return await delete_scope(session, scope)

    async def withdrawn(self, consent: Consent) -> None:  # noqa: ARG002  # the passages went by cascade; this is about what is left of their words
        """Drop the words of deleted passages from the index's own pages (a listener of the consent ledger)."""
        await self.compact()

    async def compact(self) -> None:
        """Rewrite the index so that nothing deleted can be read from it; takes time on a large one."""
        async with self._database.write() as session:
            await compact(session)
