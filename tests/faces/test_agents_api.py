"""Agents and their mail over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest


def message(**changes: Any) -> dict[str, Any]:
    return {
        "sender_id": "tester",
        "recipient_id": "jonas",
        "intent": "capability_query",
        "payload": {"data": {}, "requires_response": True},
    } | changes


def test_filters_narrow_the_list(api: httpx.Client) -> None:
    everybody = api.get("/api/agents").json()
    assert everybody["total"] == len(everybody["agents"]) >= 7
    engineers = api.get("/api/agents", params={"department": "Engineering"}).json()
    assert {one["agent_id"] for one in engineers["agents"]} == {"jonas", "pavel"}
    payers = api.get("/api/agents", params={"capability": "payments", "online_only": True}).json()
    assert [one["agent_id"] for one in payers["agents"]] == ["jonas"]
    assert api.get("/api/agents", params={"capability": "alchemy"}).json() == {"agents": [], "total": 0}


def test_an_agent_is_found_by_id_type_and_role(api: httpx.Client) -> None:
    assert api.get("/api/agents/jonas").json()["person_name"] == "Jonas Weidner"
    assert api.get("/api/agents/manager").json()["type"] == "manager"
    assert api.get("/api/agents/Data analyst").json()["agent_id"] == "lin"


def test_health_counts_everybody(api: httpx.Client) -> None:
    health = api.get("/api/agents/health").json()
    assert health["overall"] == "healthy"
    assert set(health["agents"]) >= {"manager", "jonas", "mira", "lin", "pavel", "eleanor", "carmen"}


def test_an_availability_ends_when_it_was_said_to(api: httpx.Client) -> None:
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert (
        api.put("/api/agents/lin/availability", json={"availability_status": "away", "until": past}).status_code == 422
    )
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    one = api.put("/api/agents/lin/availability", json={"availability_status": "away", "until": soon}).json()
    assert one["available_until"] is not None
    api.put("/api/agents/lin/availability", json={"status": "available"}).raise_for_status()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"availability_status": "asleep"},
        {"status": "busy", "max_capacity": -1},
        {"status": "busy", "max_capacity": "x"},
        [],
    ],
)
def test_a_wrong_availability_is_refused(api: httpx.Client, body: Any) -> None:
    before = api.get("/api/agents/mira").json()
    assert api.put("/api/agents/mira/availability", json=body).status_code == 422
    assert api.get("/api/agents/mira").json() == before


def test_a_name_can_be_changed_and_changed_back(api: httpx.Client) -> None:
    done = api.put("/api/agents/pavel/name", json={"person_name": "Pavel S."}).json()
    assert (done["status"], done["person_name"]) == ("success", "Pavel S.")
    assert api.get("/api/agents/pavel").json()["name"] == "Pavel S."
    api.put("/api/agents/pavel/name", json={"person_name": "Pavel Sedlák"}).raise_for_status()
    assert api.put("/api/agents/pavel/name", json={"person_name": "  "}).status_code == 422


def test_a_message_is_answered(api: httpx.Client) -> None:
    sent = api.post("/api/agents/messages", json=message(), params={"wait": 20}).json()
    assert sent["status"] == "handled"
    assert "payments" in str(sent["reply"]["payload"]["data"])
    found = api.get(f"/api/agents/messages/{sent['message_id']}").json()
    assert found["reply"]["reply_to"] == sent["message_id"]


def test_the_same_message_twice_is_one(api: httpx.Client) -> None:
    one = message(message_id="the-same-twice", timestamp="2026-01-05T09:00:00Z", conversation_id="c")
    assert api.post("/api/agents/messages", json=one).json()["duplicate"] is False
    assert api.post("/api/agents/messages", json=one).json()["duplicate"] is True


def test_a_role_finds_its_agent(api: httpx.Client) -> None:
    sent = api.post("/api/agents/messages", json=message(recipient_id="capability:accessibility"), params={"wait": 20})
    assert sent.json()["recipient_id"] == "mira"
    assert api.post("/api/agents/messages", json=message(recipient_id="role:astronaut")).status_code == 503


def test_a_broadcast_answers_for_each_recipient(api: httpx.Client) -> None:
    done = api.post("/api/agents/messages/broadcast", json=message(recipient_id="department:Engineering")).json()
    assert set(done["results"]) == {"jonas", "pavel"}
    assert done["total"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"intent": "dance"},
        {"recipient_id": ""},
        {"recipient_id": "a b"},
        {"payload": {"priority": "extreme"}},
        {"payload": {"data": []}},
        {"timestamp": "2026-01-05T09:00:00"},
        {"surprise": True},
    ],
)
def test_a_wrong_envelope_is_refused(api: httpx.Client, changes: dict[str, Any]) -> None:
    assert api.post("/api/agents/messages", json=message(**changes)).status_code == 422


def test_an_unknown_recipient_answers_404(api: httpx.Client) -> None:
    assert api.post("/api/agents/messages", json=message(recipient_id="nobody")).status_code == 404


def test_what_no_handler_takes_becomes_a_dead_letter_that_can_be_retried_and_dropped(api: httpx.Client) -> None:
    sent = api.post("/api/agents/messages", json=message(intent="custom:juggle"), params={"wait": 20})
    message_id = api.get("/api/agents/messages/dead-letters").json()["items"][0]["message"]["message_id"]
    assert sent.status_code == 503
    letter = api.get(f"/api/agents/messages/{message_id}").json()
    assert (letter["status"], letter["message"]["intent"]) == ("dead", "custom:juggle")
    assert "juggle" in letter["error"]
    assert api.post(f"/api/agents/messages/dead-letters/{message_id}/retry").status_code == 200
    again = api.post(
        "/api/agents/messages", json=message(intent="custom:juggle", message_id="second"), params={"wait": 20}
    )
    assert again.status_code == 503
    assert api.delete("/api/agents/messages/dead-letters/second").status_code == 204
    assert api.delete("/api/agents/messages/dead-letters/second").status_code == 404
