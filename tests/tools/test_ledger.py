"""The log on SQLite and PostgreSQL: a key once, what dead processes left, what is read from it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock, new_id
from folkmoot.storage import Database
from folkmoot.tools import CallStatus, Effect
from folkmoot.tools.events import TOOL_CALL, TOOL_CALLS
from folkmoot.tools.ledger import LOST, Entry, Ledger
from tests.tools.shop import Shop, open_shop


@pytest.fixture
def opened(any_database: Database, clock: SimulatedClock, tmp_path: Path) -> Callable[[str], Shop]:
    """The shop as another process opens it."""
    return lambda process: open_shop(any_database, clock, tmp_path, process=process)


def entry(clock: SimulatedClock, **changes: object) -> Entry:
    fields = {
        "call_id": new_id("call"),
        "tool": "send_mail",
        "agent_id": "a",
        "user_id": "ida",
        "conversation_id": "c",
        "cause": None,
        "effect": Effect.EXTERNAL,
        "key": "k",
        "plain": {"to": "bo"},
        "at": clock.now(),
    }
    return Entry(**(fields | changes))  # type: ignore[arg-type]  # the fields are those of an entry


async def test_a_key_is_in_the_log_once_however_many_ask_at_once(
    opened: Callable[[str], Shop], clock: SimulatedClock
) -> None:
    ledgers = [opened(f"process-{number}").ledger for number in range(4)]
    (ledgers[0]._seal).close({})  # the key file is made by whoever comes first; here the rows are what is tried
    found = await asyncio.gather(
        *(ledger.open(entry(clock), status=CallStatus.STARTED) for ledger in ledgers for _ in range(3))
    )
    assert sum(new for _, new in found) == 1
    assert len({call.call_id for call, _ in found}) == 1


async def test_a_call_is_closed_by_whoever_made_it(opened: Callable[[str], Shop], clock: SimulatedClock) -> None:
    mine, other = opened("mine").ledger, opened("other").ledger
    call, _ = await mine.open(entry(clock), status=CallStatus.STARTED)
    assert await other.close(call.call_id, CallStatus.FAILED) is None
    closed = await mine.close(call.call_id, CallStatus.SUCCEEDED, result={"id": 1}, took=timedelta(seconds=2))
    assert closed is not None
    assert (closed.status, closed.result, closed.duration_ms) == (CallStatus.SUCCEEDED, {"id": 1}, 2000.0)
    assert await mine.close(call.call_id, CallStatus.FAILED) is None
    assert (await mine.find(call.call_id)).status is CallStatus.SUCCEEDED


async def test_what_dead_processes_began_is_unknown_and_the_living_go_on(
    opened: Callable[[str], Shop], clock: SimulatedClock
) -> None:
    for process in ("dead", "living", "own"):
        await opened(process).ledger.open(entry(clock, key=process), status=CallStatus.STARTED)
        await opened(process).ledger.open(entry(clock, key=f"{process}-waits"), status=CallStatus.WAITING)
    own = opened("own")
    assert await own.ledger.recover(living={"living"}) == 1
    (lost,), _ = await own.ledger.page(statuses=[CallStatus.UNKNOWN])
    assert lost.error == LOST
    assert (await own.ledger.page(statuses=[CallStatus.STARTED]))[1] == 2
    assert (await own.ledger.page(statuses=[CallStatus.WAITING]))[1] == 3
    told = [event.data["status"] for event in await own.events.read(types=[TOOL_CALL])]
    assert told[-1] == "unknown"


async def test_reads_are_written_together(opened: Callable[[str], Shop], clock: SimulatedClock) -> None:
    shop = opened("this")
    for number in range(20):
        read = entry(clock, tool="look", effect=Effect.READ, key=None, plain={"n": number})
        shop.ledger.note(read, CallStatus.SUCCEEDED, result=number, took=timedelta(milliseconds=number))
    calls, total = await shop.ledger.page(limit=5)
    assert (total, len(calls)) == (20, 5)
    assert [event.data["count"] for event in await shop.events.read(types=[TOOL_CALLS])] == [20]
    await shop.ledger.stop()


async def test_the_log_is_narrowed_counted_and_pruned(opened: Callable[[str], Shop], clock: SimulatedClock) -> None:
    ledger = opened("this").ledger
    for number, (tool, user, status) in enumerate(
        [
            ("look", "ida", CallStatus.SUCCEEDED),
            ("look", "bo", CallStatus.SUCCEEDED),
            ("look_up", "ida", CallStatus.FAILED),
            ("100%", None, CallStatus.DENIED),
        ]
    ):
        clock.advance(timedelta(hours=1))
        one = entry(clock, tool=tool, user_id=user, effect=Effect.READ, key=None, agent_id=f"agent-{number}")
        ledger.note(one, status, took=timedelta(milliseconds=10 * (number + 1)))
    assert await _tools(ledger, action="tool_execution:look") == ["look_up", "look", "look"]
    assert await _tools(ledger, action="tool_execution:100%") == ["100%"]
    assert await _tools(ledger, action="tool_execution:look\\") == []
    assert await _tools(ledger, user_id="ida") == ["look_up", "look"]
    assert await _tools(ledger, agent_id="agent-1") == ["look"]
    assert await _tools(ledger, since=clock.now() - timedelta(hours=1)) == ["100%", "look_up"]
    stats = {one.tool: one for one in await ledger.stats()}
    assert (stats["look"].count, stats["look"].outcomes) == (2, {"succeeded": 2})
    assert (stats["look"].p50_ms, stats["look"].p95_ms) == (20.0, 20.0)
    call, _ = await ledger.open(entry(clock, key="waits"), status=CallStatus.WAITING)
    clock.advance(timedelta(days=10))
    assert await ledger.prune(older_than=timedelta(days=10, hours=2)) == 1
    assert await ledger.prune(older_than=timedelta(days=1)) == 3
    assert (await ledger.find(call.call_id)).status is CallStatus.WAITING
    assert await ledger.forget_agent("a") == 1
    assert (await ledger.page())[1] == 0


async def _tools(ledger: Ledger, **wanted: object) -> list[str]:
    return [one.tool for one in (await ledger.page(**wanted))[0]]  # type: ignore[arg-type]  # filters of the page
