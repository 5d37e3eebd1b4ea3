"""What the acceptance tests look with: into a running server's database, at its tasks, and at the memory it takes."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.serving import Served

T = TypeVar("T")
UNSETTLED = {"pending", "consulting", "negotiating"}


def eventually(look: Callable[[], T], *, seconds: float = 60, every: float = 0.05, what: str = "it") -> T:
    """What `look()` answers as soon as that is truthy; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s; the last look found {found!r}")
        time.sleep(every)
    return found


def rows(home: Path, statement: str, *values: object, file: str = "folkmoot.db") -> list[tuple[Any, ...]]:
    """Rows of a home's database, read beside the server; none before it has its tables."""
    try:
        with closing(sqlite3.connect(f"file:{home / file}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(statement, values).fetchall()
    except sqlite3.OperationalError:
        return []


def add_tasks(client: httpx.Client, count: int, **fields: Any) -> list[str]:
    """Hand in tasks of different kinds; their ids."""
    kinds = [
        ("Refunds are booked twice", "The ledger shows two entries for one refund since the release.", "Incident"),
        (
            "The checkout button is hard to see",
            "On phones the contrast is too low, and screen readers skip it.",
            "Design",
        ),
        ("Which shops lose customers?", "Look into the orders of the last quarter and tell what changed.", "Analysis"),
        ("The nightly job runs into the day", "Since the move to the new cluster it needs nine hours.", "Operations"),
    ]
    ids = []
    for number in range(count):
        title, description, kind = kinds[number % len(kinds)]
        body = {"title": f"{title} ({number})", "description": description, "task_type": kind, "estimated_hours": 1}
        answer = client.post("/api/tasks", json=body | fields)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["task_id"])
    return ids


def all_tasks(client: httpx.Client) -> list[dict[str, Any]]:
    """Every task, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = client.get("/api/tasks", params={"limit": 500, "cursor": cursor}).raise_for_status().json()
        found += page["items"]
        cursor = page["next"]
    return found


def settled(client: httpx.Client, *, seconds: float = 120) -> list[dict[str, Any]]:
    """Every task, once none is being shared out any more."""

    def look() -> bool:
        status = client.get("/api/status")
        return status.status_code == 200 and status.json()["pending_tasks"] == 0

    eventually(look, seconds=seconds, every=0.2, what="every task settled")
    return all_tasks(client)


def awards(home: Path) -> Counter[tuple[str, int]]:
    """How often each attempt at each task ended in an award, by the log of events."""
    import orjson

    found = rows(home, "SELECT subject, data FROM events WHERE type = 'task_assigned'")
    return Counter((subject, orjson.loads(data)["attempt"]) for subject, data in found)


def memory(served: Served) -> int:
    """The bytes that the server has in memory now."""
    return _of_status(served, "VmRSS:")


def peak_memory(served: Served) -> int:
    """The most bytes that the server has had in memory."""
    return _of_status(served, "VmHWM:")


def _of_status(served: Served, name: str) -> int:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def no_traceback(served: Served) -> None:
    """The log tells of no fault that nobody foresaw."""
    assert "Traceback" not in served.log, served.log[-6000:]
