"""A disk that is full: requests say so, nothing acknowledged is lost, and it goes on when there is room again."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.probing import all_tasks, eventually, no_traceback, settled
from tests.serving import serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MiB; skipped where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("a small file system needs root and mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take every byte that is left."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


def post(client: httpx.Client, number: int) -> httpx.Response:
    return client.post("/api/tasks", json={"title": f"Task {number}", "description": "x" * 2000})


def full_problem(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "/problems/storage_full", body
    assert "full" in body["detail"]
    assert "Traceback" not in answer.text


def test_a_full_disk_refuses_and_loses_nothing(small_disk: Path) -> None:
    served = serve(small_disk / "home")
    accepted: list[str] = []
    refused: list[httpx.Response] = []
    try:
        with served.client() as client:
            client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
            accepted += [post(client, number).json()["task_id"] for number in range(3)]
            settled(client)
            ballast = fill(small_disk)

            def refusal() -> bool:
                answer = post(client, len(accepted))
                if answer.status_code == 201:
                    accepted.append(answer.json()["task_id"])
                    fill(small_disk)
                    return False
                refused.append(answer)
                return len(refused) >= 3

            eventually(refusal, seconds=60, what="requests refused")
            for answer in refused:
                full_problem(answer)
            for answer in (
                client.put(f"/api/tasks/{accepted[0]}/status", json={"status": "cancelled"}),
                client.put("/api/agents/jonas/availability", json={"availability_status": "busy"}),
                client.post(
                    "/api/consents",
                    json={"person": "A B", "email": "a@b.example", "platform": "git", "purposes": ["import"]},
                ),
                client.post("/api/agents/messages", json=MESSAGE),
            ):
                assert answer.status_code == 503 or answer.is_success, answer.text
                if not answer.is_success:
                    full_problem(answer)
            assert client.get("/api/tasks").status_code == 200
            assert client.get("/health").status_code in {200, 503}

            ballast.unlink()
            eventually(lambda: post(client, 99).status_code == 201, seconds=60, every=0.3, what="it goes on")
            eventually(lambda: client.get("/health").json()["status"] == "ok", seconds=60, every=0.3, what="health")
            tasks = settled(client)
            assert set(accepted) <= {one["task_id"] for one in tasks}
    finally:
        served.stop()
    assert served.process.returncode == 0
    no_traceback(served)


MESSAGE = {
    "sender_id": "tester",
    "recipient_id": "jonas",
    "intent": "capability_query",
    "payload": {"data": {"note": "y" * 5000}, "requires_response": False},
}


def test_a_server_killed_on_a_full_disk_has_everything_it_accepted(small_disk: Path) -> None:
    home = small_disk / "home"
    served = serve(home)
    accepted: list[str] = []
    with served.client() as client:
        accepted += [post(client, number).json()["task_id"] for number in range(10)]
        ballast = fill(small_disk)
        while (answer := post(client, len(accepted))).status_code == 201:
            accepted.append(answer.json()["task_id"])
        full_problem(answer)
    served.kill()
    ballast.unlink()
    served = serve(home)
    try:
        with served.client() as client:
            assert set(accepted) <= {one["task_id"] for one in all_tasks(client)}
    finally:
        assert served.stop() == 0
    no_traceback(served)
