"""`kill -9` in the middle of sharing out a task: after a restart it goes on, and nobody is asked twice."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from folkmoot.storage import Database
from folkmoot.tasks import store
from tests.tasks import program

ROOT = Path(__file__).parents[2]


def run(folder: Path, stop: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, program.__file__, str(folder), stop],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("stop", ["consult:1", "consult:3", "negotiate:1", "negotiate:5", "award:1"])
async def test_a_killed_distribution_goes_on(tmp_path: Path, stop: str) -> None:
    killed = run(tmp_path, stop)
    assert killed.returncode == -9, killed.stderr[-2000:]

    resumed = run(tmp_path, "-")

    assert resumed.returncode == 0, resumed.stderr[-2000:]
    assert resumed.stdout.splitlines()[-1].startswith("assigned ")
    database = Database(f"sqlite:///{tmp_path / 'house.db'}")
    async with database.read() as session:
        (task,), total = await store.select_tasks(session)
        answers = await store.select_consultations(session, task.task_id, task.attempt)
        rounds, verdict = await store.select_rounds(session, task.task_id, task.attempt)
    await database.close()
    assert total == 1
    assert {one.agent for one in answers} == set(program.TEAM)
    assert all(one.can_do for one in answers), "nobody abstained for the kill's sake"
    assert rounds
    assert verdict is not None
    # What was being handled when the process died is handled again, as by every broker; what was answered is not.
    times = Counter((tmp_path / "handled.log").read_text().splitlines())
    again = {line.split()[0] for line, count in times.items() if count > 1}
    assert again <= {stop.partition(":")[0]}, "a phase that was over was gone through again"
    assert max(times.values()) <= 2


@pytest.mark.slow
async def test_it_is_awarded_once_however_often_it_is_killed(tmp_path: Path) -> None:
    for stop in ("consult:2", "negotiate:2", "negotiate:3", "award:1"):
        assert run(tmp_path, stop).returncode in {-9, 0}
    assert run(tmp_path, "-").returncode == 0
    database = Database(f"sqlite:///{tmp_path / 'house.db'}")
    async with database.read() as session:
        (task,), _ = await store.select_tasks(session)
        from folkmoot.events.store import select_events

        events = await select_events(session, after=0, types=["task_assigned"], subject=task.task_id, limit=10)
    await database.close()
    assert len(events) == 1
    assert events[0].data["assigned_agent"] == task.owner
