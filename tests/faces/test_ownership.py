"""What is somebody else's answers exactly as what is not there: tasks, twins, consents, messages, live frames."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.faces.accounts import Account, account
from tests.serving import Served
from tests.waiting import wait_until

TASK = {"title": "Chart the harbour lights", "description": "Somewhere in the north.", "task_type": "General"}


@pytest.fixture
def tom(server: Served) -> Iterator[Account]:
    """Owns the twin of Eleanor Whitcombe, who is one of the acme team."""
    with account(server, person="Eleanor Whitcombe") as one:
        yield one


@pytest.fixture
def ada(server: Served) -> Iterator[Account]:
    """A member without a twin."""
    with account(server) as one:
        yield one


def same_as_unknown(client: httpx.Client, method: str, path: str, theirs: str, **body: Any) -> None:
    """The answer for somebody else's id is that for one that nobody knows, word for word but for the id."""
    unknown = theirs[:-4] + "0000" if not theirs.endswith("0000") else theirs[:-4] + "1111"
    answers = [client.request(method, path.replace("ID", one), **body) for one in (theirs, unknown)]
    assert [one.status_code for one in answers] == [404, 404], (method, path, [one.text for one in answers])
    assert answers[0].text.replace(theirs, "ID") == answers[1].text.replace(unknown, "ID"), (method, path)


