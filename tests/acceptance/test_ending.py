"""How a server ends: in a few seconds, with 0, its parts stopped in order, and nobody's request left hanging."""

import json
import signal
import threading
import time
from collections import deque
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.acceptance.probing import add_tasks, no_traceback, rows, settled
from tests.serving import TOKEN, Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
MOST_SECONDS = 10.0


def ended(served: Served, by: signal.Signals) -> float:
    begun = time.monotonic()
    served.process.send_signal(by)
    assert served.process.wait(60) == 0
    return time.monotonic() - begun


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_open_requests_and_sockets_are_told_and_the_home_is_free_again(tmp_path: Path, by: signal.Signals) -> None:
    home = tmp_path / "home"
    served = serve(home)
    answers: list[httpx.Response] = []
    with served.client() as client:
        (first,) = add_tasks(client, 1)  # there is no team yet, so nobody gets it

        def wait_for_long() -> None:
            with served.client() as other:
                body = {"title": "Needs the other", "dependencies": [first]}
                answers.append(other.post("/api/tasks", json=body, params={"wait": 120}))

        waiting = threading.Thread(target=wait_for_long)
        waiting.start()
        with connect(f"{served.url.replace('http', 'ws')}/ws?token={TOKEN}&after=0") as socket:
            while json.loads(socket.recv(timeout=30)).get("title") != "Needs the other":
                pass
            assert ended(served, by) < MOST_SECONDS
            with pytest.raises(ConnectionClosed):
                deque(iter(lambda: socket.recv(timeout=10), None))
        waiting.join(10)
    (answer,) = answers
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    no_traceback(served)
    assert "Exception" not in served.log
    assert not (home / "owner.json").exists()
    assert rows(home, "SELECT count(*) FROM tasks") == [(2,)], "what was accepted is kept"


def test_a_server_ends_in_the_middle_of_sharing_out_and_goes_on_at_its_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    served = serve(home)
    with served.client() as client:
        client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
        add_tasks(client, 12)
    assert ended(served, signal.SIGTERM) < MOST_SECONDS
    no_traceback(served)
    served = serve(home)
    try:
        with served.client() as client:
            assert {one["status"] for one in settled(client)} <= {"assigned", "unassigned"}
    finally:
        assert served.stop() == 0
    no_traceback(served)
