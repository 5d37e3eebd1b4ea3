"""What a search asks for, and what it finds. Pure.

Every word must be there, in any of its forms; the last may be begun only; words in double quotes must stand together.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from folkmoot.conversations.errors import BadSayingError
from folkmoot.kernel import words

LONGEST_QUERY: Final = 200
_MOST_TERMS: Final = 12
_SNIPPET: Final = 240
_STEM: Final = 4
_TERM: Final = re.compile(r'"([^"]*)"|(\S+)')
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)


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


def excerpt_around(text: str, asked: Wanted, *, length: int = _SNIPPET) -> tuple[str, tuple[tuple[int, int], ...]]:
    """One line around the first words that were sought, and where they stand in it. Pure."""
    line = " ".join(text.split())
    hits = [found.span() for found in _WORD.finditer(line) if _is_form(found.group().casefold(), asked)]
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


def _is_form(word: str, asked: Wanted) -> bool:
    """Whether a word is one of those sought, or looks like another form of it."""
    if asked.begun and word.startswith(asked.words[-1]):
        return True
    for one in asked.words:
        stem = one[: max(_STEM, len(one) - 3)]
        if word == one or (len(one) >= _STEM and word.startswith(stem)):
            return True
    return False
