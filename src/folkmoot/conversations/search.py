"""Finding what was said: the words asked for, in the conversations of one user, the best first.

Every word must be there, in any of its forms; the last may be begun only; words in double quotes must stand together.
What was deleted, and branches that are not shown, are not found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Float, Select, Text, column, func, literal_column, select, table

from folkmoot.conversations.errors import BadSayingError
from folkmoot.conversations.store import AsyncSession
from folkmoot.conversations.tables import ConversationRow, MessageRow
from folkmoot.kernel import words

LONGEST_QUERY: Final = 200
_MOST_TERMS: Final = 12
_SNIPPET: Final = 240
_STEM: Final = 4
_TERM: Final = re.compile(r'"([^"]*)"|(\S+)')
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
_FTS = table("messages_fts", column("rowid"))
_PG = table("messages_fts", column("number"), column("words"))


@dataclass(frozen=True, kw_only=True)
class Found:
    """A message that was found. `marks` are where in `snippet` its words stand: from, to."""

    conversation_id: str
    title: str
    kind: str
    message_id: str
    role: str
    agent_name: str | None
    created_at: datetime
    snippet: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to look for: each term is words that stand together; `begun`: the last one may go on."""

    terms: tuple[tuple[str, ...], ...]
    begun: bool

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for term in self.terms for word in term)


def wanted(query: str) -> Wanted:
    """What a query asks for. Raises `BadSayingError` for one without words, and for one that is too long."""
    if len(query) > LONGEST_QUERY:
        raise BadSayingError(f"a search has at most {LONGEST_QUERY} characters", field="q")
    terms: list[tuple[str, ...]] = []
    begun = False
    for phrase, plain in _TERM.findall(query):
        found = tuple(_WORD.findall(" ".join(words(phrase or plain))))
        if found:
            # A word with a sign in it is several, of which none may be left out.
            terms.extend([found] if phrase else [(one,) for one in found])
            begun = not phrase
    if not terms:
        raise BadSayingError("the search has no word in it; say what to look for", field="q")
    return Wanted(terms=tuple(terms[:_MOST_TERMS]), begun=begun and len(terms) <= _MOST_TERMS)


async def search(
    session: AsyncSession, asked: Wanted, *, owner: str, limit: int, offset: int
) -> tuple[list[Found], int]:
    """A page of what was found, and how much there is."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    base, worth = _by_fts5(asked, owner) if sqlite else _by_tsvector(asked)
    base = (
        base.join(ConversationRow, ConversationRow.conversation_id == MessageRow.conversation_id)
        .where(MessageRow.user_id == owner, MessageRow.active, ConversationRow.deleted_at.is_(None))
    )
    total = int(await session.scalar(base.with_only_columns(func.count(), maintain_column_froms=True)) or 0)
    page = base.order_by(worth.desc(), MessageRow.number.desc()).limit(limit).offset(offset)
    found: list[Found] = []
    for row in (await session.execute(page)).mappings():
        snippet, marks = excerpt_around(row["content"], asked.words)
        values = {name: value for name, value in row.items() if name != "content"}
        found.append(Found(**values, snippet=snippet, marks=marks))
    return found, total


def excerpt_around(text: str, sought: Sequence[str], *, length: int = _SNIPPET) -> tuple[str, tuple[tuple[int, int], ...]]:
    """One line around the first words that were sought, and where they stand in it. Pure."""
    line = " ".join(text.split())
    hits = [found.span() for found in _WORD.finditer(line) if _is_form(found.group().casefold(), sought)]
    if len(line) <= length:
        return line, tuple(hits)
    first = hits[0][0] if hits else 0
    start = max(0, min(first - length // 4, len(line) - length))
    if start:
        space = line.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(line), start + length)
    if end < len(line):
        space = line.rfind(" ", start + length // 2, end)
        end = space if space >= 0 else end
    before, after = ("…" if start else ""), ("…" if end < len(line) else "")
    shift = len(before) - start
    marks = tuple((one + shift, two + shift) for one, two in hits if one >= start and two <= end)
    return f"{before}{line[start:end]}{after}", marks


def _is_form(word: str, sought: Sequence[str]) -> bool:
    """Whether a word is one of those sought, or looks like another form of it."""
    for one in sought:
        stem = one[: max(_STEM, len(one) - 3)]
        if word == one or (len(one) >= _STEM and word.startswith(stem)):
            return True
    return False


_COLUMNS: Final = (
    MessageRow.conversation_id,
    ConversationRow.title,
    ConversationRow.kind,
    MessageRow.message_id,
    MessageRow.role,
    MessageRow.agent_name,
    MessageRow.created_at,
    MessageRow.content,
)


def _by_fts5(asked: Wanted, owner: str) -> tuple[Select[Any], Any]:
    # Quoted words are plain words to FTS5, whatever they look like: no operator gets through.
    said = [f'"{" ".join(term)}"' for term in asked.terms]
    if asked.begun:
        said[-1] += " *"
    match = f'(text : ({" AND ".join(said)})) AND (owner : "{owner.encode().hex()}")'
    query = (
        select(*_COLUMNS)
        .select_from(MessageRow)
        .join(_FTS, _FTS.c.rowid == MessageRow.number)
        .where(literal_column("messages_fts", Text).op("MATCH")(match))
    )
    return query, literal_column("-bm25(messages_fts, 1.0, 0.0)", Float)


def _by_tsvector(asked: Wanted) -> tuple[Select[Any], Any]:
    said = ["(" + " <-> ".join(f"'{word}'" for word in term) + ")" for term in asked.terms]
    if asked.begun:
        said[-1] = f"'{asked.terms[-1][-1]}':*"
    sought: Any = func.to_tsquery(literal_column("'folkmoot'"), " & ".join(said))
    query = (
        select(*_COLUMNS)
        .select_from(MessageRow)
        .join(_PG, _PG.c.number == MessageRow.number)
        .where(_PG.c.words.op("@@")(sought))
    )
    return query, func.ts_rank(_PG.c.words, sought, 1, type_=Float)
