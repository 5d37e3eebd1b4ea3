"""PostgreSQL in place of SQLite: the same flow, a restart of it in the middle, and a second server that takes over."""

from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.acceptance.exports import CONSENT, FORM, PERSON, whatsapp
from tests.acceptance.probing import add_tasks, all_tasks, eventually, no_traceback, settled
from tests.postgres import PostgresServer
from tests.serving import serve

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(400)]


def count(url: str, table: str) -> int:
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    except psycopg.Error:
        return 0
    return int(row[0]) if row else 0


def awards(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM events WHERE type = 'task_assigned' GROUP BY subject, data->>'attempt'"
        )
        return [int(row[0]) for row in found]


def health(client: httpx.Client) -> str:
    try:
        return str(client.get("/health").json()["status"])
    except httpx.TransportError:
        return "silent"


def test_the_whole_flow_and_a_restart_in_its_middle(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    served = serve(tmp_path / "home", DATABASE_URL=postgres_url)
    try:
        with served.client() as client:
            client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
            client.post("/api/consents", json=CONSENT).raise_for_status()
            chat = whatsapp(tmp_path / "chat.txt", 400).read_bytes()
            done = client.post(f"/api/twins/{PERSON}/imports", files={"file": ("chat.txt", chat)}, data=FORM)
            assert (done.status_code, done.json()["messages"]) == (201, 400)
            assert client.get(f"/api/twins/{PERSON}/profile").status_code == 200
            (first,) = add_tasks(client, 1)
            assert settled(client)[0]["status"] == "assigned"

            later = add_tasks(client, 10)
            eventually(lambda: count(postgres_url, "task_consultations") >= 10, every=0.02, what="consultations")
            postgres_server.stop()
            stopped = client.get("/api/tasks")
            assert stopped.status_code == 503
            assert stopped.json()["type"] == "/problems/storage_unavailable"
            assert "folkmoot:folkmoot" not in stopped.text
            eventually(lambda: health(client) in {"degraded", "down"}, seconds=30, every=0.2, what="health says so")
            postgres_server.start()
            eventually(lambda: health(client) == "ok", seconds=60, every=0.2, what="health is ok again")
            tasks = settled(client, seconds=150)
            assert {one["task_id"] for one in tasks} == {first, *later}
            assert {one["status"] for one in tasks} <= {"assigned", "unassigned"}
            assert set(awards(postgres_url)) == {1}
    finally:
        assert served.stop() == 0
    # Drivers tell at length how they lost their connections; what matters is that no request met a fault.
    assert "request failed" not in served.log
    assert not (tmp_path / "home" / "folkmoot.db").exists()


def test_the_other_server_goes_on_with_what_a_killed_one_left(tmp_path: Path, postgres_url: str) -> None:
    usual: dict[str, Any] = {"DATABASE_URL": postgres_url, "HEARTBEAT_INTERVAL": "1", "MESSAGE_TIMEOUT": "5"}
    first = serve(tmp_path / "one", **usual)
    second = None
    try:
        with first.client() as client:
            client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
        second = serve(tmp_path / "two", **usual)
        with second.client() as other:
            other.post("/api/initialize", json={"team": "acme"}).raise_for_status()
            with first.client() as client:
                ids = add_tasks(client, 16)
            eventually(lambda: count(postgres_url, "task_consultations") >= 6, every=0.01, what="consultations")
            first.kill()
            tasks = settled(other, seconds=150)
            assert {one["task_id"] for one in tasks} == set(ids)
            assert {one["status"] for one in tasks} <= {"assigned", "unassigned"}
            assert "assigned" in {one["status"] for one in tasks}
            assert set(awards(postgres_url)) == {1}
            assert len(all_tasks(other)) == len(ids)
    finally:
        first.process.kill()
        first.process.wait(30)
        if second is not None:
            assert second.stop() == 0
            no_traceback(second)
