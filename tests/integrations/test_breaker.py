"""The breaker by itself, and the slots of a calendar: what needs no service."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkmoot.kernel import SimulatedClock
from folkmoot.kernel.breaker import Breaker, BreakerState
from folkmoot.tools.integrations.errors import ServiceRestingError
from folkmoot.tools.integrations.slots import Stretch, WorkingHours, free_slots

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = WorkingHours(opens=time(9), closes=time(17), zone=BERLIN)


def breaker_of(clock: SimulatedClock) -> Breaker:
    return Breaker(
        refuse=lambda wait: ServiceRestingError("S is left alone", retry_after=wait.total_seconds()),
        clock=clock,
        threshold=3,
        rest=timedelta(seconds=10),
        longest_rest=timedelta(minutes=1),
    )


def now(breaker: Breaker) -> BreakerState:
    return breaker.state


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed()


def test_it_opens_after_failures_in_a_row_only(clock: SimulatedClock) -> None:
    breaker = breaker_of(clock)
    fail(breaker, 2)
    breaker.enter()
    breaker.succeeded()
    fail(breaker, 2)
    assert now(breaker) is BreakerState.CLOSED
    fail(breaker, 1)
    assert now(breaker) is BreakerState.OPEN
    with pytest.raises(ServiceRestingError, match="left alone") as caught:
        breaker.enter()
    assert caught.value.fields["retry_after"] == 10


def test_half_open_one_call_passes_and_decides(clock: SimulatedClock) -> None:
    breaker = breaker_of(clock)
    fail(breaker, 3)
    clock.advance(timedelta(seconds=10))
    assert now(breaker) is BreakerState.HALF_OPEN
    breaker.enter()
    with pytest.raises(ServiceRestingError):
        breaker.enter()
    breaker.succeeded()
    assert now(breaker) is BreakerState.CLOSED
    breaker.enter()


def test_a_failed_trial_rests_twice_as_long_up_to_a_limit(clock: SimulatedClock) -> None:
    breaker = breaker_of(clock)
    fail(breaker, 3)
    rests = []
    for _ in range(5):
        clock.advance(breaker.opens_in)
        fail(breaker, 1)
        rests.append(breaker.opens_in.total_seconds())
    assert rests == [20, 40, 60, 60, 60]


def test_a_trial_that_is_given_up_leaves_its_place(clock: SimulatedClock) -> None:
    breaker = breaker_of(clock)
    fail(breaker, 3)
    clock.advance(timedelta(seconds=10))
    breaker.enter()
    breaker.leave()
    breaker.enter()


def test_late_failures_of_calls_under_way_do_not_prolong_the_rest(clock: SimulatedClock) -> None:
    breaker = breaker_of(clock)
    for _ in range(5):
        breaker.enter()
    for _ in range(5):
        breaker.failed()
    assert breaker.opens_in == timedelta(seconds=10)


def test_a_late_success_does_not_end_a_rest(clock: SimulatedClock) -> None:
    breaker = breaker_of(clock)
    breaker.enter()
    breaker.rest(timedelta(minutes=10))
    breaker.succeeded()
    assert breaker.opens_in == timedelta(minutes=10)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def first(busy: list[Stretch], after: str, minutes: int = 60) -> str:
    start = at(after)
    slot = next(
        free_slots(OFFICE, busy, after=start, before=start + timedelta(days=28), length=timedelta(minutes=minutes))
    )
    return slot.start.astimezone(BERLIN).strftime("%a %H:%M")


def test_slots_lie_within_working_hours() -> None:
    assert first([], "2026-01-05T06:00") == "Mon 09:00"
    assert first([], "2026-01-05T09:01") == "Mon 09:15"
    assert first([], "2026-01-05T16:00") == "Mon 16:00"
    assert first([], "2026-01-05T16:01") == "Tue 09:00"
    assert first([], "2026-01-09T16:30") == "Mon 09:00"


def test_slots_go_around_what_is_busy() -> None:
    busy = [
        Stretch(start=at("2026-01-05T08:00"), end=at("2026-01-05T10:05")),
        Stretch(start=at("2026-01-05T11:00"), end=at("2026-01-05T15:00")),
    ]
    assert first(busy, "2026-01-05T09:00") == "Mon 15:00"
    assert first(busy, "2026-01-05T09:00", minutes=45) == "Mon 10:15"


@pytest.mark.parametrize("day", ["2026-03-30", "2026-10-26"])
def test_hours_are_the_clock_s_on_the_wall_when_it_changes(day: str) -> None:
    """The Monday after the clocks changed: nine is nine."""
    before = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=BERLIN).astimezone(UTC) - timedelta(days=2)
    slot = next(free_slots(OFFICE, [], after=before, before=before + timedelta(days=9), length=timedelta(hours=1)))
    assert slot.start.astimezone(BERLIN).isoformat()[:16] == f"{day}T09:00"


moments = st.integers(0, 14 * 24 * 12).map(lambda fives: at("2026-03-23T00:00") + timedelta(minutes=5 * fives))
stretches = st.builds(
    lambda start, minutes: Stretch(start=start, end=start + timedelta(minutes=minutes)), moments, st.integers(1, 600)
)


@settings(max_examples=40)
@given(
    busy=st.lists(stretches, max_size=12),
    after=moments,
    minutes=st.sampled_from([15, 30, 45, 60, 240]),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"]),
)
def test_every_slot_is_free_and_within_hours(busy: list[Stretch], after: datetime, minutes: int, zone: str) -> None:
    hours = WorkingHours(opens=time(9), closes=time(17), zone=ZoneInfo(zone))
    before, length = after + timedelta(days=4), timedelta(minutes=minutes)
    for slot in free_slots(hours, busy, after=after, before=before, length=length):
        assert after <= slot.start
        assert slot.end <= before
        assert slot.end - slot.start == length
        assert not any(one.meets(slot) for one in busy)
        start, end = slot.start.astimezone(hours.zone), slot.end.astimezone(hours.zone)
        assert start.date() == end.date()
        assert time(9) <= start.time()
        assert end.time() <= time(17)
        assert start.weekday() < 5
        assert start.minute % 15 == 0
