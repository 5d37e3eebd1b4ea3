"""One search: words and, where there is an embedding model, meaning; one ranking; only what may be seen.

What is found by whatever way is fetched by its number again under the scopes and filters of the search, so a stale
vector or a wrong index can lose a passage but never show one.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final, Protocol

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.memory.model import Filters, Findings, Found
from folkmoot.memory.search.cache import Asked, SearchCache
from folkmoot.memory.search.choose import asked_words, chosen
from folkmoot.memory.search.fuse import Weights, fused
from folkmoot.memory.search.store import best, frequencies
from folkmoot.memory.store import Session, fetch, version
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

# Each way finds so many before they are fused: what is far down in one may be first in the other.
DEPTH: Final = 60
_COUNTS_KEPT: Final = 20_000
_COUNTS_SECONDS: Final = 60.0
_log = get_logger("folkmoot.memory")


class Meaning(Protocol):
    """Searching by vectors, as a search uses it."""

    @property
    def state(self) -> int:
        """Something that is another whenever vectors changed."""
        ...

    async def nearest(
        self, query: str, *, scopes: Sequence[str], limit: int, filters: Filters
    ) -> Sequence[tuple[int, float]]:
        """Numbers of passages near in meaning, the nearest first. Raises a `FolkmootError` without them."""
        ...


class HybridSearch:
    """Searches one database. `meaning` None searches by words alone."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        meaning: Meaning | None = None,
        cache: SearchCache | None = None,
        weights: Weights | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._meaning = meaning
        self._weights = weights or Weights()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.cache = cache if cache is not None else SearchCache()

    async def look_up(self, query: str, *, scopes: Collection[str], limit: int, filters: Filters) -> Findings:
        """The best passages of exactly these scopes."""
        asked = asked_words(query)
        within = tuple(sorted(set(scopes)))
        if not asked or not within:
            return Findings(scopes=within)
        meaning = self._meaning
        wanted = Asked(
            words=tuple(asked), scopes=within, filters=filters, limit=limit, text=query if meaning is not None else ""
        )
        async with self._database.read() as session:
            state = (await version(session), meaning.state if meaning is not None else 0)
            if (kept := self.cache.get(wanted, state=state)) is not None:
                return kept
            if meaning is None:
                results = await self._found_by_words(session, asked, within, filters, limit)
                findings = Findings(results=results, scopes=within)
                self.cache.keep(wanted, findings, state=state)
                return findings
            lexical = await self._by_words(session, asked, within, filters, max(limit, DEPTH))
        findings = await self._with_meaning(meaning, query, lexical, within, limit, filters)
        if not findings.notice:
            self.cache.keep(wanted, findings, state=state)
        return findings

    async def _found_by_words(
        self, session: Session, asked: Sequence[str], scopes: Sequence[str], filters: Filters, limit: int
    ) -> tuple[Found, ...]:
        depth, most = limit, limit * len(scopes)
        while True:
            lexical = await self._by_words(session, asked, scopes, filters, depth)
            shown = await fetch(session, [number for number, _ in lexical], scopes=scopes, filters=filters)
            results = _in_order([(number, value / (1.0 + value)) for number, value in lexical], shown, limit)
            if len(results) >= limit or len(lexical) < depth or depth >= most:
                return results
            # What stands in several scopes was counted once: look further down for the rest.
            depth = min(depth * 4, most)

    async def _by_words(
        self, session: Session, asked: Sequence[str], scopes: Sequence[str], filters: Filters, limit: int
    ) -> list[tuple[int, float]]:
        counts = await self._frequencies(session, asked)
        return await best(
            session, choice=chosen(asked, counts), counts=counts, scopes=scopes, filters=filters, limit=limit
        )

    async def _with_meaning(
        self,
        meaning: Meaning,
        query: str,
        lexical: Sequence[tuple[int, float]],
        scopes: tuple[str, ...],
        limit: int,
        filters: Filters,
    ) -> Findings:
        notice = ""
        near: Sequence[tuple[int, float]] = ()
        try:
            near = await meaning.nearest(query, scopes=scopes, limit=max(limit, DEPTH), filters=filters)
        except FolkmootError as error:
            _log.warning("searched by words alone", error=error.message)
            notice = f"searched by words alone: {error.message}"
        numbers = {number for number, _ in (*lexical, *near)}
        async with self._database.read() as session:
            shown = await fetch(session, numbers, scopes=scopes, filters=filters)
        if notice:
            ranked = [(number, value / (1.0 + value)) for number, value in lexical]
        else:
            ranked = fused([one for one, _ in lexical], [one for one, _ in near if one in shown], weights=self._weights)
        return Findings(
            results=_in_order(ranked, shown, limit),
            scopes=scopes,
            method="lexical" if notice else "fused",
            notice=notice,
        )

    async def _frequencies(self, session: Session, asked: Sequence[str]) -> dict[str, int]:
        now = self._clock.monotonic()
        known = {
            word: self._counts[word][1]
            for word in asked
            if word in self._counts and now - self._counts[word][0] < _COUNTS_SECONDS
        }
        missing = [word for word in asked if word not in known]
        for word, count in (await frequencies(session, missing)).items() if missing else ():
            known[word] = count
            # A word that nothing has is counted again each time: a passage may bring it any moment.
            if count:
                self._counts[word] = (now, count)
                self._counts.move_to_end(word)
        while len(self._counts) > _COUNTS_KEPT:
            self._counts.popitem(last=False)
        return known


def _in_order(ranked: Sequence[tuple[int, float]], shown: dict[int, Found], limit: int) -> tuple[Found, ...]:
    """The best; a document that is kept once for each of several scopes counts once."""
    found: list[Found] = []
    scopes: dict[tuple[str, int, str], str] = {}
    for number, score in ranked:
        one = shown.get(number)
        if one is not None and scopes.setdefault((one.source, one.position, one.text), one.scope) == one.scope:
            found.append(replace(one, score=score))
        if len(found) == limit:
            break
    return tuple(found)
