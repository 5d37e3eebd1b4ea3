"""Two tasks for one free agent, and five hundred at once."""

import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.probing import add_tasks, awards, no_traceback, settled
from tests.serving import serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]
AT_ONCE = 500


def test_of_two_tasks_for_one_free_agent_one_is_left_with_reasons(tmp_path: Path) -> None:
    served = serve(tmp_path / "home")
    try:
        with served.client() as client:
            client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
            for agent in ("mira", "lin", "pavel", "eleanor", "carmen"):
                body = {"availability_status": "away"}
                client.put(f"/api/agents/{agent}/availability", json=body).raise_for_status()
            one_place = {"availability_status": "available", "max_capacity": 1}
            client.put("/api/agents/jonas/availability", json=one_place).raise_for_status()
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda _: add_tasks(client, 1, task_type="Incident"), range(2)))
            tasks = {one["status"]: one for one in settled(client)}
            assert set(tasks) == {"assigned", "unassigned"}
            assert tasks["assigned"]["assigned_agent"] == "jonas"
            left: dict[str, Any] = tasks["unassigned"]["shortfall"]
            assert left["reasons"]
            assert left["would_help"]
            assert client.get("/api/agents/jonas").json()["current_workload"] == 1

            done = {"status": "completed"}
            client.put(f"/api/tasks/{tasks['assigned']['task_id']}/status", json=done).raise_for_status()
            second = {one["task_id"]: one for one in settled(client)}[tasks["unassigned"]["task_id"]]
            assert (second["status"], second["assigned_agent"]) == ("assigned", "jonas")
    finally:
        assert served.stop() == 0
    no_traceback(served)


def test_five_hundred_tasks_at_once_all_settle(tmp_path: Path, record_property: Any) -> None:
    served = serve(tmp_path / "home")
    waits: list[float] = []
    over = threading.Event()

    def watch() -> None:
        with served.client() as watcher:
            while not over.is_set():
                begun = time.perf_counter()
                watcher.get("/api/status").raise_for_status()
                waits.append(time.perf_counter() - begun)
                assert watcher.get("/health").json()["status"] == "ok"
                over.wait(0.1)

    def post(number: int) -> httpx.Response:
        body = {"title": f"Look after shop number {number}", "task_type": "Operations", "estimated_hours": 1}
        return client.post("/api/tasks", json=body)

    try:
        with served.client(timeout=120) as client:
            client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
            for agent in ("jonas", "mira", "lin", "pavel", "eleanor", "carmen"):
                room = {"availability_status": "available", "max_capacity": 50}
                client.put(f"/api/agents/{agent}/availability", json=room).raise_for_status()
            watching = threading.Thread(target=watch)
            watching.start()
            begun = time.perf_counter()
            with ThreadPoolExecutor(20) as pool:
                answers = list(pool.map(post, range(AT_ONCE)))
            accepted = time.perf_counter() - begun
            assert Counter(one.status_code for one in answers) == {201: AT_ONCE}
            tasks = settled(client, seconds=300)
            took = time.perf_counter() - begun
            over.set()
            watching.join()
            states = Counter(one["status"] for one in tasks)
            status = client.get("/api/status").json()
            loads = [one["current_workload"] for one in client.get("/api/agents").json()["agents"]]
    finally:
        over.set()
        assert served.stop() == 0
    no_traceback(served)
    assert sum(states.values()) == AT_ONCE
    assert set(states) <= {"assigned", "unassigned"}
    assert (status["assigned_tasks"], status["unassigned_tasks"]) == (states["assigned"], states["unassigned"])
    # Places are counted once: as many tasks are given as people have in hand, and nobody has more than fifty.
    assert states["assigned"] == sum(loads)
    assert sum(loads) >= 50
    assert max(loads) <= 50
    given = awards(served.home)
    assert set(given.values()) == {1}
    p95 = statistics.quantiles(waits, n=20)[-1]
    figures = {"accepted_s": accepted, "settled_s": took, "status_p95_s": p95, "status_max_s": max(waits)}
    record_property("figures", figures)
    print(figures)
    assert p95 < 2.0
