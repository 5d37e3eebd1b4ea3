"""What of a long conversation is kept in mind: the latest turns as they were said, the earlier ones in short. Pure.

The short form quotes: the earlier sentences that say most about what the conversation is about, in their order, each
with who said it. Nothing is invented, and no model is needed. Turns themselves are kept by whoever holds the
conversation; what somebody shares beyond it is in `shared/`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from folkmoot.kernel import excerpt, words

WINDOW: Final = 24_000  # characters of turns as they were said
SUMMARY: Final = 1_500
SENTENCE: Final = 240
_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_SHORTEST_WORD: Final = 4


@dataclass(frozen=True)
class Said:
    """One turn: who spoke, and what."""

    role: str
    text: str


@dataclass(frozen=True)
class InMind:
    """The latest turns as they were, and those before in short; empty where nothing was before."""

    turns: tuple[Said, ...]
    summary: str = ""


def in_mind(turns: Sequence[Said], *, window: int = WINDOW, summary: int = SUMMARY) -> InMind:
    """The latest turns that fit into `window` characters, at least the last; `summary` characters of the rest."""
    size, first = 0, len(turns)
    while first > 0 and (size + len(turns[first - 1].text) <= window or first == len(turns)):
        first -= 1
        size += len(turns[first].text)
    return InMind(tuple(turns[first:]), _in_short(turns[:first], summary))


def _in_short(turns: Sequence[Said], limit: int) -> str:
    sentences = [
        (turn.role, excerpt(sentence, SENTENCE))
        for turn in turns
        for sentence in _END.split(turn.text.strip())
        if sentence.strip()
    ]
    often = Counter(word for _, sentence in sentences for word in _subject(sentence))
    worth = [
        sum(often[word] - 1 for word in _subject(sentence)) / (3 + len(words(sentence))) for _, sentence in sentences
    ]
    kept: list[int] = []
    size = 0
    for place in sorted(range(len(sentences)), key=lambda place: (-worth[place], -place)):
        role, sentence = sentences[place]
        if size + len(role) + len(sentence) + 3 <= limit:
            kept.append(place)
            size += len(role) + len(sentence) + 3
    return "\n".join(f"{sentences[place][0]}: {sentences[place][1]}" for place in sorted(kept))


def _subject(sentence: str) -> set[str]:
    return {word for word in words(sentence) if len(word) >= _SHORTEST_WORD}
