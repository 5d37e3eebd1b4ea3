"""Working time: when somebody with so much on the desk can start, and when they would be done. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from folkmoot.tasks.model import Task

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class WorkingWeek:
    """When somebody works: on these days (Monday is 0), between these hours UTC."""

    days: frozenset[int] = frozenset(range(5))
    opens: int = 9
    closes: int = 17

    def after(self, start: datetime, hours: float) -> datetime:
        """The moment at which `hours` of work that begin at `start` or as soon as work opens are done."""
        left = timedelta(hours=hours)
        moment = self.open_from(start)
        while True:
            closing = moment.replace(hour=0, minute=0, second=0, microsecond=0) + self.closes * _HOUR
            if left <= closing - moment:
                return moment + left
            left -= closing - moment
            moment = self.open_from(closing)

    def open_from(self, moment: datetime) -> datetime:
        """`moment` itself if it falls into working hours, else when work opens next."""
        moment = moment.astimezone(UTC)
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        while True:
            opening, closing = day + self.opens * _HOUR, day + self.closes * _HOUR
            if day.weekday() in self.days and moment < closing:
                return max(moment, opening)
            day += timedelta(days=1)


OFFICE_HOURS: Final = WorkingWeek()
ROUND_THE_CLOCK: Final = WorkingWeek(days=frozenset(range(7)), opens=0, closes=24)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A task that somebody has on the desk. `hours`: what is left to do of it."""

    task_id: str
    hours: float
    priority: int
    deadline: datetime | None

    @classmethod
    def of(cls, task: Task) -> "Held":
        return cls(
            task_id=task.task_id,
            hours=task.estimated_hours * (1 - task.progress),
            priority=task.priority,
            deadline=task.deadline,
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What taking a task would mean: when it starts and ends, what goes before it, and what it makes late."""

    start: datetime
    finish: datetime
    before: tuple[str, ...]  # ids of the tasks that would be done first
    at_risk: tuple[str, ...]  # ids of the tasks that would miss their deadline only because of this one


def plan(
    held: Sequence[Held], *, hours: float, priority: int, deadline: datetime | None, now: datetime, week: WorkingWeek
) -> Plan:
    """Put a task among those held: by priority, then by deadline, a newcomer behind its equals."""
    ordered = sorted(held, key=_urgency)
    mine = (-priority, deadline.timestamp() if deadline else float("inf"))
    before = [one for one in ordered if _urgency(one) <= mine]
    after = ordered[len(before) :]
    start = week.open_from(week.after(now, sum(one.hours for one in before)))
    finish = week.after(start, hours)
    late = _late(after, now=finish, week=week) - _late(after, now=start, week=week)
    return Plan(
        start=start,
        finish=finish,
        before=tuple(one.task_id for one in before),
        at_risk=tuple(one.task_id for one in after if one.task_id in late),
    )


def _late(queue: Sequence[Held], *, now: datetime, week: WorkingWeek) -> set[str]:
    late = set()
    moment = now
    for one in queue:
        moment = week.after(moment, one.hours)
        if one.deadline is not None and moment > one.deadline:
            late.add(one.task_id)
    return late


def _urgency(one: Held) -> tuple[float, float]:
    return (-one.priority, one.deadline.timestamp() if one.deadline else float("inf"))
