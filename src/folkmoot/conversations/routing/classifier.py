"""The trained stage: one logistic regression an agent, "is this for it or not", over the features of `features.py`.

Each agent has a score of its own, so one that is offline is left out without training anew, and a message that is for
nobody is low everywhere. scikit-learn fits; what is kept is one table with a row a word and one with a row a pair, so
that a message costs a handful of look-ups and sums, and no call of scikit-learn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from folkmoot.conversations.routing.features import (
    GROUP_WEIGHTS,
    PAIRS,
    PIECES,
    WORDS,
    Counted,
    Floats,
    Ints,
    Weighing,
    pairs,
    pieces,
    read,
    stem,
)

_STRENGTH: Final = 5.0  # inverse regularisation
_STRENGTH_OF_MANY: Final = 15.0
_MANY: Final = 150  # examples an agent
_NEVER: Final = -20.0
_REMEMBERED: Final = 20_000

Table = NDArray[np.float32]


@dataclass
class Linear:
    """Fitted weights (features, agents) and what is added (agents,)."""

    weights: Floats
    bias: Floats


def fit_linear(rows: sp.csr_matrix | Floats, labels: Ints, worth: Floats, agents: int) -> Linear:
    """One-against-all logistic regressions, moved so that a text that says nothing scores 0 among any number of agents.

    An agent without a row is never meant: its score is -20.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # takes a second; imported in a thread

    weights = np.zeros((rows.shape[1], agents))
    bias = np.full(agents, _NEVER)
    strength = _STRENGTH if len(labels) < _MANY * agents else _STRENGTH_OF_MANY
    for agent in range(agents):
        mine = labels == agent
        if not mine.any() or mine.all():
            bias[agent] = 0.0 if mine.any() else bias[agent]
            continue
        fitted = LogisticRegression(C=strength, solver="liblinear", random_state=0)
        fitted.fit(rows, mine, sample_weight=worth)
        weights[:, agent], bias[agent] = fitted.coef_[0], fitted.intercept_[0]
    present = len(np.unique(labels))
    bias[bias > _NEVER] += math.log(max(1, present - 1))  # one among so many has these odds against it
    return Linear(weights=weights, bias=bias)


@dataclass
class Classifier:
    """Scores messages: one number an agent, the log-odds that it is meant."""

    bias: Table  # (agents,)
    unknown: float
    word_rows: dict[str, int]  # a word as written → its row
    word_table: Table  # (words, 2 x agents + 2): by words, by pieces, squared lengths of both
    pair_rows: dict[str, int]
    pair_table: Table  # (pairs, agents + 1)
    piece_rows: dict[str, int]
    piece_table: Table  # (pieces, agents + 1), for words that no example has
    stem_rows: dict[str, int]
    stem_table: Table
    remembered: dict[str, Table] = field(default_factory=dict)

    @classmethod
    def compiled(cls, counted: Counted, weighing: Weighing, linear: Linear, texts: Sequence[str]) -> "Classifier":
        """The look-up tables of a fit; `texts` are those it was fitted to."""
        tables, start = [], 0
        for weights, share in zip(weighing.weights, GROUP_WEIGHTS, strict=True):
            part = linear.weights[start : start + len(weights)]
            start += len(weights)
            tables.append(np.hstack([part * (weights * share)[:, None], (weights**2)[:, None]]).astype(np.float32))
        made = cls(
            bias=linear.bias.astype(np.float32),
            unknown=weighing.unknown,
            word_rows={},
            word_table=np.zeros((0, 2 * len(linear.bias) + 2), dtype=np.float32),
            pair_rows=counted.columns[PAIRS],
            pair_table=tables[PAIRS],
            piece_rows=counted.columns[PIECES],
            piece_table=tables[PIECES],
            stem_rows=counted.columns[WORDS],
            stem_table=tables[WORDS],
        )
        known = list(dict.fromkeys(word for text in texts for word in read(text)))
        made.word_rows = {word: row for row, word in enumerate(known)}
        if known:
            made.word_table = np.array([made._word(word) for word in known], dtype=np.float32)
        return made

    def scores(self, text: str) -> Table:
        """(agents,) log-odds."""
        return self.score_words(read(text))

    def score_words(self, found: Sequence[str]) -> Table:
        """The same, of a message whose words are known."""
        agents = len(self.bias)
        rows, by_word = [], None
        known = self.word_rows
        for word in dict.fromkeys(found):
            row = known.get(word)
            if row is None:
                extra = self.remember(word)
                by_word = extra if by_word is None else by_word + extra
            else:
                rows.append(row)
        if rows:
            total = np.add.reduce(self.word_table.take(rows, axis=0))
            by_word = total if by_word is None else by_word + total
        if by_word is None:
            return self.bias
        seen = pairs(found)
        known = self.pair_rows
        rows = [known[pair] for pair in seen if pair in known]
        length = (len(seen) - len(rows)) * self.unknown**2
        scores = by_word[:agents] * (1.0 / math.sqrt(by_word[-2]))
        scores += by_word[agents : 2 * agents] * (1.0 / math.sqrt(by_word[-1]))
        scores += self.bias
        if rows:
            by_pair = np.add.reduce(self.pair_table.take(rows, axis=0))
            scores += by_pair[:agents] * (1.0 / math.sqrt(length + by_pair[agents]))
        return scores

    def remember(self, word: str) -> Table:
        """The row of a word that no example has: by its stem and its pieces."""
        row = self.remembered.get(word)
        if row is None:
            if len(self.remembered) >= _REMEMBERED:
                self.remembered.clear()
            row = self.remembered[word] = self._word(word)
        return row

    def _word(self, word: str) -> Table:
        agents = len(self.bias)
        row: Table = np.zeros(2 * agents + 2, dtype=np.float32)
        place = self.stem_rows.get(stem(word))
        if place is None:
            row[-2] = self.unknown**2
        else:
            row[:agents], row[-2] = self.stem_table[place, :agents], self.stem_table[place, agents]
        parts = pieces(word)
        places = [self.piece_rows[part] for part in parts if part in self.piece_rows]
        row[-1] = (len(parts) - len(places)) * self.unknown**2
        if places:
            total = self.piece_table[places].sum(axis=0)
            row[agents : 2 * agents] = total[:agents]
            row[-1] += total[agents]
        return row
