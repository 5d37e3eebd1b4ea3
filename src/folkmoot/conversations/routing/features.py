"""What of a message is counted: its words, pairs of neighbouring words, and pieces of words.

Words are brought to a rough stem, so that forms of a word count alike; pieces do the same for compounds, misspellings
and other languages. Each kind is a group with a length of its own: a text is as long as *all* its features, known or
not, so a message full of words that nobody has examples of is far from everybody.
"""

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from folkmoot.conversations.routing.small_words import SMALL_WORDS
from folkmoot.kernel.text import WORD, words

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WORDS, PAIRS, PIECES = range(3)
# Found on HWU64 over held-out scenarios, at 10, 20 and 50 examples an agent.
GROUP_WEIGHTS: Final = (0.7, 0.7, 1.0)
_SMALL: Final = 0.7
_SIZES: Final = (3, 4, 5)
_LONGEST_WORD: Final = 40
_MOST_WORDS: Final = 400  # of one message: what it is about is said by then
EDGE: Final = "\x02"
_BETWEEN: Final = "\x00"
_ENDINGS: Final = ("ings", "ing", "ies", "ed", "es", "s")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its commonest endings: `bookings` → `book`. Rough on purpose: pieces do the rest."""
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    if len(word) <= 3:  # noqa: PLR2004  # too short to have an ending
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004  # something must be left
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":  # noqa: PLR2004
                word = word[:-1]
            break
    if len(word) > 3 and word[-1] == "e":  # noqa: PLR2004  # `make` and `making` are one
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 4 and word[-1] == "y" else word  # noqa: PLR2004


def pieces(word: str) -> list[str]:
    """Runs of 3 to 5 characters of a word with its ends marked; a repeated one is named again."""
    marked = f"<{word[:_LONGEST_WORD]}>"
    return [marked[i : i + size] for size in _SIZES for i in range(len(marked) - size + 1)]


def read(text: str) -> list[str]:
    """The words of a message as they are counted, in order."""
    return words(text)[:_MOST_WORDS]


def read_all(texts: Sequence[str]) -> Iterator[list[str]]:
    """The words of each of many messages: as `read`, but what can be done for all at once is."""
    if not texts:
        return
    whole = _BETWEEN.join([text.replace(_BETWEEN, " ") for text in texts])
    for text in unicodedata.normalize("NFKC", whole).casefold().split(_BETWEEN):
        yield WORD.findall(text)[:_MOST_WORDS]


def pairs(found: Sequence[str]) -> list[str]:
    """The distinct pairs of neighbouring stems, the ends of the message counted as neighbours."""
    stems = [EDGE, *map(stem, found), EDGE]
    return list(dict.fromkeys(f"{one} {two}" for one, two in pairwise(stems)))


def telling(found: Sequence[str]) -> list[str]:
    """The words that are not small ones."""
    return [word for word in found if word not in SMALL_WORDS]


@dataclass(frozen=True)
class Counted:
    """Texts as counts: for each group a matrix (texts, features) and what its columns are called."""

    matrices: tuple[sp.csr_matrix, ...]
    columns: tuple[dict[str, int], ...]
    damp: tuple[Floats, ...]  # (features,): what a feature of small words is worth


def count(texts: Sequence[str]) -> Counted:
    """Count every feature of `texts`."""
    columns: tuple[dict[str, int], ...] = ({}, {}, {})
    places: list[list[int]] = [[], [], []]
    starts: list[list[int]] = [[0], [0], [0]]
    for text in texts:
        found = read(text)
        distinct = list(dict.fromkeys(found))
        features = ([stem(word) for word in distinct], pairs(found), [p for word in distinct for p in pieces(word)])
        for group, names in enumerate(features):
            known = columns[group]
            places[group].extend(known.setdefault(name, len(known)) for name in names)
            starts[group].append(len(places[group]))
    matrices = []
    for group in range(3):
        matrix = sp.csr_matrix(
            (np.ones(len(places[group])), np.array(places[group], dtype=np.int32), np.array(starts[group])),
            shape=(len(texts), len(columns[group])),
        )
        matrix.sum_duplicates()
        matrices.append(matrix)
    small = {stem(word) for word in SMALL_WORDS} | {EDGE}
    damp = (
        np.array([_SMALL if name in small else 1.0 for name in columns[WORDS]]),
        np.array([_damp_pair(name, small) for name in columns[PAIRS]]),
        np.ones(len(columns[PIECES])),
    )
    return Counted(matrices=tuple(matrices), columns=columns, damp=damp)


def _damp_pair(name: str, small: set[str]) -> float:
    one, two = name.split(" ")
    return math.sqrt((_SMALL if one in small else 1.0) * (_SMALL if two in small else 1.0))


@dataclass(frozen=True)
class Weighing:
    """How much each feature counts: rare ones more; one that no text of the fit had counts as the rarest."""

    weights: tuple[Floats, ...]  # a group's (features,)
    unknown: float

    @classmethod
    def learned(cls, counted: Counted, rows: Ints) -> "Weighing":
        """From the texts in `rows`."""
        unknown = math.log1p(len(rows)) + 1.0
        weights = []
        for matrix, damp in zip(counted.matrices, counted.damp, strict=True):
            seen = np.bincount(matrix[rows].indices, minlength=matrix.shape[1])
            weights.append((np.log((1.0 + len(rows)) / (1.0 + seen)) + 1.0) * damp)
        return cls(weights=tuple(weights), unknown=unknown)

    def weigh(self, counted: Counted, rows: Ints) -> sp.csr_matrix:
        """The texts in `rows` as one matrix, group beside group, each group of its weight's length."""
        parts = []
        for matrix, weights, share in zip(counted.matrices, self.weights, GROUP_WEIGHTS, strict=True):
            some = matrix[rows]
            length = np.sqrt(some @ weights**2)
            scale = np.divide(share, length, out=np.zeros_like(length), where=length > 0)
            parts.append(sp.diags_array(scale) @ some @ sp.diags_array(weights))
        return sp.csr_matrix(sp.hstack(parts, format="csr"))
