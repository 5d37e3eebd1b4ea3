"""From what is known to chances: one task against everyone asked.

Three things speak for a person: the regression over their texts, what is declared of them, and how active they are. As
long as everyone asked has texts the first decides, and declarations fade. Where somebody has none, the regression says
only how those with texts stand among themselves; how they stand as a whole beside the others is told from what each
of both sorts can show: a declaration in full, and for texts the `Vocabulary`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from folkmoot.skills import declared as declarations
from folkmoot.skills import habits
from folkmoot.skills.features import Floats
from folkmoot.skills.fitting import Fitted
from folkmoot.skills.model import Basis, Declared, TaskText
from folkmoot.skills.reasons import Index
from folkmoot.skills.stacking import FIRST, softmax
from folkmoot.skills.vocabulary import Vocabulary

_DECLARED_WORTH = 0.6  # a full declaration weighs as much as a score of so much
_TEXTS_OUTWEIGH = 100.0  # after so many texts of a person, what is declared counts half: a message is short


@dataclass(frozen=True)
class Known:
    """What one estimate works on; replaced whole."""

    fitted: Fitted | None
    declared: Mapping[str, Declared]
    texts: Mapping[str, int]  # how many texts speak for a person
    index: Index = field(default_factory=Index)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    def basis(self, person: str) -> Basis:
        if self.texts.get(person):
            return "texts"
        return "declared" if person in self.declared else "nothing"


@dataclass(frozen=True)
class Weighed:
    """One task against everyone asked, in their order."""

    chances: Floats
    support: Floats
    text_share: Floats
    lately_share: Floats
    declared_share: Floats


@dataclass(frozen=True)
class _Texts:
    """What texts say of those asked: each (asked,), 0 for who has none."""

    words: Floats  # the regression's scores
    usual: Floats  # what speaks for a person before a word is read
    worth: float  # what a score counts


def weigh(known: Known, task: TaskText, asked: list[str], day: float, likeness: Floats | None) -> Weighed:
    """Chances and their shares. `likeness` of the task to each text, None where nothing is fitted."""
    told = _texts(known, task, asked, day, likeness)
    strengths = np.array(
        [0.0 if (own := known.declared.get(person)) is None else declarations.strength(own, task) for person in asked]
    )
    counts = np.array([known.texts.get(person, 0) for person in asked])
    fading = _TEXTS_OUTWEIGH / (_TEXTS_OUTWEIGH + counts)
    said = max(told.worth, FIRST) * _DECLARED_WORTH * strengths * fading
    nobody = float(told.usual.mean())
    chances = softmax(np.append(told.worth * told.words + told.usual + said, nobody))[0][:-1]
    spoken = told.worth * np.maximum(told.words, 0.0)
    written = counts > 0
    if known.fitted is not None and written.any() and not written.all():
        fading = np.ones(len(asked))
        said = FIRST * _DECLARED_WORTH * strengths
        # Named skills are for declarations to answer: hardly anybody writes the words `operations` or `debugging`.
        near = known.vocabulary.nearness((task.title, task.text), known.fitted.evidence, int((~written).sum()))
        nearness = np.array([near.get(person, 0.0) for person in asked])
        chances = _beside_silent(chances, written, nearness + said)
        spoken = np.maximum(nearness, 0.0)
    gain = np.maximum(told.usual - nobody, 0.0)
    whole = np.maximum(spoken + gain + said, 1e-9)
    scores = np.clip(told.words, 0.0, 1.0)
    return Weighed(
        chances=chances,
        support=1.0 - (1.0 - scores) * (1.0 - strengths * fading),
        text_share=spoken / whole,
        lately_share=gain / whole,
        declared_share=said / whole,
    )


def _beside_silent(chances: Floats, written: NDArray[np.bool_], shown: Floats) -> Floats:
    """Chances where some have no texts: `shown` (asked,) in nats says how much goes to those with texts as a whole and
    to each of the others; among those with texts `chances` decide. "None of these" shows 0.
    """
    shares = softmax(np.append(shown, 0.0))[0][:-1]
    among = chances[written] / chances[written].sum()
    found = shares.copy()
    found[written] = among * shares[written].sum()
    return found


def _texts(known: Known, task: TaskText, asked: list[str], day: float, likeness: Floats | None) -> _Texts:
    words, usual, fitted = np.zeros(len(asked)), np.zeros(len(asked)), known.fitted
    if fitted is None or likeness is None:
        return _Texts(words=words, usual=usual, worth=FIRST)
    column = {person: k for k, person in enumerate(fitted.people)}
    seen = [(k, column[person]) for k, person in enumerate(asked) if known.texts.get(person) and person in column]
    if not seen:
        return _Texts(words=words, usual=usual, worth=FIRST)
    here, there = np.array([k for k, _ in seen]), np.array([c for _, c in seen])
    weights, level = _usual(fitted, task, day)
    worth = float(weights[0])
    without = fitted.process.scores(np.zeros_like(likeness), day, len(fitted.people))
    words[here] = (fitted.process.scores(likeness, day, len(fitted.people)) - without)[there]
    level = level + worth * without
    usual[:] = level[there].mean()  # who is new is taken to be as active as the others
    usual[here] = level[there]
    return _Texts(words=words, usual=usual, worth=worth)


def _usual(fitted: Fitted, task: TaskText, day: float) -> tuple[Floats, Floats]:
    """The weights for this task, and what speaks for each person before a word of it is read: shape (people,)."""
    known = np.array([len(fitted.days)])
    spans = habits.lately(fitted.done, fitted.days, fitted.pace, np.array([day]), known)[0]
    if not task.labels or fitted.path_weights is None:
        return fitted.weights, spans @ fitted.weights[1:]
    labels = habits.places([item.labels for item in fitted.evidence])
    there = habits.where((habits.places([task.labels]) @ labels.T).toarray(), fitted.done)[0]
    return fitted.path_weights, spans @ fitted.path_weights[1:-1] + there * fitted.path_weights[-1]
