"""What users taught by picking another agent, and the gate that what they taught must pass.

An override becomes an example of the chosen agent only if the agents' own examples, and what was learned before, are
recognised at least as well with it as without it when they are held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from folkmoot.conversations.routing.classifier import fit_linear
from folkmoot.conversations.routing.features import Ints, Weighing
from folkmoot.conversations.routing.held_out import Lesson
from folkmoot.conversations.routing.model import Candidate, Utterance
from folkmoot.conversations.routing.train import Material, lesson_of

MOST_PER_USER: Final = 200
_FOLDS: Final = 5
_LOST: Final = 0.15  # of what is recognised of one agent's own, before it counts as worse
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
    """How many held-out messages are recognised without and with the new example.

    `own_plain`, `own_after`: the same of each agent's own examples, which nobody can add to by overrides, without any
    override and with all of them.
    """

    before: int
    after: int
    own_plain: tuple[int, ...]
    own_after: tuple[int, ...]
    asked: int

    @property
    def passed(self) -> bool:
        """Nothing gets worse as a whole, and no agent loses more of its own than chance explains."""
        pairs = zip(self.own_plain, self.own_after, strict=True)
        return (
            self.after >= self.before
            and sum(self.own_after) >= sum(self.own_plain)
            and all(after >= plain * (1 - _LOST) for plain, after in pairs)
        )


def gate(candidates: Sequence[Candidate], learned: Sequence[Utterance], new: Utterance) -> Verdict:
    """Cross-validate with and without `new`, which is never itself asked about. Blocks."""
    lesson, texts = lesson_of(Material(candidates=tuple(candidates), learned=(*learned, new)))
    added, own = _rows(candidates, lesson, texts, new)
    taught = (lesson.spoken == 1) & ~own
    asked = np.array([row for row in np.flatnonzero(lesson.spoken) if row != added], dtype=np.int64)
    plain, before, after = (np.zeros(len(texts), dtype=np.int64) for _ in range(3))
    for time in range(_TIMES):
        fold = np.full(len(texts), -1)
        fold[np.random.default_rng(time).permutation(asked)] = np.arange(len(asked)) % _FOLDS
        for number in range(_FOLDS):
            put, known = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            if not len(put):
                continue
            after[put] += _right(lesson, known, put)
            without = _right(lesson, known[known != added], put)
            before[put] += without
            # Before the first override, both are the same fit.
            plain[put] += _right(lesson, known[~taught[known]], put) if taught.sum() > 1 else without
    agents = range(lesson.agents)
    return Verdict(
        before=int(before.sum()),
        after=int(after.sum()),
        own_plain=tuple(int(plain[own & (lesson.labels == agent)].sum()) for agent in agents),
        own_after=tuple(int(after[own & (lesson.labels == agent)].sum()) for agent in agents),
        asked=_TIMES * len(asked),
    )


def _rows(
    candidates: Sequence[Candidate], lesson: Lesson, texts: Sequence[str], new: Utterance
) -> tuple[int, NDArray[np.bool_]]:
    """(the row of the new example, -1 if it has none; which rows are examples that the agents came with)."""
    own = np.zeros(len(texts), dtype=bool)
    added = -1
    for place, one in enumerate(candidates):
        mine = np.flatnonzero((lesson.labels == place) & (lesson.spoken == 1))
        own[mine[: sum(bool(text.strip()) for text in one.examples)]] = True
        if one.agent_id == new.agent_id and len(mine) and texts[mine[-1]] == new.text:
            added = int(mine[-1])
    return added, own


def _right(lesson: Lesson, known: Ints, put: Ints) -> NDArray[np.bool_]:
    weighing = Weighing.learned(lesson.counted, known)
    rows = weighing.weigh(lesson.counted, known)
    linear = fit_linear(rows, lesson.labels[known], lesson.worth[known], lesson.agents)
    scores = weighing.weigh(lesson.counted, put) @ linear.weights + linear.bias
    found: NDArray[np.bool_] = scores.argmax(axis=1) == lesson.labels[put]
    return found
