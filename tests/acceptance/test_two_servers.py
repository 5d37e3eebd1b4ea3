"""Two servers on one PostgreSQL and one Redis are one workplace; where one is killed the other goes on for both."""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.acceptance.probing import add_tasks, all_tasks, eventually, settled
from tests.serving import TOKEN, Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]
ACME = Path(__file__).parents[2] / "examples" / "acme"
SECRET = "a-secret-that-only-these-two-know-of"


@pytest.fixture
def servers(tmp_path: Path, redis_url: str, postgres_url: str) -> Iterator[tuple[Served, Served]]:
    """Started at the same moment. The first leaves pavel, eleanor and carmen to the second, which hosts everybody."""
    shutil.copytree(ACME, tmp_path / "team", ignore=shutil.ignore_patterns("exports"))
    usual: dict[str, Any] = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": postgres_url,
        "JWT_SECRET": SECRET,
        "TOOL_CALLS_SECRET": SECRET,
        "HEARTBEAT_INTERVAL": "1",
        "MESSAGE_TIMEOUT": "5",
        "WORKPLACE_FILE": str(tmp_path / "team" / "workplace.yaml"),
    }
    with ThreadPoolExecutor() as pool:
        starts = [
            pool.submit(serve, tmp_path / "one", LOCAL_AGENTS="manager,jonas,mira,lin", **usual),
            pool.submit(serve, tmp_path / "two", **usual),
        ]
        one, other = (start.result() for start in starts)
    yield one, other
    for served in (one, other):
        served.process.send_signal(signal.SIGCONT)
        served.kill()


def live(served: Served, *, after: int | None = None) -> ClientConnection:
    query = f"token={TOKEN}" + (f"&after={after}" if after is not None else "")
    return connect(f"{served.url.replace('http', 'ws')}/ws?{query}")


