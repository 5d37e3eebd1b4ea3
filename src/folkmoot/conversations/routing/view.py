"""Some candidates and the classifier that judges them: what is worked out once a set, and used for every message.

The classifier may know more agents than are candidates now; those that are away are left out of its scores.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np

from folkmoot.conversations.routing.calibrate import best_and_lead
from folkmoot.conversations.routing.cascade import Findings
from folkmoot.conversations.routing.classifier import Table
from folkmoot.conversations.routing.features import Floats, read
from folkmoot.conversations.routing.keywords import Keywords
from folkmoot.conversations.routing.many import Batch
from folkmoot.conversations.routing.mention import Mentions
from folkmoot.conversations.routing.model import Candidate
from folkmoot.conversations.routing.small_words import SMALL_WORDS
from folkmoot.conversations.routing.train import Trained

_WORDS_SHOWN: Final = 3
_FEWEST: Final = 0.02
_LOWEST: Final = -1e9
_KEYWORD_PRIOR: Final = (4.0, 5.0)  # right of asked, before any example was looked at
Chance = TypeVar("Chance", float, Floats)


class Share:
    """The share of messages out of scope, as it seems from the latest ones.

    Begins with what the classifier was calibrated on and follows what comes in: a chance is only right for the share
    that it was worked out for.
    """

    BEGIN: Final = 30.0  # messages that the first share counts for
    LATEST: Final = 500.0

    def __init__(self, begin: float) -> None:
        self._begin = min(0.95, max(0.01, begin))
        self.now = self._begin
        self._weight = self.BEGIN

    def weigh(self, in_scope: Chance) -> Chance:
        """The chance to be in scope under the present share; of one message or of many."""
        inside = in_scope * ((1 - self.now) / (1 - self._begin))
        outside = (1 - in_scope) * (self.now / self._begin)
        return inside / (inside + outside)

    def take(self, in_scope: float) -> None:
        """A message came with this (weighed) chance to be in scope."""
        self._weight = min(self.LATEST, self._weight + 1)
        self.now += (1 - in_scope - self.now) / self._weight
        self.now = min(0.95, max(0.01, self.now))


class Classified(NamedTuple):
    """What the classifier says of one message; `agent_id` None: out of scope."""

    agent_id: str | None
    confidence: float
    in_scope_confidence: float


class View:
    """Judges messages for one set of candidates."""

    def __init__(self, candidates: Sequence[Candidate], trained: Trained, *, fingerprint: str, share: Share) -> None:
        self.trained = trained
        self.share = share
        self.fingerprint = fingerprint
        self._ids = [one.agent_id for one in candidates]
        self._names = {one.agent_id: one.name for one in candidates}
        places = {agent: place for place, agent in enumerate(trained.agent_ids)}
        self._columns = np.array([places[agent] for agent in self._ids], dtype=np.int64)
        self._batch: Batch | None = None
        self._all = len(self._columns) == len(places) and bool((self._columns == np.arange(len(places))).all())
        self._mentions = Mentions(candidates)
        self._keywords = Keywords(candidates)
        self._keyword_right = self._measured(candidates)

    def judge(
        self,
        text: str,
        *,
        vector: Table | None = None,
        sticky: str | None = None,
        fallback: str | None = None,
        scores: Table | None = None,
        learn_share: bool = True,
    ) -> Findings:
        """What the stages without a language model say. `scores`: of all agents of the classifier, if known already."""
        found = read(text)
        meaning = vector is not None and self.trained.meaning is not None
        everybody = self.trained.scores(found, vector) if scores is None else scores
        mine = everybody if self._all else everybody[self._columns]
        values = mine.tolist()
        score = max(values)
        place = values.index(score)
        lead = score - max(*values[:place], *values[place + 1 :], _LOWEST) if len(values) > 1 else 0.0
        calibration = self.trained.reading(with_meaning=meaning)
        taken = self.share.now
        in_scope = self.share.weigh(calibration.scope(score, lead))
        if learn_share:
            self.share.take(in_scope)
        right = in_scope * calibration.right(score, lead) if len(values) > 1 else in_scope
        alone, keywords = self._keywords.find(found)
        return Findings(
            chances=self._chances(values, place, right, in_scope),
            best=self._ids[place],
            score=score,
            lead=lead,
            line=calibration.line,
            in_scope=in_scope,
            out_share=taken,
            names=self._names,
            mentioned=self._mentions.find(text),
            keywords_of=alone,
            keywords=keywords,
            keyword_right=self._keyword_right,
            words=self._why(found, int(self._columns[place])),
            sticky=sticky if sticky in self._names else None,
            fallback=fallback if fallback in self._names else None,
            trained=self.fingerprint,
            meaning=meaning,
        )

    def classify_all(self, texts: Sequence[str]) -> list[Classified]:
        """What the classifier says of each, under the present share of messages out of scope, which stays as it is."""
        if self._batch is None:
            self._batch = Batch(self.trained.classifier)
        scores = self._batch.scores(texts)
        best, top, lead = best_and_lead(scores if self._all else scores[:, self._columns])
        calibration = self.trained.calibration
        in_scope = self.share.weigh(calibration.scope.all(top, lead))
        right = in_scope * (calibration.right.all(top, lead) if len(self._ids) > 1 else 1.0)
        accepted = top >= calibration.line
        confidence = np.where(accepted, right, 1.0 - in_scope)
        agents = [self._ids[at] if taken else None for at, taken in zip(best.tolist(), accepted.tolist(), strict=True)]
        return list(map(Classified, agents, confidence.tolist(), in_scope.tolist()))

    def _chances(self, values: Sequence[float], place: int, right: float, in_scope: float) -> dict[str, float]:
        """The best has its calibrated chance; the others share what is left of being in scope, by their odds."""
        top = values[place]
        odds = [math.exp(value - top) for value in values]
        total = sum(odds) - 1.0
        left = (in_scope - right) / total if total > 0 else 0.0
        chances = {agent: left * odd for agent, odd in zip(self._ids, odds, strict=True)}
        chances[self._ids[place]] = right
        return chances

    def _why(self, found: Sequence[str], column: int) -> list[str]:
        """The words that speak most for an agent."""
        classifier = self.trained.classifier
        agents, table = len(classifier.bias), classifier.word_table
        weights: dict[str, float] = {}
        for word in found:
            row = classifier.word_rows.get(word)
            if row is not None and word not in SMALL_WORDS:
                weights[word] = float(table[row, column]) + 0.5 * float(table[row, agents + column])
        likely = sorted(weights, key=lambda word: -weights[word])[:_WORDS_SHOWN]
        return [word for word in likely if weights[word] > _FEWEST]

    def _measured(self, candidates: Sequence[Candidate]) -> float:
        """How often the keywords that stand alone name the agent of an example."""
        right, asked = _KEYWORD_PRIOR
        for one in candidates:
            for example in one.examples:
                agent, _ = self._keywords.find(read(example))
                if agent is not None:
                    asked += 1
                    right += agent == one.agent_id
        return round(right / asked, 4)
