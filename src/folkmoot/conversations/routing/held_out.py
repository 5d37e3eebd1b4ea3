"""Messages with known answers out of the examples themselves: each scored by a fit that knew neither it nor, in its
turn, its agent.

In each of a few rounds a share of the examples is kept aside and a share of the agents is taken away altogether: the
kept examples of the agents that stay show how right ones look, everything of those taken away shows how messages look
that nobody is there for.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from folkmoot.conversations.routing.calibrate import OUT, RIGHT, WRONG, Samples, best_and_lead
from folkmoot.conversations.routing.classifier import fit_linear
from folkmoot.conversations.routing.features import Counted, Floats, Ints, Weighing

ROUNDS: Final = 5
OUT_SHARE: Final = 0.2  # taken as the share of messages that are for nobody, where nothing says so
_SEED: Final = 7
_FEWEST: Final = 3  # agents of whom one can be taken away


@dataclass(frozen=True)
class Lesson:
    """What a classifier is fitted to: counted texts, whose each is, its worth, and whether it was said by a person.

    Descriptions and keywords are fitted to as weak examples, and are never asked about.
    """

    counted: Counted
    labels: Ints
    worth: Floats
    spoken: Ints  # 0 or 1
    agents: int
    vectors: Floats | None = None  # (texts, dimensions), where there is an embedding model


def held_out(lesson: Lesson, *, with_meaning: bool = False) -> Samples | None:
    """The samples, scored by words alone or by vectors too; None where too few examples are there to keep any aside."""
    asked = np.flatnonzero(lesson.spoken)
    if len(asked) < 2 * ROUNDS:
        return None
    fold = _folds(lesson, asked)
    gone = np.random.default_rng(_SEED).permutation(lesson.agents) % ROUNDS
    best, lead, outcome = [], [], []
    for number in range(ROUNDS):
        away = gone == number if lesson.agents >= _FEWEST else np.zeros(lesson.agents, dtype=bool)
        away &= _several_stay(away)
        stays = ~away[lesson.labels]
        known = np.flatnonzero((fold != number) & stays)
        put = asked[(fold[asked] == number) | ~stays[asked]]
        if not len(known) or not len(put):
            continue
        weighing = Weighing.learned(lesson.counted, known)
        linear = fit_linear(
            weighing.weigh(lesson.counted, known), lesson.labels[known], lesson.worth[known], lesson.agents
        )
        scores = weighing.weigh(lesson.counted, put) @ linear.weights + linear.bias
        if with_meaning and lesson.vectors is not None:
            meaning = fit_linear(lesson.vectors[known], lesson.labels[known], lesson.worth[known], lesson.agents)
            scores += lesson.vectors[put] @ meaning.weights + meaning.bias
        top, score, margin = best_and_lead(scores.astype(np.float32))
        right = np.where(top == lesson.labels[put], RIGHT, WRONG)
        best.append(score)
        lead.append(margin)
        outcome.append(np.where(away[lesson.labels[put]], OUT, right))
    if not best:
        return None
    outcomes = np.concatenate(outcome)
    return Samples(
        best=np.concatenate(best), lead=np.concatenate(lead), outcome=outcomes, worth=_even(outcomes, OUT_SHARE)
    )


def _folds(lesson: Lesson, asked: Ints) -> Ints:
    """(texts,) the round in which each example is kept aside, evenly within an agent; -1 for what was not said."""
    fold = np.full(len(lesson.labels), -1)
    dice = np.random.default_rng(_SEED)
    for agent in range(lesson.agents):
        mine = asked[lesson.labels[asked] == agent]
        fold[dice.permutation(mine)] = (np.arange(len(mine)) + agent) % ROUNDS
    return fold


def _several_stay(away: Ints) -> bool:
    return int((~away).sum()) > 1


def _even(outcome: Ints, out_share: float) -> Floats:
    """Weights that give messages out of scope their share, and every message 1 on the average."""
    outside = outcome == OUT
    worth = np.ones(len(outcome))
    if outside.any() and not outside.all():
        worth[outside] = out_share * len(outcome) / outside.sum()
        worth[~outside] = (1 - out_share) * len(outcome) / (~outside).sum()
    return worth
