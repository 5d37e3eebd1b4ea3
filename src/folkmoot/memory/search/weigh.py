"""Ranking few texts by their words, where asking the index would cost more than reading them. Pure.

The measure is BM25's, as the index's own; forms of a word count as the word.
"""

import math
from collections.abc import Mapping, Sequence
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
    said = {number: words(text) for number, text in texts.items()}
    usual = sum(len(one) for one in said.values()) / max(1, len(said)) or 1.0
    worths = {word: math.log(1 + max(1, total) / (1 + counts.get(word, 0))) for word in asked}
    stems = {word: word[: max(_SHORTEST, len(word) - _ENDING)] for word in asked if len(word) >= _SHORTEST}
    found = []
    for number, spoken in said.items():
        length = 1 - _LENGTH + _LENGTH * len(spoken) / usual
        value = 0.0
        for word, worth in worths.items():
            stem = stems.get(word)
            often = sum(
                one == word or (stem is not None and one.startswith(stem) and abs(len(one) - len(word)) <= _ENDING + 1)
                for one in spoken
            )
            value += worth * often * (_SATURATION + 1) / (often + _SATURATION * length)
        if value > 0:
            found.append((number, value))
    return sorted(found, key=lambda one: (-one[1], one[0]))
