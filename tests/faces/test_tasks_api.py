"""Tasks over REST: created, shared out, moved on; wrong input refused and nothing changed by it."""

from typing import Any

import httpx
import pytest

GOOD: dict[str, Any] = {
    "title": "Checkout fails for gift cards",
    "description": "Payments with a gift card end in an error since the last release.",
    "task_type": "Incident",
    "priority": 8,
    "estimated_hours": 2,
}


def made(api: httpx.Client, wait: float = 30, **changes: Any) -> dict[str, Any]:
    answer = api.post("/api/tasks", json=GOOD | changes, params={"wait": wait})
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": None}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": "nul \x00"}, "title"),
        ({"priority": 0}, "priority"),
        ({"priority": 11}, "priority"),
        ({"priority": "soon"}, "priority"),
        ({"priority": True}, "priority"),
        ({"priority": 5.5}, "priority"),
        ({"estimated_hours": 0}, "estimated_hours"),
        ({"estimated_hours": -1}, "estimated_hours"),
        ({"estimated_hours": "NaN"}, "estimated_hours"),
        ({"deadline": "tomorrow"}, "deadline"),
        ({"deadline": "2026-01-01T00:00:00"}, "deadline"),
        ({"required_skills": "python"}, "required_skills"),
        ({"required_skills": [1]}, "required_skills"),
        ({"dependencies": {"a": 1}}, "dependencies"),
        ({"metadata": []}, "metadata"),
        ({"piority": 5}, "piority"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(api: httpx.Client, changes: dict[str, Any], field: str) -> None:
    before = api.get("/api/tasks", params={"limit": 1}).json()["total"]
    answer = api.post("/api/tasks", json=GOOD | changes)
    assert answer.status_code == 422, answer.text
    assert any(field in one["field"] for one in answer.json()["errors"]), answer.json()
    assert api.get("/api/tasks", params={"limit": 1}).json()["total"] == before


@pytest.mark.parametrize(("word", "number"), [("low", 3), ("medium", 5), ("high", 8), ("urgent", 10), ("7", 7)])
def test_words_for_priorities_are_understood(api: httpx.Client, word: str, number: int) -> None:
    assert made(api, wait=0, priority=word)["priority"] == number


def test_a_task_that_depends_on_an_unknown_one_is_refused(api: httpx.Client) -> None:
    answer = api.post("/api/tasks", json=GOOD | {"dependencies": ["task_nowhere"]})
    assert answer.status_code == 422
    assert "task_nowhere" in answer.json()["detail"]


def test_waiting_returns_the_assigned_task_with_its_talk(api: httpx.Client) -> None:
    task = made(api)
    assert task["status"] in {"assigned", "unassigned"}
    whole = api.get(f"/api/tasks/{task['task_id']}").json()
    assert len(whole["consultation"]) >= 6
    assert {"rounds", "outcome"} <= set(whole["negotiation"])
    if task["status"] == "assigned":
        assert whole["assignment"]["owner"] == whole["assigned_agent"]
        assert whole["assignment"]["reasoning"]
    else:
        assert whole["shortfall"]["would_help"]


def test_pages_follow_each_other(api: httpx.Client) -> None:
    for number in range(3):
        made(api, wait=0, title=f"Page {number}")
    seen, cursor = [], None
    while True:
        page = api.get("/api/tasks", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["task_id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == page["total"]


def test_the_newest_task_comes_first(api: httpx.Client) -> None:
    newest = made(api, wait=0)["task_id"]
    assert api.get("/api/tasks", params={"limit": 1}).json()["items"][0]["task_id"] == newest


@pytest.mark.parametrize(
    "query", [{"status": "lost"}, {"limit": 0}, {"limit": 501}, {"cursor": "x"}, {"limit": "many"}]
)
def test_wrong_filters_are_refused(api: httpx.Client, query: dict[str, Any]) -> None:
    assert api.get("/api/tasks", params=query).status_code == 422


def test_an_agent_that_nobody_knows_gets_no_task(api: httpx.Client) -> None:
    task_id = made(api)["task_id"]
    before = api.get(f"/api/tasks/{task_id}").json()
    answer = api.put(f"/api/tasks/{task_id}/assign", json={"assigned_agent": "nobody"})
    assert answer.status_code in {404, 422}
    assert api.get(f"/api/tasks/{task_id}").json() == before
    assert api.put(f"/api/tasks/{task_id}/assign").status_code == 422


def test_an_illegal_move_answers_409_and_names_the_legal_ones(api: httpx.Client) -> None:
    task_id = made(api)["task_id"]
    api.put(f"/api/tasks/{task_id}/assign", json={"assigned_agent": "jonas"}).raise_for_status()
    api.put(f"/api/tasks/{task_id}/status", json={"status": "completed"}).raise_for_status()
    answer = api.put(f"/api/tasks/{task_id}/status", json={"status": "in_progress"})
    assert answer.status_code == 409
    assert answer.json()["type"].startswith("/problems/")
    assert "completed" in answer.json()["detail"]


def test_a_declined_task_goes_to_somebody_else_or_to_nobody(api: httpx.Client) -> None:
    task_id = made(api)["task_id"]
    api.put(f"/api/tasks/{task_id}/assign", json={"assigned_agent": "jonas"}).raise_for_status()
    api.post(f"/api/tasks/{task_id}/decline", json={"reason": "On leave."}).raise_for_status()
    whole = api.get(f"/api/tasks/{task_id}").json()
    assert whole["assigned_agent"] != "jonas"


def test_a_task_can_be_handed_in_for_one_agent(api: httpx.Client) -> None:
    task = made(api, wait=0, assignee_agent_id="mira")
    assert (task["assigned_agent"], task["status"]) == ("mira", "assigned")
    assert api.post("/api/tasks", json=GOOD | {"assignee_agent_id": "nobody"}).status_code == 404


def test_an_idempotency_key_makes_two_requests_one(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "one-and-the-same"}
    first = api.post("/api/tasks", json=GOOD, headers=key)
    again = api.post("/api/tasks", json=GOOD, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json()["task_id"] == again.json()["task_id"]
    other = api.post("/api/tasks", json=GOOD | {"priority": 1}, headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency_key_reused"


def test_a_refused_request_gives_its_key_back(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "mended-after-a-refusal"}
    assert api.post("/api/tasks", json=GOOD | {"priority": 99}, headers=key).status_code == 422
    assert api.post("/api/tasks", json=GOOD, headers=key).status_code == 201


def test_the_table_refuses_a_wrong_row_and_changes_nothing(api: httpx.Client) -> None:
    made(api)
    table = api.get("/api/dashboard/data").json()["data"]
    for change in ({"target": "eleven"}, {"limit": "-3"}, {"status": "Perhaps"}, {"reviewer": "nobody"}, {"id": 10**9}):
        wrong = [table[0] | change, *table[1:]]
        answer = api.post("/api/dashboard/sync", json=wrong)
        assert answer.status_code in {409, 422}, (change, answer.text)
        assert api.get("/api/dashboard/data").json()["data"] == table
    assert api.post("/api/dashboard/sync", json={"data": table}).status_code == 422
