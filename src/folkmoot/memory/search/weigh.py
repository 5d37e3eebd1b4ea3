"""Ranking few texts by their words, where asking the index would cost more than reading them. Pure.

The measure is BM25's, as the index's own; forms of a word count as the word.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from folkmoot.kernel import words

_SATURATION: Final = 1.2
_LENGTH: Final = 0.75
_SHORTEST: Final = 4  # fewer letters in common make no two forms of one word
_ENDING: Final = 3


def weighed(
    texts: Mapping[int, str], asked: Sequence[str], counts: Mapping[str, int], *, total: int
) -> list[tuple[int, float]]:
    """The numbers of the texts that hold any of the words, the best first, with a value above 0."""
    said = {number: Counter(words(text)) for number, text in texts.items()}
    lengths = {number: spoken.total() for number, spoken in said.items()}
    usual = sum(lengths.values()) / max(1, len(said)) or 1.0
    vocabulary = set().union(*said.values())
    asking = [(math.log(1 + max(1, total) / (1 + counts.get(word, 0))), _forms(word, vocabulary)) for word in asked]
    found = []
    for number, spoken in said.items():
        length = 1 - _LENGTH + _LENGTH * lengths[number] / usual
        value = 0.0
        for worth, forms in asking:
            often = sum(spoken[form] for form in forms)
            value += worth * often * (_SATURATION + 1) / (often + _SATURATION * length)
        if value > 0:
            found.append((number, value))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _forms(word: str, vocabulary: Collection[str]) -> list[str]:
    """The word and what looks like other forms of it."""
    if len(word) < _SHORTEST:
        return [word]
    stem = word[: max(_SHORTEST, len(word) - _ENDING)]
    return [one for one in vocabulary if one.startswith(stem) and abs(len(one) - len(word)) <= _ENDING + 1]
