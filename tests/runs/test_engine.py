"""Durable runs in one process: what a run may do, what is recorded, how it ends."""

import asyncio
import itertools
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.kernel import JsonValue, SystemClock
from folkmoot.messaging.errors import ReplyTimeoutError
from folkmoot.runs import (
    Run,
    RunCancelledError,
    RunEngine,
    RunFailedError,
    RunState,
    RunTimeoutError,
    Step,
    StepFailedError,
    UnknownRunError,
)
from folkmoot.runs.engine import RunFunction
from folkmoot.runs.errors import EngineTakenError, NotJsonError, RunConflictError, RunsStoppedError
from folkmoot.storage import StorageUnavailableError
from tests.waiting import wait_until

SOON = timedelta(seconds=20)
Start = Callable[..., Awaitable[RunEngine]]


@pytest.fixture
async def start(any_database_url: str) -> AsyncIterator[Start]:
    """Start an engine on one and the same database; a further one stops the one before."""
    engines: list[RunEngine] = []

    async def make(functions: dict[str, RunFunction], **options: Any) -> RunEngine:
        for engine in engines:
            await engine.stop()
        engine = RunEngine(
            url=any_database_url, clock=SystemClock(), **{"polling": timedelta(milliseconds=20), **options}
        )
        for name, function in functions.items():
            engine.register(name, function)
        await engine.start()
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        await engine.stop()