def told(socket: ClientConnection, what: str, task_id: str) -> dict[str, Any]:
    """The event of that type about that task."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if (frame["type"], frame.get("task_id")) == (what, task_id):
            return frame
    raise AssertionError(f"nothing was told of {what} of {task_id}")


def ask(client: httpx.Client, recipient: str, *, seconds: float = 10) -> dict[str, Any]:
    body = {"sender_id": "tests", "recipient_id": recipient, "intent": "health_check"}
    sent = client.post("/api/agents/messages", params={"wait": seconds}, json=body)
    answer: dict[str, Any] = sent.raise_for_status().json()
    return answer


def awards(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM events WHERE type = 'task_assigned' GROUP BY subject, data->>'attempt'"
        )
        return [int(row[0]) for row in found]


def test_they_act_as_one_and_one_goes_on_for_both(servers: tuple[Served, Served], postgres_url: str) -> None:
    one, other = servers
    with one.client() as here, other.client() as there:
        _the_same_is_known_and_answered_at_both(here, there)
        _what_happens_at_one_is_told_at_the_other(one, other, here)
        _silence_holds_everywhere(here, there)
        _a_twin_made_at_one_is_hosted_by_the_other(here, there)
        _tokens_of_one_open_the_other(here, other)
        before = len(all_tasks(there))
        asked = _consultations(postgres_url)
        # Held up meanwhile, the other neither takes runs nor answers for its agents: all of this is the first one's.
        other.process.send_signal(signal.SIGSTOP)
        ids = add_tasks(here, 8)
        eventually(lambda: _consultations(postgres_url) >= asked + 4, every=0.01, what="consultations")
        one.kill()
        other.process.send_signal(signal.SIGCONT)
        tasks = settled(there)
    assert "going on with the runs of dead executors" in other.log, "the kill came too late to try anything"
    assert set(ids) <= {task["task_id"] for task in tasks}
    assert len(tasks) == before + len(ids)
    assert {task["status"] for task in tasks} <= {"assigned", "unassigned"}
    assert "assigned" in {task["status"] for task in tasks}
    assert set(awards(postgres_url)) == {1}
    assert other.stop() == 0
    assert "request failed" not in other.log


def _the_same_is_known_and_answered_at_both(here: httpx.Client, there: httpx.Client) -> None:
    def known(client: httpx.Client) -> dict[str, str]:
        agents = client.get("/api/agents").raise_for_status().json()["agents"]
        return {agent["agent_id"]: agent["status"] for agent in agents}

    assert known(here) == known(there)
    assert (len(known(here)), set(known(here).values())) == (7, {"online"})
    assert ask(here, "pavel")["reply"]["sender_id"] == "pavel"
    assert ask(there, "jonas")["reply"]["sender_id"] == "jonas"
    assert _figures(here) == _figures(there)
    dead = {"message_id": "a-haircut", "sender_id": "tests", "recipient_id": "pavel", "intent": "custom:review_haircut"}
    refused = here.post("/api/agents/messages", params={"wait": 5}, json=dead)
    assert refused.json()["type"] == "/problems/handling_failed", refused.text
    letters = [client.get("/api/agents/messages/dead-letters").json()["items"] for client in (here, there)]
    assert [[letter["message"]["message_id"] for letter in found] for found in letters] == [["a-haircut"]] * 2


def _figures(client: httpx.Client) -> dict[str, Any]:
    """What stands still: rates and ages do not."""
    told = client.get("/api/agents/messages/stats").raise_for_status().json()
    sums = {name: told[name] for name in ("queued", "in_flight", "handled", "dead", "expired")}
    return sums | {one["agent_id"]: one["dead"] for one in told["mailboxes"] if one["handled_per_minute"]}


def _what_happens_at_one_is_told_at_the_other(one: Served, other: Served, here: httpx.Client) -> None:
    with live(other) as socket:
        (task_id,) = add_tasks(here, 1)
        created = told(socket, "task_created", task_id)
    settled(here)
    with live(one, after=created["id"]) as socket:
        assigned = told(socket, "task_assigned", task_id)
    with live(other, after=created["id"]) as socket:
        assert told(socket, "task_assigned", task_id)["id"] == assigned["id"]


def _silence_holds_everywhere(here: httpx.Client, there: httpx.Client) -> None:
    here.post("/api/agents/jonas/silence", json={"reason": "a test"}).raise_for_status()
    time.sleep(1)  # what is promised is a time, not something that can be seen
    waits = [ask(client, "jonas", seconds=0.5) for client in (here, there)]
    assert [one["reply"] for one in waits] == [None, None]
    there.delete("/api/agents/jonas/silence").raise_for_status()

    def handled() -> bool:
        paths = (f"/api/agents/messages/{one['message_id']}" for one in waits)
        return all(here.get(path).json()["status"] == "handled" for path in paths)

    eventually(handled, seconds=5, what="it speaks again")


def _a_twin_made_at_one_is_hosted_by_the_other(here: httpx.Client, there: httpx.Client) -> None:
    body = {"person": "Ada Moss", "email": "ada@example.com", "role": "Historian"}
    agent_id = here.post("/api/twins", json=body).raise_for_status().json()["agent_id"]

    def seen() -> bool:
        agent = there.get(f"/api/agents/{agent_id}").json()
        return (agent["status"], agent["role"]) == ("online", "Historian")

    eventually(seen, seconds=5, what="the twin is up")
    assert ask(here, agent_id)["reply"]["sender_id"] == agent_id


def _tokens_of_one_open_the_other(here: httpx.Client, other: Served) -> None:
    user = {"email": "una@acme.example", "name": "Una", "role": "member", "password": "a long enough password"}
    here.post("/api/users", json=user).raise_for_status()
    form = {"username": user["name"], "password": user["password"], "grant_type": "password"}
    token = here.post("/api/auth/token", data=form).raise_for_status().json()["access_token"]
    with other.client(token=token) as una:
        assert una.get("/api/agents").status_code == 200


def _consultations(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM task_consultations").fetchone()
    return int(row[0]) if row else 0
