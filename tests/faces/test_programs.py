"""Programs that use the Python API run as they are: those that users have, and our examples."""

import os
import subprocess
import sys
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


def run(program: Path, environment: dict[str, str], folder: Path) -> str:
    """What a program that ends well by itself has printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", program],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Task was destroyed" not in done.stderr, done.stderr
    assert "did_not_stop" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not CLIENTS.is_dir() and not os.environ.get("CI"), reason="the client programs are not here")
@pytest.mark.parametrize("name", COMMS)
def test_a_program_that_users_have_passes(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    said = run(CLIENTS / f"{name}.py", environment, tmp_path)
    assert "FAIL" not in said
    assert said.count("ok ") >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_says(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    said = run(ROOT / "examples" / f"{name}.py", environment, tmp_path)
    for line in EXAMPLES[name]:
        assert line in said, said


def test_every_example_is_run() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(EXAMPLES)
