"""`folkmoot demo`: eight tasks, each with its reasons, again on the same home, and served on."""

import re
import signal
from pathlib import Path

import httpx
import orjson
import pytest

from tests.acceptance.probing import eventually, no_traceback, rows
from tests.serving import folkmoot, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TASKS = 8


def of_the_demo(home: Path) -> list[tuple[str, str, dict[str, object]]]:
    """Status, owner and assignment of the tasks of the last demo in this home."""
    found = rows(home, f"SELECT status, owner, details FROM tasks ORDER BY number DESC LIMIT {TASKS}")
    return [(status, owner, orjson.loads(details)["assignment"]) for status, owner, details in found]


def test_the_demo_assigns_every_task_and_does_so_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for _ in range(2):
        ended = folkmoot("demo", "--exit", home=home, seconds=150)
        assert ended.returncode == 0, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "Acme Shopworks" in ended.stdout
        shared = of_the_demo(home)
        assert len(shared) == TASKS
        for status, owner, assignment in shared:
            assert status in {"assigned", "completed"}
            assert owner
            assert assignment["reasoning"]
    # The exports are the same, so nothing was imported twice.
    assert rows(home, "SELECT count(*) - count(DISTINCT message_id) FROM twin_messages") == [(0,)]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_serves_on_with_the_token_that_it_printed(tmp_path: Path, by: signal.Signals) -> None:
    served = serve(tmp_path / "home", command=("demo",), ADMIN_TOKEN="", COLUMNS="200")
    said: re.Match[str] | None = eventually(
        lambda: re.search(r"Token\s+(\S+)\s+Serving until Ctrl-C", served.log), seconds=150, what="the address printed"
    )
    assert said is not None
    assert f"{served.url}/dashboard" in served.log
    with served.client(token=said.group(1)) as client:
        assert client.get("/api/status").json()["total_agents"] == TASKS - 1
        found = client.get("/api/tasks").json()["items"]
        assert len(found) == TASKS
        assert {one["status"] for one in found} <= {"assigned", "completed"}
        assert client.get("/dashboard", follow_redirects=True).status_code == httpx.codes.OK
    served.process.send_signal(by)
    assert served.process.wait(30) == 0
    no_traceback(served)


def test_the_demo_can_be_ended_in_its_middle(tmp_path: Path) -> None:
    served = serve(tmp_path / "home", command=("demo",))
    eventually(lambda: rows(served.home, "SELECT 1 FROM task_consultations"), seconds=120, what="a consultation")
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(30) == 0
    no_traceback(served)
