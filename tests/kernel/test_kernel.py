"""Ids, clock, text."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot.kernel import SimulatedClock, cancel_and_wait, excerpt, new_id, rfc3339, slug, words


def test_ids_differ_and_bear_their_prefix() -> None:
    assert new_id("task").startswith("task_")
    assert len({new_id() for _ in range(1000)}) == 1000


def test_times_are_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert rfc3339(datetime(2026, 1, 5, 10, 0, tzinfo=berlin)) == "2026-01-05T09:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        rfc3339(datetime(2026, 1, 5, 10, 0))  # noqa: DTZ001  # the case


async def test_a_simulated_clock_wakes_sleepers_in_order(clock: SimulatedClock) -> None:
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        await clock.sleep(timedelta(seconds=seconds))
        woken.append(seconds)

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (3, 1, 2)]
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=2))
    await asyncio.gather(tasks[1], tasks[2])
    assert woken == [1, 2]
    clock.advance(timedelta(seconds=1))
    await asyncio.gather(*tasks)
    assert woken == [1, 2, 3]
    assert clock.now() == datetime(2026, 1, 5, 9, 0, 3, tzinfo=UTC)


def test_words_fold_case_and_keep_apostrophes() -> None:
    assert words("Don't STOP, größer_kleiner 2x!") == ["don't", "stop", "grösser", "kleiner", "2x"]


@given(st.text(max_size=400), st.integers(10, 100))
def test_an_excerpt_is_one_line_within_its_limit(text: str, limit: int) -> None:
    short = excerpt(text, limit)
    assert len(short) <= limit
    assert "\n" not in short


@pytest.mark.parametrize(("text", "expected"), [("Zoë Müller", "zoe-muller"), ("  a  b ", "a-b"), ("日本", "")])
def test_slugs_are_plain(text: str, expected: str) -> None:
    assert slug(text) == expected


async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    lost: list[bool] = []

    async def go_on() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append(True)
        await asyncio.Event().wait()

    async def fail() -> None:
        raise ValueError

    tasks = [asyncio.create_task(go_on()), asyncio.create_task(fail())]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await cancel_and_wait(*tasks)
    assert lost == [True]
    assert tasks[0].cancelled()
    await cancel_and_wait()
