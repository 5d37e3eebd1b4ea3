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
from folkmoot.memory.store import narrowed
from folkmoot.memory.tables import PassageRow

# Beyond this a word is common, and how common it is matters no more.
COMMON: Final = 20_000
# So many passages are ranked at most.
RANKED: Final = 2500
_FTS = table("knowledge_fts", column("rowid"))
_PG = table("knowledge_fts", column("number"), column("words"))
_CONFIG: Final = "'folkmoot'"


async def frequencies(session: AsyncSession, words: Sequence[str]) -> dict[str, int]:
    """In how many passages each word stands, up to `COMMON`; whatever their scope."""
    if session.get_bind().dialect.name == "sqlite":
        counted = text("SELECT count(*) FROM (SELECT 1 FROM knowledge_fts WHERE knowledge_fts MATCH :word LIMIT :most)")
        asked = {word: f'text : "{word}"' for word in words}
    else:
        counted = text(
            "SELECT count(*) FROM (SELECT 1 FROM knowledge_fts "
            "WHERE words @@ to_tsquery('folkmoot', :word) LIMIT :most) AS places"
        )
        asked = {word: f"'{word}'" for word in words}
    return {
        word: int(await session.scalar(counted, {"word": said, "most": COMMON}) or 0) for word, said in asked.items()
    }


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
    found: dict[int, float] = {}
    turns = [(choice.words, "OR"), (choice.common, "AND"), (choice.common, "OR")]
    for words, together in turns:
        if len(found) >= limit or not words or (together == "AND" and len(words) == 1):
            continue
        more = await _ranked(session, words, together, counts, scopes, filters, limit)
        # What an earlier turn found stays before what a later one finds.
        lowest = min(found.values(), default=None)
        top = max((value for _, value in more), default=1.0) or 1.0
        for number, value in more:
            found.setdefault(number, value if lowest is None else lowest * value / (top * 2))
    return list(found.items())[:limit]


async def _ranked(
    session: AsyncSession,
    words: Sequence[str],
    together: str,
    counts: Mapping[str, int],
    scopes: Sequence[str],
    filters: Filters,
    limit: int,
) -> list[tuple[int, float]]:
    if session.get_bind().dialect.name == "sqlite":
        candidates = _by_fts5(words, together, scopes)
    else:
        candidates = _by_tsvector(words, together, counts, await passages(session))
    candidates = candidates.where(PassageRow.scope.in_(scopes), narrowed(filters)).limit(RANKED)
    hits = candidates.subquery("hits")
    rows = await session.execute(
        select(hits.c.number, hits.c.worth).order_by(hits.c.worth.desc(), hits.c.passage_id).limit(limit)
    )
    return [(int(number), max(0.0, float(worth))) for number, worth in rows]


def _by_fts5(words: Sequence[str], together: str, scopes: Sequence[str]) -> Select[Any]:
    # Quoted words are plain words to FTS5, whatever they look like: no operator gets through.
    said = f" {together} ".join(f'"{word}"' for word in words)
    within = " OR ".join(f'"{scope.encode().hex()}"' for scope in scopes)
    worth: Any = literal_column("-bm25(knowledge_fts, 1.0, 0.0)", Float)
    return (
        select(PassageRow.number, PassageRow.passage_id, worth.label("worth"))
        .join(_FTS, _FTS.c.rowid == PassageRow.number)
        .where(literal_column("knowledge_fts", Text).op("MATCH")(f"(text : ({said})) AND (scope : ({within}))"))
        .order_by(literal_column("knowledge_fts.rowid").desc())
    )


def _by_tsvector(words: Sequence[str], together: str, counts: Mapping[str, int], total: int) -> Select[Any]:
    config: Any = literal_column(_CONFIG)
    sign = " & " if together == "AND" else " | "
    asked: Any = func.to_tsquery(config, sign.join(f"'{word}'" for word in words))
    worth: Any = literal(0.0)
    for word in words:
        one: Any = func.to_tsquery(config, f"'{word}'")
        rarity = log(1 + max(1, total) / (1 + counts.get(word, 0)))
        worth += literal(rarity) * func.ts_rank(literal_column("'{1,1,1,1}'"), _PG.c.words, one, 1, type_=Float)
    return (
        select(PassageRow.number, PassageRow.passage_id, worth.label("worth"))
        .join(_PG, _PG.c.number == PassageRow.number)
        .where(_PG.c.words.op("@@")(asked))
        .order_by(PassageRow.number.desc())
    )
