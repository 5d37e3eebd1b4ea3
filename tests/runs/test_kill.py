"""Runs of processes that are killed: they go on, here or in another process, and no finished step is done again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.runs import RunState
from tests.postgres import PostgresServer
from tests.runs.program import STEPS, Errands, open_engine
from tests.waiting import wait_until

SOON = timedelta(seconds=60)
pytestmark = pytest.mark.slow
Launch = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Launch]:
    """Start `program.py` and wait until it is ready; all are killed in the end."""
    started: list[asyncio.subprocess.Process] = []

    async def launch(url: str, *options: str, until: str = "launched") -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("program.py")),
            url,
            str(tmp_path),
            *options,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while (await process.stdout.readline()).decode().strip() != until:
                assert process.returncode is None
        return process

    yield launch
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]  # asyncio has no other way to close a killed one's pipe


def notebook(folder: Path) -> Errands:
    return Errands(folder, 0)


async def all_over(url: str, folder: Path, count: int, *, with_presence: bool) -> None:
    """Start an engine here and wait for all runs; check answers."""
    engine, _, database = await open_engine(url, folder, pause=0.01, with_presence=with_presence)
    await engine.start()
    try:
        for number in range(count):
            run_id = f"run-{number}"
            assert await engine.result(run_id, SOON) == [f"{run_id}:{step}" for step in STEPS]
    finally:
        await engine.stop()
        if database:
            await database.close()


def check_nothing_twice(
    before: list[tuple[str, str, int]], after: list[tuple[str, str, int]], *, in_flight: int
) -> None:
    """Every step was done; those noted before the kill at most again where the record of them was in flight."""
    counts = Counter((run_id, step) for run_id, step, _ in after)
    runs = {run_id for run_id, _ in counts}
    assert set(counts) == {(run_id, step) for run_id in runs for step in STEPS}
    repeated = [key for key, count in counts.items() if count > 1]
    assert max(counts.values()) <= 2
    assert len(repeated) <= in_flight
    # A step that another one of its run followed was recorded: that one must not be among the repeated.
    done_before = {(run_id, step) for run_id, step, _ in before}
    for run_id, step in repeated:
        later = STEPS[STEPS.index(step) + 1 :]
        followed = [other for other in later if (run_id, other) in done_before and {step, other} != {"left", "right"}]
        assert not followed, f"{run_id}: {step} was done again although {followed} came after it"


async def test_a_killed_process_goes_on_after_its_restart(
    program: Launch, any_database_url: str, tmp_path: Path
) -> None:
    count, on_server = 12, any_database_url.startswith("postgresql")
    options = ["--launch", str(count), "--pause", "0.15", *(["--presence"] if on_server else [])]
    first = await program(any_database_url, *options)
    await wait_until(lambda: len(notebook(tmp_path).noted()) >= 20, seconds=30)
    os.kill(first.pid, signal.SIGKILL)
    await first.wait()
    before = notebook(tmp_path).noted()
    assert len(before) < count * len(STEPS)
    await all_over(any_database_url, tmp_path, count, with_presence=on_server)
    # One step in flight per run, two in the gathering.
    check_nothing_twice(before, notebook(tmp_path).noted(), in_flight=2 * count)


@pytest.mark.postgres
async def test_a_living_process_takes_over_from_a_dead_one(program: Launch, postgres_url: str, tmp_path: Path) -> None:
    count = 8
    engine, _, database = await open_engine(postgres_url, tmp_path, pause=0.01, with_presence=True)
    assert database is not None
    victim = await program(postgres_url, "--launch", str(count), "--pause", "0.3", "--presence")
    await wait_until(lambda: len(notebook(tmp_path).noted()) >= count, seconds=30)
    await engine.start()
    try:
        os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
        died = asyncio.get_running_loop().time()
        before = notebook(tmp_path).noted()

        async def ours() -> bool:
            running = await engine.list(state=RunState.RUNNING)
            return all(run.executor_id == engine.executor_id for run in running)

        await wait_until(ours, seconds=30)
        # Within two heartbeats of one second each, and what a busy machine adds.
        assert asyncio.get_running_loop().time() - died < 2 + 3
        for number in range(count):
            run_id = f"run-{number}"
            assert await engine.result(run_id, SOON) == [f"{run_id}:{step}" for step in STEPS]
        check_nothing_twice(before, notebook(tmp_path).noted(), in_flight=2 * count)
    finally:
        await engine.stop()
        await database.close()


@pytest.mark.postgres
async def test_two_living_processes_do_every_step_once(program: Launch, postgres_url: str, tmp_path: Path) -> None:
    """For several heartbeats, so that one that took the other for dead would have had the time to."""
    count = 40
    await program(postgres_url, "--pause", "0.25", "--presence", until="ready")
    await program(postgres_url, "--launch", str(count), "--pause", "0.25", "--presence")
    done = count * len(STEPS)
    await wait_until(lambda: len(notebook(tmp_path).noted()) >= done, seconds=90)
    noted = notebook(tmp_path).noted()
    assert Counter((run_id, step) for run_id, step, _ in noted) == {
        (f"run-{number}", step): 1 for number in range(count) for step in STEPS
    }
    assert len({pid for _, _, pid in noted}) == 2, "both took runs"
    for number in range(count):
        assert len({pid for run_id, _, pid in noted if run_id == f"run-{number}"}) == 1


@pytest.mark.postgres
async def test_a_process_that_was_only_asleep_does_not_run_what_it_lost(
    program: Launch, postgres_url: str, tmp_path: Path
) -> None:
    """A laptop's lid, a paused container: it wakes up and still believes that the runs are its own."""
    count = 4
    sleeper = await program(postgres_url, "--launch", str(count), "--pause", "0.3", "--presence")
    await wait_until(lambda: len(notebook(tmp_path).noted()) >= count, seconds=30)
    os.kill(sleeper.pid, signal.SIGSTOP)
    await all_over(postgres_url, tmp_path, count, with_presence=True)
    meanwhile = [pid for _, _, pid in notebook(tmp_path).noted()]
    os.kill(sleeper.pid, signal.SIGCONT)
    # It finds out at the record of the step that it was in, two in the gathering; nothing comes after that.
    await asyncio.sleep(3)
    awake = notebook(tmp_path).noted()[len(meanwhile) :]
    assert {pid for _, _, pid in awake} <= {sleeper.pid}
    assert len(awake) <= 2 * count
    steps = {run_id: {step for other, step, _ in awake if other == run_id} for run_id, _, _ in awake}
    assert all(len(done) == 1 or done == {"left", "right"} for done in steps.values())
    await all_over(postgres_url, tmp_path, count, with_presence=True)


