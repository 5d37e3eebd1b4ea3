"""The log of tool calls over REST: what an agent's answer leaves there, and who sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.faces.accounts import Account, account
from tests.serving import Served


@pytest.fixture(scope="module")
def since(server: Served) -> str:
    """The moment before an agent was asked once, by the administrator."""
    before = datetime.now(UTC) - timedelta(seconds=1)
    with server.client() as client:
        ask(client)
    return before.isoformat()


@pytest.fixture(scope="module")
def member(server: Served) -> Iterator[Account]:
    """Somebody who is no administrator."""
    with account(server) as made:
        yield made


def ask(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    message = {
        "sender_id": "tester",
        "recipient_id": "manager",
        "intent": "chat",
        "payload": {"data": {"message": "Who knows payments?"}, "context": {"on_behalf_of": "somebody-else"}},
    } | changes
    sent = client.post("/api/agents/messages", json=message, params={"wait": 60}).raise_for_status().json()
    assert sent["status"] == "handled"
    found: dict[str, Any] = client.get(f"/api/agents/messages/{sent['message_id']}").raise_for_status().json()
    return found


def logged(client: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/api/logs", params=query).raise_for_status().json()["items"]
    return items


def test_an_answer_leaves_its_search_in_the_log(api: httpx.Client, since: str) -> None:
    found = logged(api, action="tool_execution:", since=since)
    assert found
    assert all(one["action"].startswith("tool_execution:") and one["status"] for one in found)
    one = next(one for one in found if one["tool"] == "search_knowledge" and one["user_id"] == "admin")
    assert (one["status"], one["effect"], one["agent_id"]) == ("succeeded", "read", "manager")
    assert one["parameters"]["query"] == "knows payments"
    assert one["duration_ms"] >= 0
    assert api.get(f"/api/logs/{one['call_id']}").json() == one


def test_filters_narrow_the_log(api: httpx.Client, since: str) -> None:
    assert logged(api, agent_id="nobody") == []
    assert logged(api, status="waiting", since=since) == []
    assert logged(api, action="tool_execution:%") == []
    assert logged(api, since=(datetime.now(UTC) + timedelta(hours=1)).isoformat()) == []
    assert logged(api, status=["succeeded", "waiting"], user_id="admin", since=since)
    for wrong in ({"status": "lost"}, {"since": "yesterday"}, {"since": "2026-01-05T09:00:00"}):
        assert api.get("/api/logs", params=wrong).status_code == 422


def test_others_see_their_own_calls_alone(api: httpx.Client, member: Account, since: str) -> None:
    mine = ask(member.client, sender_id=f"user:{member.user_id}")
    assert mine["message"]["payload"]["context"]["on_behalf_of"] == member.user_id
    own = logged(member.client)
    assert own
    assert {one["user_id"] for one in own} == {member.user_id}
    everybody = {one["call_id"]: one for one in logged(api, since=since)}
    assert own[0] == everybody[own[0]["call_id"]]
    theirs = next(one for one in everybody.values() if one["user_id"] == "admin")
    for path in (f"/api/logs/{theirs['call_id']}", "/api/logs/call_nowhere"):
        assert member.client.get(path).status_code == 404
    assert logged(member.client, user_id="admin") == []
    assert member.client.get("/api/logs/stats").json()["total"] == len(own)
    assert member.client.get("/api/logs/stats", params={"user_id": "admin"}).json()["total"] == 0


def test_a_message_of_somebody_else_is_not_there(api: httpx.Client, member: Account) -> None:
    theirs = ask(api)["message"]
    message_id = theirs["message_id"]
    assert member.client.get(f"/api/agents/messages/{message_id}").status_code == 404
    again = theirs | {"payload": {"data": {"message": "and now?"}}, "sender_id": f"user:{member.user_id}"}
    assert member.client.post("/api/agents/messages", json=again, params={"wait": 5}).status_code == 404
    assert member.client.post(f"/api/agents/messages/dead-letters/{message_id}/retry").status_code == 404
    assert member.client.delete(f"/api/agents/messages/dead-letters/{message_id}").status_code == 404


def test_figures_are_by_tool(api: httpx.Client, since: str) -> None:
    figures = api.get("/api/logs/stats", params={"since": since}).json()
    (one,) = (one for one in figures["items"] if one["tool"] == "search_knowledge")
    assert one["count"] == sum(one["outcomes"].values()) <= figures["total"]
    assert 0 <= one["p50_ms"] <= one["p95_ms"]


def test_tools_say_who_may_call_them(api: httpx.Client) -> None:
    found = {one["name"]: one for one in api.get("/api/tools").json()["items"]}
    search = found["search_knowledge"]
    assert (search["effect"], search["allowed"], search["source"]) == ("read", True, "folkmoot")
    assert "manager" in search["agents"]
    assert search["parameters"]["properties"]["query"]["description"]
    assert found["save_user_data"]["effect"] == "write"
    assert found["send_marketing_proposal"]["agents"] == []


def test_nothing_waits_and_nothing_can_be_decided(api: httpx.Client, since: str) -> None:
    assert api.get("/api/approvals").json() == {"items": [], "total": 0, "next": None}
    assert api.post("/api/approvals/call_nowhere", json={"decision": "approve"}).status_code == 404
    (ended, *_) = logged(api, since=since)
    for path, body in (
        (f"/api/approvals/{ended['call_id']}", {"decision": "approve"}),
        (f"/api/approvals/{ended['call_id']}", {"decision": "reject"}),
        (f"/api/logs/{ended['call_id']}/resolve", {"resolution": "again"}),
        (f"/api/logs/{ended['call_id']}/resolve", {"resolution": "drop"}),
    ):
        assert api.post(path, json=body).status_code == 409
    assert api.post(f"/api/approvals/{ended['call_id']}", json={"decision": "perhaps"}).status_code == 422


def test_a_stranger_sees_nothing(stranger: httpx.Client) -> None:
    for path in ("/api/logs", "/api/logs/stats", "/api/logs/x", "/api/tools", "/api/approvals"):
        assert stranger.get(path).status_code == 401
