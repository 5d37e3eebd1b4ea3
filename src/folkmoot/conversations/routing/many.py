"""Scoring many messages together: the sums of `Classifier.scores`, for thousands of messages in a few array operations.

A word costs one look-up; which pairs and words are distinct, and which of them are known, is told by sorting numbers.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy.sparse as sp

from folkmoot.conversations.routing.classifier import Classifier, Table
from folkmoot.conversations.routing.features import EDGE, Ints, read_all, stem

_BATCH: Final = 4096


class Batch:
    """Scores messages together, by the tables of a classifier."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        stems = {EDGE: 0}
        for name in classifier.stem_rows:
            stems.setdefault(name, len(stems))
        self._stems = stems
        self._stem_of = np.array([stems[stem(word)] for word in classifier.word_rows], dtype=np.int64)
        self._span = len(stems)
        ends = [name.split(" ") for name in classifier.pair_rows]
        keys = np.array([stems[one] * self._span + stems[two] for one, two in ends], dtype=np.int64)
        self._pair_at = np.argsort(keys)
        self._pair_keys = keys[self._pair_at]

    def scores(self, texts: Sequence[str]) -> Table:
        """(texts, agents) log-odds."""
        done = [self._some(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        return np.concatenate(done) if done else np.zeros((0, len(self._classifier.bias)), dtype=np.float32)

    def _some(self, texts: Sequence[str]) -> Table:
        classifier = self._classifier
        agents, known = len(classifier.bias), len(classifier.word_table)
        tokens: list[str] = []
        ends = [0]
        for found in read_all(texts):
            tokens += found
            ends.append(len(tokens))
        if not tokens:
            return np.tile(classifier.bias, (len(texts), 1))
        rows, table, stems = self._rows(tokens)
        lengths = np.diff(ends)
        of = np.repeat(np.arange(len(texts)), lengths)
        by_word = _sums(of, rows, table, len(texts), known)
        by_pair = self._pairs(of, stems, np.array(ends), len(texts))
        scores = classifier.bias + _over(by_word[:, :agents], by_word[:, -2])
        scores += _over(by_word[:, agents : 2 * agents], by_word[:, -1])
        scores += _over(by_pair[:, :agents], by_pair[:, -1])
        scores[lengths == 0] = classifier.bias
        return np.asarray(scores, dtype=np.float32)

    def _rows(self, tokens: Sequence[str]) -> tuple[Ints, Table, Ints]:
        """(row of each token, rows of the words that no example has, number of each token's stem)."""
        classifier = self._classifier
        found = list(map(classifier.word_rows.get, tokens))
        strange: dict[str, int] = {}
        known = len(classifier.word_table)
        if None in found:
            for at, row in enumerate(found):
                if row is None:
                    found[at] = known + strange.setdefault(tokens[at], len(strange))
        rows = np.array(found, dtype=np.int64)
        if not strange:
            return rows, classifier.word_table, self._stem_of[rows]
        new: dict[str, int] = {}
        stems = []
        for word in strange:
            name = stem(word)
            stems.append(self._stems.get(name, self._span + new.setdefault(name, len(new))))
        extra = np.array([classifier.remember(word) for word in strange], dtype=np.float32)
        table = np.concatenate([classifier.word_table, extra])
        return rows, table, np.concatenate([self._stem_of, np.array(stems, dtype=np.int64)])[rows]

    def _pairs(self, of: Ints, stems: Ints, ends: Ints, texts: int) -> Table:
        """(texts, agents + 1): the sums of the pairs, and their squared length."""
        classifier = self._classifier
        # Every text is framed by edges, whose number is 0; a pair that joins two texts is none.
        framed = np.zeros(len(stems) + 2 * texts, dtype=np.int64)
        framed[np.arange(len(stems)) + 2 * of + 1] = stems
        number = np.repeat(np.arange(texts), np.diff(ends) + 2)
        same = number[1:] == number[:-1]
        left, right, mine = framed[:-1][same], framed[1:][same], number[1:][same]
        span = int(framed.max()) + 1
        distinct = _distinct((mine * span + left) * span + right)
        mine, left, right = distinct // (span * span), distinct // span % span, distinct % span
        keys = left * self._span + right
        place = np.minimum(np.searchsorted(self._pair_keys, keys), len(self._pair_keys) - 1)
        met = (left < self._span) & (right < self._span) & (self._pair_keys[place] == keys)
        chosen = _chosen(mine[met], self._pair_at[place[met]], texts, len(classifier.pair_table))
        sums: Table = np.asarray(chosen @ classifier.pair_table, dtype=np.float32)
        sums[:, -1] += np.bincount(mine[~met], minlength=texts) * np.float32(classifier.unknown**2)
        return sums


def _sums(of: Ints, rows: Ints, table: Table, texts: int, known: int) -> Table:
    """(texts, columns): the sum of the rows of a text's distinct words."""
    span = max(len(table), known)
    distinct = _distinct(of * span + rows)
    return np.asarray(_chosen(distinct // span, distinct % span, texts, len(table)) @ table, dtype=np.float32)


def _distinct(keys: Ints) -> Ints:
    """Sorted, each once; quicker than numpy.unique, which hashes."""
    keys.sort()
    first = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


def _chosen(of: Ints, rows: Ints, texts: int, known: int) -> sp.csr_matrix:
    starts = np.searchsorted(of, np.arange(texts + 1))
    return sp.csr_matrix((np.ones(len(rows), dtype=np.float32), rows, starts), shape=(texts, known))


def _over(part: Table, squared: Table) -> Table:
    length = np.sqrt(squared)
    return np.asarray(part / np.where(length > 0, length, 1.0)[:, None], dtype=np.float32)
