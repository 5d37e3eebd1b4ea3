"""From agents with their examples to something that judges messages. Blocks: call it in a thread.

What is learned depends on the candidates, the examples learned from overrides, the messages given for tuning and the
embedding model alone; nothing is drawn by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from folkmoot.conversations.routing.calibrate import (
    OUT,
    RIGHT,
    WRONG,
    Calibration,
    Samples,
    assumed,
    best_and_lead,
    calibrate,
)
from folkmoot.conversations.routing.classifier import Classifier, Linear, Table, fit_linear
from folkmoot.conversations.routing.features import Floats, Ints, Weighing, count
from folkmoot.conversations.routing.held_out import OUT_SHARE, Lesson, held_out
from folkmoot.conversations.routing.many import Batch
from folkmoot.conversations.routing.model import Candidate, Utterance

_HELD_WORTH: Final = 40.0  # messages that all held-out examples count for beside those given for tuning


@dataclass(frozen=True)
class Trained:
    """A classifier of some agents and what its scores mean, without and with vectors of an embedding model."""

    agent_ids: tuple[str, ...]
    classifier: Classifier
    calibration: Calibration
    out_share: float  # of messages out of scope among what it was calibrated on
    meaning: Linear | None = None
    meaning_calibration: Calibration | None = None

    def scores(self, found: Sequence[str], vector: Table | None = None) -> Table:
        """(agents,) log-odds of a message of these words."""
        scores = self.classifier.score_words(found)
        if vector is None or self.meaning is None:
            return scores
        return np.asarray(scores + vector @ self.meaning.weights + self.meaning.bias, dtype=np.float32)

    def reading(self, *, with_meaning: bool) -> Calibration:
        """What those scores mean."""
        return self.meaning_calibration if with_meaning and self.meaning_calibration else self.calibration


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything one training reads. `vectors`: one a text of `texts_of`, in that order; `tuned` one a tuning text."""

    candidates: tuple[Candidate, ...]
    learned: tuple[Utterance, ...] = ()
    tune: tuple[Utterance, ...] = ()
    vectors: Table | None = None
    tuned: Table | None = None


def texts_of(candidates: Sequence[Candidate], learned: Sequence[Utterance] = ()) -> list[tuple[str, int, bool]]:
    """(text, whose by position, whether said by a person) of everything an agent is known by."""
    learned_by: dict[str, list[str]] = {}
    for message in learned:
        if message.agent_id is not None:
            learned_by.setdefault(message.agent_id, []).append(message.text)
    found = []
    for position, one in enumerate(candidates):
        said = [*one.examples, *learned_by.get(one.agent_id, ())]
        found += [(text, position, True) for text in said if text.strip()]
        declared = [" ".join(one.keywords), one.description, one.name.replace("_", " "), *one.keywords]
        found += [(text, position, False) for text in declared if text.strip()]
    return found


def lesson_of(material: Material) -> tuple[Lesson, list[str]]:
    """What is fitted to, and its texts."""
    known = texts_of(material.candidates, material.learned)
    texts = [text for text, _, _ in known]
    lesson = Lesson(
        counted=count(texts),
        labels=np.array([position for _, position, _ in known], dtype=np.int64),
        worth=np.ones(len(known)),
        spoken=np.array([said for _, _, said in known], dtype=np.int64),
        agents=len(material.candidates),
        vectors=None if material.vectors is None else material.vectors.astype(np.float64),
    )
    return lesson, texts


def train(material: Material) -> Trained:
    """Fit and calibrate."""
    lesson, texts = lesson_of(material)
    everything = np.arange(len(texts))
    weighing = Weighing.learned(lesson.counted, everything)
    rows = weighing.weigh(lesson.counted, everything)
    linear = fit_linear(rows, lesson.labels, lesson.worth, lesson.agents)
    ids = tuple(one.agent_id for one in material.candidates)
    classifier = Classifier.compiled(lesson.counted, weighing, linear, texts)
    scores = Batch(classifier).scores([one.text for one in material.tune])
    calibration, out_share = _calibration(_samples(scores, material.tune, ids), held_out(lesson))
    trained = Trained(agent_ids=ids, classifier=classifier, calibration=calibration, out_share=out_share)
    if lesson.vectors is None:
        return trained
    meaning = fit_linear(lesson.vectors, lesson.labels, lesson.worth, lesson.agents)
    tuned = None
    if material.tuned is not None:
        both = scores + material.tuned @ meaning.weights + meaning.bias
        tuned = _samples(both.astype(np.float32), material.tune, ids)
    with_meaning, _ = _calibration(tuned, held_out(lesson, with_meaning=True))
    return replace(trained, meaning=meaning, meaning_calibration=with_meaning)


def _samples(scores: Table, tune: Sequence[Utterance], ids: Sequence[str]) -> Samples | None:
    if not tune:
        return None
    best, top, lead = best_and_lead(scores)
    outcome = [
        OUT if one.agent_id is None else RIGHT if ids[chosen] == one.agent_id else WRONG
        for one, chosen in zip(tune, best, strict=True)
    ]
    return Samples(best=top, lead=lead, outcome=np.array(outcome), worth=np.ones(len(tune)))


def _calibration(tuned: Samples | None, held: Samples | None) -> tuple[Calibration, float]:
    """Curves by both kinds of samples, and the share out of scope that they stand for."""
    if tuned is None:
        if held is None or not _both(held.outcome):
            return assumed(held), OUT_SHARE
        return calibrate(held), OUT_SHARE
    samples, share = tuned, float((tuned.outcome == OUT).mean())
    if held is not None:
        samples = _joined(tuned, held)
    if not _both(samples.outcome):
        return assumed(samples), OUT_SHARE
    if not _both(tuned.outcome):
        # A file of one kind alone says nothing about the share of the other.
        share = OUT_SHARE
    return calibrate(_shared(samples, share)), share


def _both(outcome: Ints) -> bool:
    outside = outcome == OUT
    return bool(outside.any() and not outside.all())


def _joined(tuned: Samples, held: Samples) -> Samples:
    worth = held.worth * (_HELD_WORTH / held.worth.sum())
    return Samples(
        best=np.concatenate([tuned.best, held.best]),
        lead=np.concatenate([tuned.lead, held.lead]),
        outcome=np.concatenate([tuned.outcome, held.outcome]),
        worth=np.concatenate([tuned.worth, worth]),
    )


def _shared(samples: Samples, share: float) -> Samples:
    """The samples with weights that give messages out of scope this share."""
    outside = samples.outcome == OUT
    worth: Floats = samples.worth.copy()
    total = worth.sum()
    worth[outside] *= share * total / worth[outside].sum()
    worth[~outside] *= (1 - share) * total / worth[~outside].sum()
    return replace(samples, worth=worth)
