"""Working time, and what a new task does to the tasks that are there."""

from datetime import UTC, datetime

from folkmoot.tasks.calendar import OFFICE_HOURS, ROUND_THE_CLOCK, Held, plan

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def test_work_goes_on_the_next_morning_and_rests_at_the_weekend() -> None:
    assert OFFICE_HOURS.after(MONDAY, 8) == at(5, 17)
    assert OFFICE_HOURS.after(MONDAY, 9) == at(6, 10)
    assert OFFICE_HOURS.after(at(9, 15), 4) == at(12, 11)
    assert OFFICE_HOURS.after(at(10, 12), 1) == at(12, 10)
    assert ROUND_THE_CLOCK.after(at(10, 12), 30) == at(11, 18)
    assert ROUND_THE_CLOCK.after(at(10, 0), 24) == at(11, 0)


def held(name: str, hours: float, priority: int, deadline: datetime | None = None) -> Held:
    return Held(task_id=name, hours=hours, priority=priority, deadline=deadline)


def test_a_task_waits_for_what_is_as_urgent_and_overtakes_the_rest() -> None:
    desk = [held("small", 2, 3), held("same", 4, 5), held("urgent", 2, 9)]
    planned = plan(desk, hours=1, priority=5, deadline=None, now=MONDAY, week=OFFICE_HOURS)
    assert planned.before == ("urgent", "same")
    assert (planned.start, planned.finish) == (at(5, 15), at(5, 16))


def test_a_full_day_means_tomorrow_morning() -> None:
    planned = plan([held("a", 8, 5)], hours=1, priority=5, deadline=None, now=MONDAY, week=OFFICE_HOURS)
    assert (planned.start, planned.finish) == (at(6, 9), at(6, 10))


def test_what_would_become_late_is_named_and_what_is_late_anyway_is_not() -> None:
    desk = [held("tight", 4, 3, at(5, 14)), held("lost", 4, 2, at(5, 10)), held("easy", 1, 1, at(20, 9))]
    planned = plan(desk, hours=4, priority=5, deadline=None, now=MONDAY, week=OFFICE_HOURS)
    assert planned.at_risk == ("tight",)