def made(client: httpx.Client, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.post("/api/tasks", json={**TASK, **more}).raise_for_status().json()
    return found


def test_a_task_is_seen_by_who_handed_it_in_by_whose_twin_has_it_and_by_nobody_else(
    api: httpx.Client, ada: Account, tom: Account, server: Served
) -> None:
    with account(server) as other:
        task = made(ada.client, assignee_agent_id="eleanor")
        task_id = task["task_id"]
        assert task["created_by"] == ada.user_id
        for client in (ada.client, tom.client, api):
            assert client.get(f"/api/tasks/{task_id}").status_code == 200
            assert task_id in [one["task_id"] for one in client.get("/api/tasks").json()["items"]]
        for method, path, body in (
            ("GET", "/api/tasks/ID", None),
            ("PUT", "/api/tasks/ID/assign", {"assigned_agent": "eleanor"}),
            ("PUT", "/api/tasks/ID/status", {"status": "cancelled"}),
            ("POST", "/api/tasks/ID/decline", {}),
            ("POST", "/api/tasks/ID/redistribute", {}),
        ):
            same_as_unknown(other.client, method, path, task_id, json=body)
        assert other.client.get("/api/tasks").json()["total"] == 0
        assert other.client.get("/api/dashboard/data").json()["data"] == []
        status = other.client.get("/api/status").json()
        assert (status["assigned_tasks"], status["pending_tasks"]) == (0, 0)
        agents = other.client.get("/api/agents/eleanor").json()
        assert agents["assigned_tasks"] == []
        assert task_id in tom.client.get("/api/agents/eleanor").json()["assigned_tasks"]


def test_whose_twin_has_a_task_carries_it_on_and_leaves_the_rest_to_who_handed_it_in(
    ada: Account, tom: Account
) -> None:
    task_id = made(ada.client, assignee_agent_id="eleanor")["task_id"]
    assert tom.client.put(f"/api/tasks/{task_id}/assign", json={"assigned_agent": "jonas"}).status_code == 403
    moved = tom.client.put(f"/api/tasks/{task_id}/status", json={"status": "in_progress"})
    assert moved.json()["status"] == "in_progress"
    assert ada.client.put(f"/api/tasks/{task_id}/status", json={"status": "cancelled"}).status_code == 200


def test_a_table_shows_and_takes_what_is_theirs(ada: Account, tom: Account) -> None:
    made(ada.client, assignee_agent_id="eleanor")
    (row,) = ada.client.get("/api/dashboard/data").json()["data"]
    seen = next(one for one in tom.client.get("/api/dashboard/data").json()["data"] if one["id"] == row["id"])
    assert tom.client.post("/api/dashboard/sync", json=[seen | {"header": "Mine now"}]).status_code == 403
    assert ada.client.post("/api/dashboard/sync", json=[row | {"header": "Another title"}]).json()["changed"] == 1
    with_others = [row | {"id": row["id"] + 1_000_000}]
    assert ada.client.post("/api/dashboard/sync", json=with_others).status_code == 422


def test_nothing_depends_on_what_is_out_of_sight(api: httpx.Client, ada: Account) -> None:
    theirs = api.post("/api/tasks", json=TASK).json()["task_id"]
    unknown = "task_" + "0" * 32
    said = [ada.client.post("/api/tasks", json={**TASK, "dependencies": [one]}) for one in (theirs, unknown)]
    assert [one.status_code for one in said] == [422, 422]
    assert said[0].text.replace(theirs, "ID") == said[1].text.replace(unknown, "ID")


def test_a_twin_its_consents_and_its_texts_are_its_person_s(api: httpx.Client, ada: Account, tom: Account) -> None:
    wanted = {"platform": "whatsapp", "purposes": ["import"], "email": "t@acme.example"}
    refused = [
        ada.client.post("/api/consents", json={**wanted, "person": person})
        for person in ("Eleanor Whitcombe", "Nobody At All")
    ]
    assert [one.status_code for one in refused] == [403, 403]
    assert refused[0].json()["detail"] == refused[1].json()["detail"]
    consent = tom.client.post("/api/consents", json={**wanted, "person": "eleanor whitcombe"}).raise_for_status().json()
    try:
        assert consent["consent_id"] in [one["consent_id"] for one in tom.client.get("/api/consents").json()["items"]]
        assert ada.client.get("/api/consents").json()["total"] == 0
        assert ada.client.get("/api/consents", params={"person": "Eleanor Whitcombe"}).json()["total"] == 0
        for method in ("GET", "DELETE"):
            same_as_unknown(ada.client, method, "/api/consents/ID", consent["consent_id"])
        assert [one["agent_id"] for one in tom.client.get("/api/twins").json()["items"]] == ["eleanor"]
        assert ada.client.get("/api/twins").json()["total"] == 0
        assert tom.client.get("/api/twins/Eleanor Whitcombe").status_code == 200
        for method, path in (
            ("GET", "/api/twins/ID"),
            ("DELETE", "/api/twins/ID"),
            ("GET", "/api/twins/ID/profile"),
            ("GET", "/api/twins/ID/imports"),
            ("GET", "/api/twins/ID/messages?ids=x"),
        ):
            same_as_unknown(ada.client, method, path, "Eleanor Whitcombe")
        upload = {"files": {"file": ("a.jsonl", b"{}")}}
        same_as_unknown(ada.client, "POST", "/api/twins/ID/imports", "Eleanor Whitcombe", **upload)
        assert ada.client.post("/api/twins", json={"person": "Eleanor Whitcombe"}).status_code == 403
        lines = api.get("/api/audit", params={"action": "consent_granted", "user_id": tom.user_id}).json()["items"]
        assert [one["target"] for one in lines] == [consent["consent_id"]]
    finally:
        assert tom.client.delete(f"/api/consents/{consent['consent_id']}").status_code == 200


def test_an_agent_is_everybody_s_to_see_and_its_person_s_to_change(
    api: httpx.Client, ada: Account, tom: Account
) -> None:
    before = api.get("/api/agents/eleanor").json()
    assert ada.client.get("/api/agents/eleanor").status_code == 200
    busy = {"availability_status": "away"}
    assert ada.client.put("/api/agents/eleanor/availability", json=busy).status_code == 403
    assert ada.client.put("/api/agents/eleanor/name", json={"person_name": "Thomas"}).status_code == 403
    assert ada.client.put("/api/agents/nobody/availability", json=busy).status_code == 404
    assert tom.client.put("/api/agents/eleanor/availability", json=busy).status_code == 200
    back = {"availability_status": before["availability_status"]}
    assert tom.client.put("/api/agents/eleanor/availability", json=back).status_code == 200


def test_a_message_is_sent_as_oneself_and_bears_on_whose_behalf(api: httpx.Client, ada: Account, tom: Account) -> None:
    def message(sender: str, **context: Any) -> dict[str, Any]:
        return {
            "message_id": uuid.uuid4().hex,
            "sender_id": sender,
            "recipient_id": "jonas",
            "intent": "health_check",
            "payload": {"context": context},
        }

    forged = message(f"user:{ada.user_id}", on_behalf_of="admin")
    assert ada.client.post("/api/agents/messages", json=forged).status_code == 202
    kept = ada.client.get(f"/api/agents/messages/{forged['message_id']}").json()
    assert kept["message"]["payload"]["context"] == {"on_behalf_of": ada.user_id}
    same_as_unknown(tom.client, "GET", "/api/agents/messages/ID", forged["message_id"])
    for sender in ("eleanor", "jonas", "user:admin", f"user:{tom.user_id}", "manager"):
        for path in ("/api/agents/messages", "/api/agents/messages/broadcast"):
            refused = ada.client.post(path, json=message(sender) | {"recipient_id": "jonas"})
            assert refused.status_code == 403, (sender, path, refused.text)
    derived = message(f"user:{ada.user_id}") | {"message_id": str(uuid.uuid5(uuid.NAMESPACE_URL, "task_1:1"))}
    for path in ("/api/agents/messages", "/api/agents/messages/broadcast"):
        assert ada.client.post(path, json=derived).status_code == 403  # the house's letters have such ids
    named = message(f"user:{ada.user_id}") | {"message_id": f"order {uuid.uuid4().hex}"}
    assert ada.client.post("/api/agents/messages", json=named).status_code == 202
    as_twin = message("eleanor")
    assert tom.client.post("/api/agents/messages", json=as_twin).status_code == 202
    same_as_unknown(ada.client, "GET", "/api/agents/messages/ID", as_twin["message_id"])
    assert ada.client.get("/api/agents/messages/dead-letters").json()["total"] == 0
    to_twin = message("somebody-else") | {"recipient_id": "eleanor"}
    api.post("/api/agents/messages", json=to_twin).raise_for_status()
    assert tom.client.get(f"/api/agents/messages/{to_twin['message_id']}").status_code == 200


def test_live_frames_are_those_of_whoever_listens(server: Served, api: httpx.Client, ada: Account) -> None:
    where = f"{server.url.replace('http', 'ws', 1)}/ws?token={ada.client.post('/api/auth/socket').json()['token']}"
    with connect(where, proxy=None) as socket:
        socket.send("ping")
        assert json.loads(socket.recv(10))["type"] == "pong"
        other = api.post("/api/tasks", json={**TASK, "assignee_agent_id": "jonas"}).json()["task_id"]
        own = made(ada.client, assignee_agent_id="jonas")["task_id"]
        frames: list[dict[str, Any]] = []
        with suppress(TimeoutError):
            while not any(one.get("task_id") == own and one["type"] == "task_assigned" for one in frames):
                frames.append(json.loads(socket.recv(30)))
    assert any(one.get("task_id") == own for one in frames)
    assert other not in json.dumps(frames)
    assert not [one for one in frames if one["type"].startswith("message_")]


def test_whose_role_was_taken_hears_no_more_over_the_socket_that_was_open(
    server: Served, api: httpx.Client, ada: Account
) -> None:
    counted = ("pending_tasks", "assigned_tasks", "in_progress_tasks", "unassigned_tasks")
    with account(server, role="admin") as was:
        theirs = made(ada.client, assignee_agent_id="jonas")["task_id"]
        where = f"{server.url.replace('http', 'ws', 1)}/ws?token={was.client.post('/api/auth/socket').json()['token']}"
        with connect(where, proxy=None) as socket:

            def seen() -> int:
                socket.send("status")
                while (frame := json.loads(socket.recv(30)))["type"] != "status":
                    pass
                return sum(frame[one] for one in counted)

            assert seen() > 0
            api.patch(f"/api/users/{was.user_id}", json={"role": "member"}).raise_for_status()
            asyncio.run(wait_until(lambda: seen() == 0))
            ada.client.put(f"/api/tasks/{theirs}/status", json={"status": "cancelled"}).raise_for_status()
            own = made(was.client, assignee_agent_id="jonas")["task_id"]
            frames: list[dict[str, Any]] = []
            while not any(one.get("task_id") == own and one["type"] == "task_assigned" for one in frames):
                frames.append(json.loads(socket.recv(30)))
            assert theirs not in json.dumps(frames)
            was.client.put(f"/api/tasks/{own}/status", json={"status": "cancelled"}).raise_for_status()


def test_the_manager_does_for_a_message_no_more_than_whoever_sent_it_may(
    api: httpx.Client, ada: Account, tom: Account
) -> None:
    def sent(who: Account, intent: str, *, wait: float = 30, **data: Any) -> dict[str, Any]:
        message = {
            "message_id": uuid.uuid4().hex,
            "sender_id": f"user:{who.user_id}",
            "recipient_id": "manager",
            "intent": intent,
            "payload": {"data": data, "context": {"on_behalf_of": "admin"}},
        }
        answer = who.client.post("/api/agents/messages", params={"wait": wait}, json=message)
        found: dict[str, Any] = answer.json()
        return found

    task_id = made(ada.client, assignee_agent_id="jonas")["task_id"]
    refused = sent(tom, "update_task_status", wait=2, task_id=task_id, status="cancelled")
    assert TASK["title"] not in json.dumps(refused)
    assert api.get(f"/api/tasks/{task_id}").json()["status"] == "assigned"
    depending = sent(tom, "assign_task", wait=2, title="Wait for theirs", dependencies=[task_id])
    assert depending.get("reply") is None
    taken = sent(ada, "assign_task", title="Chart the shallows too", dependencies=[task_id])["reply"]["payload"]["data"]
    assert taken["created_by"] == ada.user_id
    assert tom.client.get(f"/api/tasks/{taken['task_id']}").status_code == 404
    for one in (taken["task_id"], task_id):
        moved = sent(ada, "update_task_status", task_id=one, status="cancelled")["reply"]["payload"]["data"]
        assert moved["status"] == "cancelled"


def test_a_forgotten_person_is_nobody_s_twin_any_more(server: Served, api: httpx.Client) -> None:
    api.post("/api/twins", json={"person": "Ida Holm"}).raise_for_status()
    with account(server, person="Ida Holm") as ida:
        receipt = ida.client.delete("/api/twins/ida holm")
        assert receipt.status_code == 200
        assert receipt.json()["removed"]["owners of twins"] == 1
        assert ida.client.get("/api/users/me").json()["person"] is None
