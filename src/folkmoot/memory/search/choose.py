"""Which words of a question are looked up: the rare ones say what it is about, and common ones cost time. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from folkmoot.kernel import words

# A question longer than this says no more by its further words, and each costs time.
LONGEST: Final = 40
_SHARP: Final = re.compile(r"[^\W_]*[ßẞ][^\W_]*")
# So many places in the index are ranked for one question; below this nothing is left out.
BUDGET: Final = 2500


@dataclass(frozen=True)
class Choice:
    """`words` are looked up; `common` ones as well where those find too little, all together before any of them."""

    words: tuple[str, ...]
    common: tuple[str, ...] = ()


def asked_words(query: str) -> list[str]:
    """The words of what a person typed, each once; quotes, operators and punctuation have no meaning."""
    found = (part for word in words(query) for part in word.replace("’", "'").split("'") if part)
    # Comparing makes `ss` of `ß` and the index keeps it: such words are looked up both ways.
    sharp = [word.lower() for word in _SHARP.findall(query)]
    return list(dict.fromkeys([*found, *sharp]))[:LONGEST]


def chosen(asked: Sequence[str], frequencies: Mapping[str, int], *, budget: int = BUDGET) -> Choice:
    """The rarest words, as many as stay within the budget; of the others the three rarest stand by."""
    rarest = sorted(asked, key=lambda word: frequencies.get(word, 0))
    places = list(accumulate(frequencies.get(word, 0) for word in rarest))
    within = sum(place <= budget for place in places)
    return Choice(tuple(rarest[:within]), tuple(rarest[within : within + 3]))
