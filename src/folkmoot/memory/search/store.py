"""The SQL of searching by words, on each database.

What takes time is ranking: so only so many places of the index are ranked for one question (`choose.py`), the newest
passages first where there are more. The scopes are asked of the index where it knows them, and of the row always.
"""

from collections.abc import Mapping, Sequence
from math import log
from typing import Any, Final

from sqlalchemy import Float, Select, Text, column, func, literal, literal_column, select, table, text
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.memory.model import Filters
from folkmoot.memory.search.choose import Choice
from folkmoot.memory.search.weigh import weighed
from folkmoot.memory.store import narrowed
from folkmoot.memory.tables import PassageRow

# Beyond this a word is common, and how common it is matters no more.
COMMON: Final = 8000
# So many passages are ranked at most.
RANKED: Final = 2500
# So many are read and weighed, where ranking by the index would count every place of a common word.
READ: Final = 250
# With fewer than this found by its rare words, a question's common ones are asked as well.
ENOUGH: Final = 3
_FTS = table("knowledge_fts", column("rowid"))
_PG = table("knowledge_fts", column("number"), column("words"))
_CONFIG: Final = "'folkmoot'"


async def frequencies(session: AsyncSession, words: Sequence[str]) -> dict[str, int]:
    """In how many passages each word stands, up to `COMMON`; whatever their scope."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    one = (
        "SELECT {0}, count(*) FROM (SELECT 1 FROM knowledge_fts WHERE knowledge_fts MATCH :word{0} LIMIT :most)"
        if sqlite
        else "SELECT {0}, count(*) FROM (SELECT 1 FROM knowledge_fts "
        "WHERE words @@ to_tsquery('folkmoot', :word{0}) LIMIT :most) AS places{0}"
    )
    counted = text(" UNION ALL ".join(one.format(place) for place in range(len(words))))
    asked = {f"word{place}": f'text : "{word}"' if sqlite else f"'{word}'" for place, word in enumerate(words)}
    rows = await session.execute(counted, {**asked, "most": COMMON})
    return {words[int(place)]: int(count) for place, count in rows}


async def passages(session: AsyncSession) -> int:
    """About how many passages there are."""
    return int(await session.scalar(select(func.max(PassageRow.number))) or 0)


async def best(
    session: AsyncSession,
    *,
    choice: Choice,
    counts: Mapping[str, int],
    scopes: Sequence[str],
    filters: Filters,
    limit: int,
) -> list[tuple[int, float]]:
    """The numbers of passages of these scopes with any of the words, and a value, the best first; ties by id."""
    everything = (*choice.words, *choice.common)
    total = await passages(session)
    if filters != Filters():
        few = await _few(session, scopes, filters)
        if few is not None:
            return weighed(few, everything, counts, total=total)[:limit]
    found = await _ranked(session, choice.words, counts, total, scopes, filters, limit) if choice.words else []
    if len(found) >= min(limit, ENOUGH) or not choice.common:
        return found
    more: dict[int, str] = {}
    for together in ("AND", "OR") if len(choice.common) > 1 else ("OR",):
        if len(more) < limit:
            more |= await _unranked(session, choice.common, together, scopes, filters)
    seen = {number for number, _ in found}
    others = [one for one in weighed(more, everything, counts, total=total) if one[0] not in seen]
    # What has one of the rare words stays before what has none.
    lowest = found[-1][1] if found else 0.0
    scale = lowest / (2 * others[0][1]) if lowest and others else 1.0
    return (found + [(number, value * scale) for number, value in others])[:limit]


async def _few(session: AsyncSession, scopes: Sequence[str], filters: Filters) -> dict[int, str] | None:
    """The texts that are left by the filters, None if those are many."""
    query = select(PassageRow.number, PassageRow.text).where(PassageRow.scope.in_(scopes), narrowed(filters))
    if filters.source is None and filters.document is None:
        return None  # no index leads there
    rows = (await session.execute(query.limit(READ + 1))).all()
    return {int(number): str(said) for number, said in rows} if len(rows) <= READ else None


async def _ranked(
    session: AsyncSession,
    words: Sequence[str],
    counts: Mapping[str, int],
    total: int,
    scopes: Sequence[str],
    filters: Filters,
    limit: int,
) -> list[tuple[int, float]]:
    if session.get_bind().dialect.name == "sqlite":
        worth: Any = literal_column("-bm25(knowledge_fts, 1.0, 0.0)", Float)
    else:
        worth = _worth_by_tsvector(words, counts, total)
    candidates = _matching(session, words, "OR", scopes, filters)
    hits = candidates.add_columns(PassageRow.passage_id, worth.label("worth")).limit(RANKED).subquery("hits")
    rows = await session.execute(
        select(hits.c.number, hits.c.worth).order_by(hits.c.worth.desc(), hits.c.passage_id).limit(limit)
    )
    return [(int(number), max(0.0, float(value))) for number, value in rows]


async def _unranked(
    session: AsyncSession, words: Sequence[str], together: str, scopes: Sequence[str], filters: Filters
) -> dict[int, str]:
    """The newest passages with these words, as they are."""
    query = _matching(session, words, together, scopes, filters).add_columns(PassageRow.text).limit(READ)
    return {int(number): str(said) for number, said in await session.execute(query)}


def _matching(
    session: AsyncSession, words: Sequence[str], together: str, scopes: Sequence[str], filters: Filters
) -> Select[Any]:
    """Passages with these words, the newest first."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    found = _by_fts5(words, together, scopes) if sqlite else _by_tsvector(words, together)
    return found.where(PassageRow.scope.in_(scopes), narrowed(filters))


def _by_fts5(words: Sequence[str], together: str, scopes: Sequence[str]) -> Select[Any]:
    # Quoted words are plain words to FTS5, whatever they look like: no operator gets through.
    said = f" {together} ".join(f'"{word}"' for word in words)
    within = " OR ".join(f'"{scope.encode().hex()}"' for scope in scopes)
    return (
        select(PassageRow.number)
        .join(_FTS, _FTS.c.rowid == PassageRow.number)
        .where(literal_column("knowledge_fts", Text).op("MATCH")(f"(text : ({said})) AND (scope : ({within}))"))
        .order_by(literal_column("knowledge_fts.rowid").desc())
    )


def _by_tsvector(words: Sequence[str], together: str) -> Select[Any]:
    sign = " & " if together == "AND" else " | "
    asked: Any = func.to_tsquery(literal_column(_CONFIG), sign.join(f"'{word}'" for word in words))
    return (
        select(PassageRow.number)
        .join(_PG, _PG.c.number == PassageRow.number)
        .where(_PG.c.words.op("@@")(asked))
        .order_by(PassageRow.number.desc())
    )


def _worth_by_tsvector(words: Sequence[str], counts: Mapping[str, int], total: int) -> Any:
    worth: Any = literal(0.0)
    for word in words:
        one: Any = func.to_tsquery(literal_column(_CONFIG), f"'{word}'")
        rarity = log(1 + max(1, total) / (1 + counts.get(word, 0)))
        worth += literal(rarity) * func.ts_rank(literal_column("'{1,1,1,1}'"), _PG.c.words, one, 1, type_=Float)
    return worth
