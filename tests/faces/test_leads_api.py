"""Leads and direct questions over REST."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.faces.accounts import account
from tests.serving import Served

LEAD = {
    "name": "Ida Brandt",
    "email": "ida@brandt.example",
    "company": "Brandt Tools",
    "phone": "+49 30 5550100",
    "message": "We need better reports on our checkout, live in three months. The budget is approved.",
    "services_interested": ["Data analyst"],
    "budget_range": "50000-80000",
    "timeline": "3 months",
    "source": "website",
}


def submit(api: httpx.Client, analyze: bool = True, **changes: Any) -> httpx.Response:
    body = {"lead_data": LEAD | changes, "analyze": analyze, "auto_respond": False}
    return api.post("/api/leads/submit", json=body)


@pytest.fixture
def lead(api: httpx.Client) -> Iterator[dict[str, Any]]:
    made: dict[str, Any] = submit(api).raise_for_status().json()
    yield made
    api.delete(f"/api/leads/{made['lead_id']}")


def test_a_lead_is_kept_analysed_and_read_again(api: httpx.Client, lead: dict[str, Any]) -> None:
    assert lead["status"] == "new"
    assert lead["settled"]
    score = lead["analysis"]["lead_score"]
    assert 0 <= score["interval"][0] <= score["score"] <= score["interval"][1] <= 100
    assert {one["name"] for one in score["factors"]} == {"budget", "timeline", "fit", "intent", "completeness"}
    found = api.get(f"/api/leads/{lead['lead_id']}").raise_for_status().json()
    assert found["lead_data"]["company"] == "Brandt Tools"
    assert found["analysis"] == lead["analysis"]
    assert found["next_statuses"] == ["contacted", "lost"]
    # No agent of this team has the tools for it: that is said instead of done.
    assert found["follow_up"]["crm_sync"]["status"] == "skipped"
    assert "sync_lead_to_crm" in found["follow_up"]["crm_sync"]["detail"]
    assert [one["kind"] for one in found["history"]][:2] == ["submitted", "analyzed"]


def test_an_analysis_can_be_asked_for_later(api: httpx.Client) -> None:
    made = submit(api, analyze=False, message="just looking", budget_range=None).raise_for_status().json()
    assert made["analysis"] is None
    analysis = api.post(f"/api/leads/{made['lead_id']}/analyze").raise_for_status().json()
    assert analysis["lead_id"] == made["lead_id"]
    assert analysis["lead_score"]["score"] < 70
    assert analysis["suggested_actions"]
    api.delete(f"/api/leads/{made['lead_id']}").raise_for_status()


def test_moves_notes_and_what_is_not_legal(api: httpx.Client, lead: dict[str, Any]) -> None:
    where = f"/api/leads/{lead['lead_id']}"
    moved = api.patch(where, json={"status": "contacted", "note": "Called: <b>nice</b>."}).raise_for_status().json()
    assert moved["status"] == "contacted"
    assert [one["kind"] for one in moved["history"]][-2:] == ["status", "note"]
    assert moved["history"][-1]["text"] == "Called: <b>nice</b>."
    refused = api.patch(where, json={"status": "won"})
    assert refused.status_code == 409
    assert refused.json()["legal"] == ["qualified", "lost", "new"]
    wrong: tuple[Any, ...] = ({"status": "famous"}, {"note": ""}, {"note": "x" * 5001}, {"surprise": 1}, [])
    for body in wrong:
        assert api.patch(where, json=body).status_code == 422
    assert api.get(where).json()["status"] == "contacted"


def test_lists_come_in_pages_and_are_narrowed(api: httpx.Client, lead: dict[str, Any]) -> None:
    found = api.get("/api/leads", params={"q": "brandt tools", "limit": 1}).raise_for_status().json()
    assert found["items"][0]["lead_id"] == lead["lead_id"]
    for query in ({"status": "won"}, {"min_score": 100}, {"source": "nowhere"}, {"q": "_%_"}):
        assert lead["lead_id"] not in str(api.get("/api/leads", params=query).raise_for_status().json())
    for query in ({"status": "famous"}, {"min_score": -1}, {"priority": "x"}, {"limit": 0}):
        assert api.get("/api/leads", params=query).status_code == 422


def test_a_deleted_lead_can_be_brought_back(api: httpx.Client, lead: dict[str, Any]) -> None:
    where = f"/api/leads/{lead['lead_id']}"
    assert api.post(f"{where}/restore").status_code == 409
    assert "restorable_until" in api.delete(where).raise_for_status().json()
    assert api.get(where).status_code == api.delete(where).status_code == 404
    assert api.post(f"{where}/restore").raise_for_status().json()["status"] == "new"


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "x@y.example\r\nBcc: all@list.example"},
        {"email": "no address"},
        {"name": ""},
        {"name": "A\nB"},
        {"message": "x" * 20_001},
        {"message": "x" * 1_000_000},
        {"services_interested": "web"},
        {"budget_range": 50000},
        {"surprise": True},
    ],
)
def test_wrong_data_is_refused_and_nothing_is_kept(api: httpx.Client, changes: dict[str, Any]) -> None:
    before = api.get("/api/leads", params={"limit": 1}).json()["total"]
    assert submit(api, **changes).status_code == 422
    assert api.get("/api/leads", params={"limit": 1}).json()["total"] == before


def test_a_body_without_end_is_refused_unread(api: httpx.Client) -> None:
    assert submit(api, message="x" * 3_000_000).status_code == 413


def test_unknown_leads_and_strangers(api: httpx.Client, stranger: httpx.Client, lead: dict[str, Any]) -> None:
    for method, path in (
        ("GET", ""),
        ("POST", "/analyze"),
        ("DELETE", ""),
        ("POST", "/restore"),
    ):
        assert api.request(method, f"/api/leads/lead_unknown{path}").status_code == 404
        assert stranger.request(method, f"/api/leads/{lead['lead_id']}{path}").status_code == 401
    assert api.patch("/api/leads/lead_unknown", json={"status": "lost"}).status_code == 404
    assert stranger.post("/api/leads/submit", json={"lead_data": LEAD}).status_code == 401


def test_an_agent_is_asked_by_id_type_and_role(api: httpx.Client) -> None:
    asked = {"input_data": {"message": "What do you do?", "shop": 7}, "session_id": "s-1", "user_id": "a visitor"}
    for named in ("manager", "Task manager"):
        said = api.post("/api/agents/invoke", json=asked | {"agent_type": named}).raise_for_status().json()
        assert (said["agent_id"], said["status"]) == ("manager", "success"), said
        assert said["result"]["answer"]
        assert said["execution_time"] > 0
    assert api.post("/api/agents/invoke", json=asked | {"agent_type": "astrology"}).status_code == 404
    refused: tuple[dict[str, Any], ...] = (
        {"input_data": {}},
        {"input_data": {"message": " "}},
        {"input_data": {"message": "x" * 20_001}},
        {"session_id": "a b"},
        {"on_behalf_of": "somebody"},
    )
    for wrong in refused:
        assert api.post("/api/agents/invoke", json=asked | {"agent_type": "manager"} | wrong).status_code == 422


def test_a_client_cannot_say_on_whose_behalf_it_asks(api: httpx.Client) -> None:
    body = {
        "agent_type": "manager",
        "input_data": {"message": "Who am I?", "context": {"on_behalf_of": "somebody"}, "on_behalf_of": "somebody"},
        "session_id": "behalf",
    }
    assert api.post("/api/agents/invoke", json=body).raise_for_status().json()["status"] == "success"


def test_twins_keep_their_type_and_specialists_show_their_field(api: httpx.Client) -> None:
    listed = {one["agent_id"]: one for one in api.get("/api/agents").json()["agents"]}
    assert (listed["jonas"]["type"], listed["jonas"]["kind"]) == ("twin", "twin")
    assert (listed["manager"]["type"], listed["manager"]["kind"]) == ("manager", "manager")


def test_another_s_leads_are_as_if_they_were_not_there(server: Served, api: httpx.Client) -> None:
    with account(server) as ada, account(server) as bob, account(server, role="viewer") as eve:
        mine = submit(ada.client, analyze=False).raise_for_status().json()["lead_id"]
        for method, path, body in (
            ("GET", "", None),
            ("POST", "/analyze", None),
            ("PATCH", "", {"note": "mine now"}),
            ("DELETE", "", None),
            ("POST", "/restore", None),
        ):
            answer = bob.client.request(method, f"/api/leads/{mine}{path}", json=body)
            assert answer.status_code == 404, (method, path)
        assert mine not in bob.client.get("/api/leads").text
        assert mine in ada.client.get("/api/leads").text
        assert mine in api.get("/api/leads").text
        assert submit(eve.client).status_code == 403
        ada.client.delete(f"/api/leads/{mine}").raise_for_status()
