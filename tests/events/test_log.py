"""The event log: an event is kept with the change it tells of, and a follower sees each exactly once."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.events import BadEventError, Event, EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database
from tests.waiting import wait_until


@pytest.fixture
def log(any_database: Database, clock: SimulatedClock) -> EventLog:
    return EventLog(database=any_database, clock=clock, poll=timedelta(milliseconds=50))


async def take(log: EventLog, count: int, *, after: int | None = 0, types: list[str] | None = None) -> list[Event]:
    taken: list[Event] = []
    async with aclosing(log.follow(after=after, types=types)) as events:
        async for event in events:
            taken.append(event)
            if len(taken) == count:
                break
    return taken


async def test_what_was_appended_is_read_in_order_with_its_time(log: EventLog, clock: SimulatedClock) -> None:
    first = await log.append("task_created", "t1", {"title": "Sitemap"})
    clock.advance(timedelta(minutes=1))
    await log.append("task_assigned", "t1", {"agent": "twin.alice", "helpers": []})
    events = await log.read()
    assert [event.type for event in events] == ["task_created", "task_assigned"]
    assert events[0] == first
    assert events[1].data == {"agent": "twin.alice", "helpers": []}
    assert events[1].timestamp - events[0].timestamp == timedelta(minutes=1)
    assert await log.read(after=first.id) == events[1:]
    assert await log.latest_id() == events[1].id


async def test_reading_narrows_by_type_and_subject(log: EventLog) -> None:
    for number in range(4):
        await log.append("even" if number % 2 == 0 else "odd", f"s{number // 2}", {"n": number})
    assert [event.data["n"] for event in await log.read(types=["even"])] == [0, 2]
    assert [event.data["n"] for event in await log.read(subject="s1")] == [2, 3]
    assert [event.data["n"] for event in await log.read(types=["odd"], subject="s1")] == [3]
    assert [event.data["n"] for event in await log.read(limit=1)] == [0]


async def test_a_recorded_event_appears_with_its_transaction_and_not_without(
    log: EventLog, any_database: Database
) -> None:
    async def fail() -> None:
        async with any_database.write() as session:
            await log.record(session, "lost", "x", {})
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await fail()
    assert await log.read() == []
    async with any_database.write() as session:
        await log.record(session, "kept", "x", {"n": 1})
        await log.record(session, "kept", "x", {"n": 2})
        assert await log.read() == []
    assert [event.data for event in await log.read()] == [{"n": 1}, {"n": 2}]


async def test_data_that_is_not_json_is_refused_and_the_caller_can_go_on(log: EventLog, any_database: Database) -> None:
    async with any_database.write() as session:
        for data in ({"when": object()}, {"share": float("nan")}):
            with pytest.raises(BadEventError, match="not JSON"):
                await log.record(session, "bad", "x", data)
        await log.record(session, "good", "x", {})
    assert [event.type for event in await log.read()] == ["good"]


async def test_a_savepoint_is_refused(log: EventLog, any_database: Database) -> None:
    async with any_database.write() as session, session.begin_nested():
        with pytest.raises(BadEventError, match="savepoint"):
            await log.record(session, "bad", "x", {})


async def test_later_changes_of_the_data_do_not_reach_the_log(log: EventLog, any_database: Database) -> None:
    data: dict[str, list[int]] = {"helpers": []}
    async with any_database.write() as session:
        await log.record(session, "awarded", "t1", data)
        data["helpers"].append(1)
    assert (await log.read())[0].data == {"helpers": []}


async def test_a_follower_crosses_from_history_to_live_without_gap_or_repetition(log: EventLog) -> None:
    count = 60

    async def write() -> None:
        for number in range(count):
            await log.append("tick", "x", {"n": number})

    for number in range(5):
        await log.append("tick", "x", {"n": -5 + number})
    async with asyncio.timeout(30):
        readers = [asyncio.create_task(take(log, count + 5)) for _ in range(3)]
        await write()
        followed = await asyncio.gather(*readers)
    for events in followed:
        assert [event.data["n"] for event in events] == list(range(-5, count))


async def test_a_follower_without_a_position_starts_now(log: EventLog) -> None:
    await log.append("old", "x", {})
    reader = asyncio.create_task(take(log, 1, after=None))
    await wait_until(lambda: bool(log._followers))
    # The follower has asked for the newest id once its reading of the table is the last thing it waits for.
    await log.latest_id()
    await log.append("new", "x", {})
    async with asyncio.timeout(10):
        assert [event.type for event in await reader] == ["new"]


async def test_a_filtered_follower_does_not_scan_again_what_did_not_fit(log: EventLog) -> None:
    reader = asyncio.create_task(take(log, 2, types=["rare"]))
    for number in range(20):
        await log.append("frequent", "x", {"n": number})
    await log.append("rare", "x", {})
    await log.append("rare", "x", {})
    async with asyncio.timeout(10):
        assert len(await reader) == 2


async def test_a_history_longer_than_one_batch_is_followed_whole(log: EventLog, any_database: Database) -> None:
    async with any_database.write() as session:
        for number in range(1203):
            await log.record(session, "tick", "x", {"n": number})
    async with asyncio.timeout(30):
        assert [event.data["n"] for event in await take(log, 1203)] == list(range(1203))


async def test_events_of_another_process_are_found(
    log: EventLog, any_database: Database, clock: SimulatedClock
) -> None:
    # Another log on another engine shares nothing in memory with this one: as good as another process.
    elsewhere = Database(any_database.url.render_as_string(hide_password=False))
    try:
        other = EventLog(database=elsewhere, clock=clock)
        reader = asyncio.create_task(take(log, 2))
        await other.append("far", "x", {"n": 1})
        await other.append("far", "x", {"n": 2})
        async with asyncio.timeout(10):
            assert [event.data["n"] for event in await reader] == [1, 2]
    finally:
        await elsewhere.close()


async def test_ids_grow_in_commit_order_even_when_transactions_overlap(log: EventLog, any_database: Database) -> None:
    """A follower must never see id 8 and then, later, id 7."""
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with any_database.write() as session:
            await log.record(session, "slow", "x", {})
            started.set()
            await go_on.wait()

    async def quick() -> None:
        await started.wait()
        if any_database.is_sqlite:
            go_on.set()  # one writer: the quick one can only come after the slow one
        await log.append("quick", "x", {})
        go_on.set()

    async with asyncio.timeout(10):
        _, _, events = await asyncio.gather(slow(), quick(), take(log, 2))
    assert [event.type for event in events] == (["slow", "quick"] if any_database.is_sqlite else ["quick", "slow"])


async def test_pruning_deletes_what_is_old_and_uses_no_id_twice(log: EventLog, clock: SimulatedClock) -> None:
    await log.append("old", "x", {})
    last = await log.append("old", "x", {})
    clock.advance(timedelta(days=31))
    assert await log.prune(older_than=timedelta(days=30)) == 2
    assert await log.read() == []
    assert (await log.append("new", "x", {})).id > last.id


async def test_followers_leave_nothing_behind(log: EventLog, tmp_path: Path) -> None:  # noqa: ARG001  # keeps the file's folder until the end
    await log.append("one", "x", {})
    await take(log, 1)
    assert log._followers == {}
    assert log._poller is None