@pytest.mark.postgres
async def test_a_process_ends_although_the_server_is_gone(
    program: Launch, postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    process = await program(postgres_url, "--launch", "4", "--pause", "0.3", "--presence")
    await wait_until(lambda: len(notebook(tmp_path).noted()) >= 4, seconds=30)
    await asyncio.to_thread(postgres_server.stop)
    try:
        await asyncio.sleep(2)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.wait()
    finally:
        await asyncio.to_thread(postgres_server.start)
    await all_over(postgres_url, tmp_path, 4, with_presence=True)


@pytest.mark.postgres
async def test_runs_go_on_when_the_server_comes_back(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    count = 6
    engine, errands, database = await open_engine(postgres_url, tmp_path, pause=0.3, with_presence=True)
    assert database is not None
    await engine.start()
    try:
        for number in range(count):
            await engine.launch("errands", f"run-{number}", number)
        await wait_until(lambda: len(errands.noted()) >= count, seconds=30)
        await asyncio.to_thread(postgres_server.restart)
        for number in range(count):
            run_id = f"run-{number}"
            assert await engine.result(run_id, SOON) == [f"{run_id}:{step}" for step in STEPS]
        # Nobody died, so nothing at all was done twice.
        assert max(Counter((run_id, step) for run_id, step, _ in errands.noted()).values()) == 1
        assert {run.attempts for run in await engine.list()} == {1}
    finally:
        await engine.stop()
        await database.close()
