"""`builtin:ngrams`: texts as hashed words and pieces of words. It has no weights, needs no download and learns nothing.

It brings together forms of a word, compounds and misspellings (`invoice`, `invoicing`, `invoce`), which searching by
words does not; it knows nothing of meaning. Every word is a few signed places of a vector, the rarer a word looks (by
its length) the more it counts, and words that every text has count nearly nothing.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from folkmoot.kernel import words
from folkmoot.models.embeddings import Matrix, checked
from folkmoot.models.quoting import subject_words

SIZE: Final = 512
_PIECES: Final = (3, 4, 5)
_KNOWN: Final = 50_000
_EMPTY_WORDS: Final = 0.05
_WHOLE: Final = 1.0  # a whole word against all its pieces together


class NgramEmbedder:
    """Vectors from nothing but the text itself."""

    name = "builtin:ngrams"
    remote = False
    floor = 0.14

    def __init__(self) -> None:
        self._words: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}

    async def embed(self, texts: Sequence[str], *, question: bool = False) -> Matrix:  # noqa: ARG002  # both are read alike
        """One row of unit length a text; all zeros where it has no word."""
        return await asyncio.to_thread(self.vectors, texts)

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """The same, where nobody waits in a loop."""
        if not texts:
            return np.zeros((0, SIZE), dtype=np.float32)
        return checked(np.array([self._vector(text) for text in texts], dtype=np.float32), len(texts), self.name)

    async def close(self) -> None:
        """Forget the words."""
        self._words.clear()

    def _vector(self, text: str) -> NDArray[np.float64]:
        counts = Counter(words(text))
        telling = set(subject_words(text))
        if not counts:
            return np.zeros(SIZE)
        places, values = [], []
        for word, count in counts.items():
            where, what = self._word(word)
            weight = (1 + math.log(count)) * (min(len(word), 8) / 5 if word in telling else _EMPTY_WORDS)
            places.append(where)
            values.append(what * weight)
        vector: NDArray[np.float64] = np.zeros(SIZE)
        np.add.at(vector, np.concatenate(places), np.concatenate(values))
        return vector

    def _word(self, word: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        known = self._words.get(word)
        if known is None:
            edged = f"<{word}>"
            pieces = [edged[i : i + n] for n in _PIECES for i in range(len(edged) - n + 1) if n < len(edged)]
            hashes = [crc32(edged.encode()), *(crc32(piece.encode()) for piece in pieces)]
            part = 1 / math.sqrt(len(pieces)) if pieces else 0.0
            sizes = [_WHOLE, *([part] * len(pieces))]
            signs = [1.0 if value & 0x80000000 else -1.0 for value in hashes]
            known = (
                np.array([value % SIZE for value in hashes], dtype=np.int64),
                np.array([size * sign for size, sign in zip(sizes, signs, strict=True)]),
            )
            if len(self._words) >= _KNOWN:
                self._words.clear()
            self._words[word] = known
        return known
