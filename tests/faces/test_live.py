"""`/ws`: live, resumable, closed to strangers."""

import json
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.serving import TOKEN, Served


def socket(server: Served, query: str = f"?token={TOKEN}") -> ClientConnection:
    return connect(f"{server.url.replace('http', 'ws', 1)}/ws{query}", proxy=None)


def frames_until(live: ClientConnection, kind: str, task_id: str) -> list[dict[str, Any]]:
    seen = []
    while True:
        frame = json.loads(live.recv(timeout=60))
        seen.append(frame)
        if (frame["type"], frame.get("task_id")) == (kind, task_id):
            return seen


@pytest.mark.parametrize("query", ["", "?token=wrong"])
def test_a_stranger_is_shown_out(server: Served, query: str) -> None:
    with socket(server, query) as live, pytest.raises(ConnectionClosed) as closed:
        live.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_a_wrong_place_to_resume_from_is_refused(server: Served) -> None:
    with socket(server, f"?token={TOKEN}&after=yesterday") as live, pytest.raises(ConnectionClosed) as closed:
        live.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


def test_ping_status_and_nonsense_are_answered(server: Served) -> None:
    with socket(server) as live:
        for sent, kind in (
            ("ping", "pong"),
            ('{"type": "ping"}', "pong"),
            ("status", "status"),
            ("sing", "error"),
            ("{", "error"),
            ("[]", "error"),
        ):
            live.send(sent)
            while (frame := json.loads(live.recv(timeout=10)))["type"] not in {"pong", "status", "error"}:
                pass
            assert frame["type"] == kind, sent


def test_who_comes_back_misses_nothing_and_sees_nothing_twice(server: Served, api: httpx.Client) -> None:
    with socket(server) as live:
        live.send("ping")
        live.recv(timeout=10)
        task_id = api.post("/api/tasks", json={"title": "Audit the backups", "estimated_hours": 1}).json()["task_id"]
        first = frames_until(live, "task_created", task_id)
    api.put(f"/api/tasks/{task_id}/assign", json={"assigned_agent": "pavel"}).raise_for_status()
    last_seen = first[-1]["id"]
    with socket(server, f"?token={TOKEN}&after={last_seen}") as live:
        rest = frames_until(live, "task_assigned", task_id)
    ids = [frame["id"] for frame in first + rest if "id" in frame]
    assert ids == sorted(set(ids))
    assert rest[0]["id"] > last_seen
    assert {"type", "id", "timestamp"} <= set(rest[0])
