"""A recorded history as the estimator sees it: who did which piece of work when. For backtests and benchmarks.

The replay itself (messages, predictions, outcomes item by item) belongs to whoever drives it; ranking by rivals stands
in `baselines.py`, the figures in `measures.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from folkmoot.skills.errors import EmptyHistoryError
from folkmoot.skills.estimator import CapabilityEstimator
from folkmoot.skills.model import Evidence, TaskText

_CUT = datetime(2025, 1, 1, tzinfo=UTC)  # day 0; only differences mean something


@dataclass(frozen=True, kw_only=True)
class HistoryItem:
    """One piece of work. `day` counts from the cut, negative before it; `person` is None while it is not known."""

    id: str
    person: str | None
    title: str
    text: str = ""
    day: float = 0.0
    labels: tuple[str, ...] = ()


def moment(day: float) -> datetime:
    """The moment a day of a history stands for."""
    return _CUT + timedelta(days=day)


def evidence_of(item: HistoryItem, person: str | None = None) -> Evidence:
    """What the estimator learns from an item, by the person in it or the one given (the outcome)."""
    doer = person or item.person
    if not doer:
        raise EmptyHistoryError(f"nobody is known to have done {item.id}", id=item.id)
    return Evidence(
        id=item.id,
        person=doer,
        title=item.title,
        text=item.text,
        at=moment(item.day),
        kind="commit",
        labels=item.labels,
    )


def task_of(item: HistoryItem) -> TaskText:
    """The item as a task: its words only, neither its doer nor its labels."""
    return TaskText(title=item.title, text=item.text)


def estimator_of(train: Sequence[HistoryItem]) -> CapabilityEstimator:
    """An estimator fitted to a history whose tasks are worded by whoever does them."""
    known = [evidence_of(item) for item in train if item.person]
    if not known:
        raise EmptyHistoryError("the history names nobody who did a piece of work: check the person column")
    estimator = CapabilityEstimator(own_words=True)
    estimator.fit(known, ())
    return estimator
