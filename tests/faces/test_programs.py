"""Programs that use the Python API run as they are: those that users have, and our examples."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT.parent / "shared" / "clients"
# `comms_memory.py` searches documents and sends nothing: it is run by `test_search_api.py`.
COMMS = ("comms_config", "comms_dashboard", "comms_mixin", "comms_new_agent", "comms_sender")
EXAMPLES = {
    "ask_a_colleague": ["agent.dana says 2,400,000, so we spend a tenth of it on Q4."],
    "assign_a_task": [
        "able: ['agent.sarah']",
        "Sarah: TASK_001, Write the page about oat milk (high)",
        "answer: {'status': 'accepted', 'task_id': 'TASK_001'}",
        "status: offline",
        "refused: there is no agent 'agent.nobody'",
        "Sarah: TASK_002, Shorten it (normal)",
    ],
    "call_a_department": [
        "agent.maya hears: team meeting at 3 PM",
        "'agent.ned': {'status': 'success', 'doing': 'three articles drafted'}",
        "nobody works in the department 'astronomy'",
    ],
    "give_a_class_communication": ["no online agent fits 'role:warehouse'", "oat milk: 8 in stock"],
}
BROKERS = ("embedded", "redis")
SECONDS = 100  # a program that waits for nothing takes five; the machine may be busy


@pytest.fixture(params=BROKERS)
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Nothing of the developer's own settings, a home of its own, the commands of this environment, one broker."""
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "LC_ALL", "TMPDIR"}}
    found = {"FOLKMOOT_HOME": str(tmp_path / "home"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    if request.param == "redis":
        found["REDIS_URL"] = request.getfixturevalue("redis_url")
    return kept | found


def passed(done: "subprocess.CompletedProcess[str]") -> str:
    """What a program that ended well by itself has printed."""
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Task was destroyed" not in done.stderr, done.stderr
    assert "did_not_stop" not in done.stderr, done.stderr
    return done.stdout


def started(program: Path, environment: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """A program run to its end; what it started itself ends with it."""
    command = [sys.executable, "-W", "error::ResourceWarning", str(program)]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, complained = process.communicate(timeout=SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, process.returncode, said, complained)


def was_only_slow(done: "subprocess.CompletedProcess[str]") -> bool:
    """Whether nothing failed but the program's own clock, while other processes wait for the same cores."""
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    crowded = os.getloadavg()[0] > 0.75 * (os.cpu_count() or 1)
    return crowded and bool(failed) and all(line.rstrip().endswith("- TimeoutError") for line in failed)


@pytest.mark.slow
@pytest.mark.skipif(not CLIENTS.is_dir() and not os.environ.get("CI"), reason="the client programs are not here")
@pytest.mark.parametrize("name", COMMS)
def test_a_program_that_users_have_passes(
    name: str, environment: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    done = started(CLIENTS / f"{name}.py", environment, tmp_path)
    if was_only_slow(done):
        if "REDIS_URL" in environment:
            request.getfixturevalue("redis_server").empty()
        done = started(CLIENTS / f"{name}.py", {**environment, "FOLKMOOT_HOME": str(tmp_path / "again")}, tmp_path)
    said = passed(done)
    assert "FAIL" not in said
    assert said.count("ok ") >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_says(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    said = passed(started(ROOT / "examples" / f"{name}.py", environment, tmp_path))
    for line in EXAMPLES[name]:
        assert line in said, said


def test_every_example_is_run() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(EXAMPLES)
