"""What users taught by picking another agent, and the gate that what they taught must pass.

An override becomes an example of the chosen agent only if the agents' own examples, and what was learned before, are
recognised at least as well with it as without it when they are held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np

from folkmoot.conversations.routing.classifier import fit_linear
from folkmoot.conversations.routing.features import Ints, Weighing
from folkmoot.conversations.routing.held_out import Lesson
from folkmoot.conversations.routing.model import Candidate, Utterance
from folkmoot.conversations.routing.train import Material, lesson_of

MOST_PER_USER: Final = 200
_FOLDS: Final = 5
_TIMES: Final = 2  # different ways of dividing, so that one chance division decides nothing


@dataclass(frozen=True, kw_only=True)
class Override:
    """That a user wanted another agent for a message."""

    override_id: str
    text: str
    chosen: str
    instead_of: str | None
    learned: bool  # whether it passed the gate
    user_id: str | None
    conversation_id: str | None
    at: datetime


class OverrideBook(Protocol):
    """Where overrides are kept."""

    async def learned(self) -> list[Override]:
        """Those that passed the gate, the oldest first."""
        ...

    async def keep(self, override: Override) -> None:
        """Keep one; the oldest of its user go where there are too many."""
        ...


class OverridesInMemory:
    """For a backtest, and for a router without a database."""

    def __init__(self) -> None:
        self.kept: list[Override] = []

    async def learned(self) -> list[Override]:
        return [one for one in self.kept if one.learned]

    async def keep(self, override: Override) -> None:
        own = [one for one in self.kept if one.user_id == override.user_id]
        gone = {one.override_id for one in own[: max(0, len(own) + 1 - MOST_PER_USER)]}
        self.kept = [*(one for one in self.kept if one.override_id not in gone), override]


@dataclass(frozen=True)
class Verdict:
    """How many of the held-out messages are recognised without and with the new example."""

    before: int
    after: int
    asked: int

    @property
    def passed(self) -> bool:
        return self.after >= self.before


def gate(candidates: Sequence[Candidate], learned: Sequence[Utterance], new: Utterance) -> Verdict:
    """Cross-validate with and without `new`, which is never itself asked about. Blocks."""
    lesson, texts = lesson_of(Material(candidates=tuple(candidates), learned=(*learned, new)))
    places = [place for place, one in enumerate(candidates) if one.agent_id == new.agent_id]
    mine = [
        row
        for row, text in enumerate(texts)
        if text == new.text and lesson.labels[row] in places and lesson.spoken[row]
    ]
    added = mine[-1] if mine else -1
    asked = np.array([row for row in np.flatnonzero(lesson.spoken) if row != added], dtype=np.int64)
    before = after = 0
    for time in range(_TIMES):
        fold = np.full(len(texts), -1)
        fold[np.random.default_rng(time).permutation(asked)] = np.arange(len(asked)) % _FOLDS
        for number in range(_FOLDS):
            put = np.flatnonzero(fold == number)
            known = np.flatnonzero(fold != number)
            if not len(put):
                continue
            after += _right(lesson, known, put)
            before += _right(lesson, known[known != added], put)
    return Verdict(before=before, after=after, asked=_TIMES * len(asked))


def _right(lesson: Lesson, known: Ints, put: Ints) -> int:
    weighing = Weighing.learned(lesson.counted, known)
    rows = weighing.weigh(lesson.counted, known)
    linear = fit_linear(rows, lesson.labels[known], lesson.worth[known], lesson.agents)
    scores = weighing.weigh(lesson.counted, put) @ linear.weights + linear.bias
    return int((scores.argmax(axis=1) == lesson.labels[put]).sum())
