"""Mail as its keeper sees it: figures by mailbox, messages by filter and page, and to each only what is theirs."""

import uuid
from typing import Any

import httpx
import pytest

from tests.faces.accounts import Account, account
from tests.serving import Served


def sent(client: httpx.Client, wait: int = 20, **fields: Any) -> str:
    """Send a message; answers its id."""
    message_id = uuid.uuid4().hex
    message = {"message_id": message_id, "recipient_id": "jonas", "intent": "health_check", **fields}
    client.post("/api/agents/messages", json=message, params={"wait": wait})
    return message_id


@pytest.fixture
def talk() -> str:
    return f"talk-{uuid.uuid4().hex}"


def ids(page: dict[str, Any]) -> list[str]:
    return [one["message"]["message_id"] for one in page["items"]]


def test_figures_are_by_mailbox(api: httpx.Client) -> None:
    sent(api, sender_id="tester")
    figures = api.get("/api/agents/messages/stats").raise_for_status().json()
    assert set(figures) == {"queued", "in_flight", "handled", "dead", "expired", "oldest_seconds", "mailboxes"}
    (jonas,) = (one for one in figures["mailboxes"] if one["agent_id"] == "jonas")
    assert jonas["accepted_per_minute"] >= 0.2
    assert jonas["handled_per_minute"] >= 0.2
    assert jonas["handler_seconds"] >= 0
    assert figures["handled"] >= 1
    one = api.get("/api/agents/messages/stats", params={"agent_id": "jonas"}).json()
    assert [box["agent_id"] for box in one["mailboxes"]] == ["jonas"]
    assert api.get("/api/agents/messages/stats", params={"agent_id": "nobody"}).json()["mailboxes"] == []


def test_messages_are_listed_newest_first_by_filter_and_in_pages(api: httpx.Client, talk: str) -> None:
    all_ = [sent(api, sender_id="tester", conversation_id=talk) for _ in range(3)]
    dead = sent(api, sender_id="tester", conversation_id=talk, intent="custom:juggle")
    page = api.get("/api/agents/messages", params={"conversation_id": talk}).raise_for_status().json()
    assert (ids(page), page["total"], page["next"]) == ([dead, *reversed(all_)], 4, None)
    found = api.get("/api/agents/messages", params={"conversation_id": talk, "status": "dead"}).json()
    assert ids(found) == [dead]
    assert "juggle" in found["items"][0]["error"]
    first = api.get("/api/agents/messages", params={"conversation_id": talk, "limit": 3}).json()
    assert (ids(first), first["total"]) == ([dead, all_[2], all_[1]], None)
    rest = api.get("/api/agents/messages", params={"conversation_id": talk, "cursor": first["next"]}).json()
    assert (ids(rest), rest["next"]) == ([all_[0]], None)
    newest = api.get("/api/agents/messages", params={"limit": 1}).json()
    assert newest["total"] >= 4
    assert newest["next"]
    assert api.get("/api/agents/messages", params={"agent_id": "nobody"}).json()["items"] == []
    api.delete(f"/api/agents/messages/dead-letters/{dead}").raise_for_status()


@pytest.mark.parametrize("wrong", [{"status": "lost"}, {"limit": 0}, {"cursor": "-1"}])
def test_wrong_filters_are_refused(api: httpx.Client, wrong: dict[str, Any]) -> None:
    assert api.get("/api/agents/messages", params=wrong).status_code == 422


@pytest.mark.parametrize("taken", ["stats", "broadcast", "dead-letters"])
def test_an_id_that_is_a_path_is_refused(api: httpx.Client, taken: str) -> None:
    message = {"message_id": taken, "sender_id": "tester", "recipient_id": "jonas", "intent": "health_check"}
    answer = api.post("/api/agents/messages", json=message)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/reserved_message_id")


@pytest.fixture
def member(server: Served) -> Any:
    with account(server) as one:
        yield one


def test_others_see_their_own_mail_alone(api: httpx.Client, member: Account, talk: str) -> None:
    own = sent(member.client, sender_id=f"user:{member.user_id}", conversation_id=talk)
    sent(api, sender_id="tester", conversation_id=talk)
    assert ids(member.client.get("/api/agents/messages").json()) == [own]
    assert ids(member.client.get("/api/agents/messages", params={"conversation_id": talk}).json()) == [own]
    assert len(api.get("/api/agents/messages", params={"conversation_id": talk}).json()["items"]) == 2
    figures = member.client.get("/api/agents/messages/stats").json()
    assert (figures["mailboxes"], figures["handled"], figures["expired"]) == ([], None, None)
    assert member.client.get("/api/agents/messages/stats", params={"agent_id": "jonas"}).json()["mailboxes"] == []


def test_who_owns_a_twin_sees_its_mailbox(api: httpx.Client, server: Served) -> None:
    with account(server, person="Eleanor Whitcombe") as tom:
        to_twin = sent(api, sender_id="tester", recipient_id="eleanor")
        assert to_twin in ids(tom.client.get("/api/agents/messages", params={"agent_id": "eleanor"}).json())
        figures = tom.client.get("/api/agents/messages/stats").json()
        assert [one["agent_id"] for one in figures["mailboxes"]] == ["eleanor"]
