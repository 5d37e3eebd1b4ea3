"""A server that hosts nobody, and a host in another process whose agents are as whole as a server's own."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.probing import add_tasks, eventually, no_traceback, settled
from tests.serving import Hosting, Served, folkmoot, host_agents, serve

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(240)]
ACME = Path(__file__).parents[2] / "examples" / "acme"


@pytest.fixture
def settings(redis_url: str, postgres_url: str) -> dict[str, Any]:
    return {"REDIS_URL": redis_url, "DATABASE_URL": postgres_url, "HEARTBEAT_INTERVAL": "0.5", "MESSAGE_TIMEOUT": "10"}


@pytest.fixture
def team(tmp_path: Path) -> Path:
    folder = tmp_path / "team"
    shutil.copytree(ACME, folder, ignore=shutil.ignore_patterns("exports"))
    return folder / "workplace.yaml"


@pytest.fixture
def server(tmp_path: Path, team: Path, settings: dict[str, Any]) -> Iterator[Served]:
    served = serve(tmp_path / "server", command=("serve", "--no-agents"), WORKPLACE_FILE=str(team), **settings)
    yield served
    served.kill()


def presence(client: httpx.Client) -> dict[str, str]:
    listed = client.get("/api/agents").raise_for_status().json()["agents"]
    return {one["agent_id"]: one["status"] for one in listed}


def letter(recipient: str, intent: str, **data: Any) -> dict[str, Any]:
    return {"sender_id": "tests", "recipient_id": recipient, "intent": intent, "payload": {"data": data}}


def test_its_agents_are_known_and_whoever_hosts_them_does_their_work(
    tmp_path: Path, server: Served, team: Path, settings: dict[str, Any]
) -> None:
    hosts: list[Hosting] = []
    with server.client() as client:
        try:
            everybody = presence(client)
            assert len(everybody) == 7
            assert set(everybody.values()) == {"offline"}
            waits = client.post("/api/agents/messages", json=letter("jonas", "health_check")).raise_for_status().json()
            assert waits["status"] == "queued"

            hosts += [host_agents(team, home=tmp_path / "hosts", **settings) for _ in range(2)]
            for host in hosts:
                host.wait_until_up(*everybody)
            assert set(presence(client).values()) == {"online"}
            eventually(
                lambda: _status(client, waits["message_id"]) == "handled", seconds=10, what="the mail that waited"
            )

            ids = add_tasks(client, 2)
            tasks = settled(client)
            assert {one["task_id"] for one in tasks} == set(ids)
            assert {one["status"] for one in tasks} <= {"assigned", "unassigned"}
            for one in tasks:
                asked = client.get(f"/api/tasks/{one['task_id']}").json()["consultation"]
                assert [answer["agent"] for answer in asked if answer["abstained"]] == []

            _a_manager_elsewhere_takes_a_task_in(client)
            _a_silenced_one_is_silent_everywhere_within_a_second(client)

            assert hosts[0].stop() == 0
            assert set(presence(client).values()) == {"online"}, "its replicas are hosted by the other"
            hosts[1].kill()
            eventually(lambda: set(presence(client).values()) == {"offline"}, seconds=3, what="the killed are offline")
            assert set(presence(client)) == set(everybody)
        finally:
            for host in hosts:
                host.kill()
    assert server.stop() == 0
    no_traceback(server)
    assert "Traceback" not in hosts[0].log


def _a_manager_elsewhere_takes_a_task_in(client: httpx.Client) -> None:
    body = letter("manager", "assign_task", title="Renew the certificate", task_type="Operations")
    sent = client.post("/api/agents/messages", params={"wait": 20}, json=body).raise_for_status().json()
    task_id = sent["reply"]["payload"]["data"]["task_id"]
    settled(client)
    assert client.get(f"/api/tasks/{task_id}").json()["status"] in {"assigned", "unassigned"}


def _a_silenced_one_is_silent_everywhere_within_a_second(client: httpx.Client) -> None:
    client.post("/api/agents/lin/silence", json={"reason": "a test"}).raise_for_status()
    time.sleep(1)  # what is promised is a time, not something that can be seen
    asked = client.post("/api/agents/messages", params={"wait": 1}, json=letter("lin", "health_check"))
    assert asked.raise_for_status().json()["reply"] is None
    client.delete("/api/agents/lin/silence").raise_for_status()
    message_id = asked.json()["message_id"]
    eventually(lambda: _status(client, message_id) == "handled", seconds=5, what="it speaks again")


def _status(client: httpx.Client, message_id: str) -> str:
    return str(client.get(f"/api/agents/messages/{message_id}").raise_for_status().json()["status"])


def test_no_agents_without_redis_is_refused(tmp_path: Path) -> None:
    done = folkmoot("serve", "--no-agents", home=tmp_path / "home")
    assert done.returncode == 1
    assert "REDIS_URL" in done.stderr