class Count:
    """A step that counts its calls."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    async def __call__(self, value: Any = None) -> Any:
        self.calls.append(value)
        return value


async def test_a_run_returns_what_its_function_returns_and_runs_on_the_callers_loop(start: Start) -> None:
    loop = asyncio.get_running_loop()
    seen: list[asyncio.AbstractEventLoop] = []

    async def double(run: Run, value: int) -> JsonValue:
        seen.append(asyncio.get_running_loop())
        return {"id": run.id, "double": 2 * value}

    engine = await start({"double": double})
    assert await engine.launch("double", "d1", 21) == "d1"
    assert await engine.result("d1", SOON) == {"id": "d1", "double": 42}
    assert seen == [loop]
    info = await engine.status("d1")
    assert (info.state, info.name, info.attempts) == (RunState.COMPLETED, "double", 1)


async def test_launching_an_id_again_is_the_same_run(start: Start) -> None:
    step = Count()

    async def once(run: Run, value: int) -> JsonValue:
        return [await run.step("count", step, value)]

    async def other(_run: Run, _value: Any) -> None:
        return None

    engine = await start({"once": once, "other": other})
    await asyncio.gather(*(engine.launch("once", "r", 1) for _ in range(5)))
    assert await engine.result("r", SOON) == [1]
    await engine.launch("once", "r", 2)
    assert await engine.result("r", SOON) == [1]
    assert step.calls == [1]
    with pytest.raises(RunConflictError, match="not a run of 'other'"):
        await engine.launch("other", "r")


async def test_after_a_restart_recorded_answers_are_not_asked_for_again(start: Start) -> None:
    step, reached, gate = Count(), asyncio.Event(), asyncio.Event()

    async def wait_at_gate() -> str:
        reached.set()
        await gate.wait()
        return "through"

    async def journey(run: Run, _value: Any) -> JsonValue:
        alone = await run.step("alone", step, "a")
        beside = await run.gather(*(Step(f"beside-{n}", step, (n,)) for n in range(10)))
        return [alone, beside, await run.step("gate", wait_at_gate)]

    engine = await start({"journey": journey})
    await engine.launch("journey", "j")
    await reached.wait()
    again = await start({"journey": journey})
    gate.set()
    assert await again.result("j", SOON) == ["a", list(range(10)), "through"]
    assert sorted(map(str, step.calls)) == sorted(map(str, ["a", *range(10)]))
    assert (await again.status("j")).attempts == 2


async def test_a_recorded_error_comes_back_as_what_it_was(start: Start) -> None:
    """A run that goes on after a caught error must take the same way after a restart."""
    calls, reached, gate = itertools.count(), asyncio.Event(), asyncio.Event()

    async def no_reply() -> None:
        next(calls)
        raise ReplyTimeoutError("no reply within 5 s", agent_id="alice")

    async def breaks() -> None:
        next(calls)
        raise ZeroDivisionError("of all things")

    async def wait_at_gate() -> None:
        reached.set()
        await gate.wait()

    async def careful(run: Run, _value: Any) -> JsonValue:
        said: list[JsonValue] = []
        try:
            await run.step("ask", no_reply)
        except ReplyTimeoutError as error:
            said.append([error.message, error.fields])
        try:
            await run.step("break", breaks)
        except StepFailedError as error:
            said.append([error.message, error.fields])
        await run.step("gate", wait_at_gate)
        return said

    engine = await start({"careful": careful})
    await engine.launch("careful", "c")
    await reached.wait()
    gate.set()
    again = await start({"careful": careful})
    assert await again.result("c", SOON) == [
        ["no reply within 5 s", {"agent_id": "alice"}],
        ["step 'break' failed: ZeroDivisionError: of all things", {"kind": "ZeroDivisionError"}],
    ]
    assert next(calls) == 2


async def test_answers_look_the_same_before_and_after_being_recorded(start: Start) -> None:
    async def pair() -> Any:
        return {"pair": (1, 2), 3: None}

    async def look(run: Run, _value: Any) -> Any:
        return await run.step("pair", pair)

    engine = await start({"look": look})
    await engine.launch("look", "l")
    assert await engine.result("l", SOON) == {"pair": [1, 2], "3": None}


async def test_what_is_not_json_is_refused(start: Start) -> None:
    async def unfit() -> Any:
        return {"when": object()}

    async def bad(run: Run, _value: Any) -> Any:
        return await run.step("unfit", unfit)

    engine = await start({"bad": bad})
    with pytest.raises(NotJsonError, match="input of run 'b'"):
        await engine.launch("bad", "b", {1, 2})
    with pytest.raises(UnknownRunError):
        await engine.status("b")
    await engine.launch("bad", "b", [1, 2])
    with pytest.raises(RunFailedError, match="answer of step 'unfit'"):
        await engine.result("b", SOON)


async def test_all_steps_of_a_gathering_end_before_its_error_is_raised(start: Start) -> None:
    done: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0.1)
        done.append("slow")

    async def fail(name: str) -> None:
        raise ReplyTimeoutError(name)

    async def both(run: Run, _value: Any) -> Any:
        await run.gather(Step("slow", slow), Step("x", fail, ("first",)), Step("y", fail, ("second",)))

    engine = await start({"both": both})
    await engine.launch("both", "b")
    with pytest.raises(RunFailedError, match="first"):
        await engine.result("b", SOON)
    assert done == ["slow"]


async def test_a_step_waits_for_a_database_that_is_away(start: Start) -> None:
    attempts = itertools.count(1)

    async def store() -> int:
        if (attempt := next(attempts)) < 3:
            raise StorageUnavailableError("gone")
        return attempt

    async def keep(run: Run, _value: Any) -> Any:
        return await run.step("store", store)

    engine = await start({"keep": keep})
    await engine.launch("keep", "k")
    assert await engine.result("k", SOON) == 3


async def test_patience_ends(start: Start) -> None:
    async def store() -> None:
        raise StorageUnavailableError("gone for good")

    async def keep(run: Run, _value: Any) -> Any:
        return await run.step("store", store)

    engine = await start({"keep": keep}, patience=timedelta(0))
    await engine.launch("keep", "k")
    with pytest.raises(RunFailedError, match="gone for good"):
        await engine.result("k", SOON)


async def test_cancelling_stops_at_once_and_quietly(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    reached = asyncio.Event()

    async def forever() -> None:
        reached.set()
        await asyncio.Event().wait()

    async def stuck(run: Run, _value: Any) -> Any:
        await run.step("forever", forever)

    engine = await start({"stuck": stuck})
    await engine.launch("stuck", "s")
    await reached.wait()
    with caplog.at_level(logging.WARNING):
        await engine.cancel("s")
        with pytest.raises(RunCancelledError):
            await engine.result("s", SOON)
        await wait_until(lambda: not engine._here)
    assert [record.getMessage() for record in caplog.records] == []
    await engine.cancel("s")
    assert (await engine.status("s")).state is RunState.CANCELLED
    with pytest.raises(UnknownRunError):
        await engine.cancel("nobody")


async def test_something_cancelled_inside_fails_the_run_instead_of_leaving_it_forever(start: Start) -> None:
    async def trip() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def tripping(run: Run, in_step: bool) -> None:
        await (run.step("trip", trip) if in_step else trip())

    engine = await start({"tripping": tripping})
    for in_step in (True, False):
        await engine.launch("tripping", f"t{in_step}", in_step)
        with pytest.raises(RunFailedError, match="was cancelled"):
            await engine.result(f"t{in_step}", SOON)


async def test_many_runs_are_accepted_at_once_and_few_are_in_progress(start: Start) -> None:
    now = peak = 0

    async def busy() -> None:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await asyncio.sleep(0.02)
        now -= 1

    async def work(run: Run, _value: Any) -> Any:
        await run.step("busy", busy)

    engine = await start({"work": work}, concurrency=5)
    await asyncio.gather(*(engine.launch("work", f"w{n}") for n in range(40)))
    for n in range(40):
        await engine.result(f"w{n}", SOON)
    assert 2 <= peak <= 5


async def test_runs_are_listed_and_old_ones_forgotten(start: Start) -> None:
    async def quick(_run: Run, value: Any) -> Any:
        return value

    async def never(run: Run, _value: Any) -> Any:
        await run.sleep(timedelta(hours=1))

    engine = await start({"quick": quick, "never": never})
    for n in range(3):
        await engine.launch("quick", f"q{n}")
        await engine.result(f"q{n}", SOON)
    await engine.launch("never", "n")

    async def running() -> bool:
        return (await engine.status("n")).state is RunState.RUNNING

    await wait_until(running)
    assert [run.run_id for run in await engine.list(name="quick")] == ["q2", "q1", "q0"]
    assert [run.run_id for run in await engine.list(state=RunState.RUNNING)] == ["n"]
    assert [run.run_id for run in await engine.list(limit=1, offset=1)] == ["q2"]
    assert await engine.prune(older_than=timedelta(hours=1)) == 0
    assert await engine.prune(older_than=timedelta(hours=-1)) == 3
    assert [run.run_id for run in await engine.list()] == ["n"]
    with pytest.raises(RunTimeoutError):
        await engine.result("n", timedelta(0))


async def test_a_run_may_launch_another_that_is_nobodys_child(start: Start) -> None:
    async def child(_run: Run, value: Any) -> Any:
        return value

    engine: RunEngine

    async def spawn() -> str:
        return await engine.launch("child", "child", "hello")

    async def parent(run: Run, _value: Any) -> Any:
        return await run.step("spawn", spawn)

    engine = await start({"child": child, "parent": parent})
    await engine.launch("parent", "p")
    assert await engine.result("p", SOON) == "child"
    assert await engine.result("child", SOON) == "hello"


async def test_one_engine_per_process_and_clear_words_when_it_is_not_running(
    start: Start, any_database_url: str
) -> None:
    async def nothing(_run: Run, _value: Any) -> None:
        return None

    engine = await start({"nothing": nothing})
    await engine.health_check()
    with pytest.raises(UnknownRunError, match="known are nothing"):
        await engine.launch("something", "x")
    with pytest.raises(RunConflictError, match="has started"):
        engine.register("late", nothing)
    second = RunEngine(url=any_database_url, clock=SystemClock())
    with pytest.raises(EngineTakenError):
        await second.start()
    await engine.launch("nothing", "n")
    assert await engine.result("n", SOON) is None
    await engine.stop()
    for ask in (engine.health_check(), engine.launch("nothing", "m"), engine.status("n")):
        with pytest.raises(RunsStoppedError):
            await ask
    # What else uses threads goes on.
    assert await asyncio.to_thread(lambda: 42) == 42


async def test_a_database_that_does_not_answer_is_said_plainly() -> None:
    engine = RunEngine(url="postgresql://nobody:secret@127.0.0.1:1/none", clock=SystemClock())
    with pytest.raises(StorageUnavailableError, match="does not answer") as caught:
        await engine.start()
    assert "secret" not in caught.value.message


def test_importing_the_room_does_not_import_dbos() -> None:
    code = "import sys, folkmoot.runs; sys.exit('dbos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
