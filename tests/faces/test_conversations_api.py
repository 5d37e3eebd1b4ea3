"""Conversations as a whole over HTTP: lists, search, change, deletion, export, figures, and users' files."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.faces.accounts import Account, account
from tests.serving import Served


@pytest.fixture
def ida(server: Served) -> Iterator[Account]:
    with account(server) as one:
        yield one


@pytest.fixture
def ben(server: Served) -> Iterator[Account]:
    with account(server) as one:
        yield one


def say(client: httpx.Client, text: str, **more: Any) -> str:
    said = client.post("/api/chat/message", json={"message": text, "agent": "manager", **more}).raise_for_status()
    conversation_id: str = said.json()["conversation_id"]
    return conversation_id


def test_conversations_are_listed_the_latest_used_first_page_by_page(ida: Account) -> None:
    ids = [say(ida.client, f"harbour {number}") for number in range(3)]
    page = ida.client.get("/api/conversations", params={"limit": 2}).raise_for_status().json()
    assert [one["conversation_id"] for one in page["items"]] == ids[:0:-1]
    assert page["total"] == 3
    last = ida.client.get("/api/conversations", params={"limit": 2, "cursor": page["next"]}).json()
    assert [one["conversation_id"] for one in last["items"]] == ids[:1]
    one = last["items"][0]
    assert (one["title"], one["kind"], one["message_count"], one["last_agent"]) == ("harbour 0", "chat", 2, "manager")
    assert ida.client.get("/api/conversations", params={"kind": "room"}).json()["total"] == 0


def test_a_conversation_gets_a_title_and_an_agent(ida: Account) -> None:
    path = f"/api/conversations/{say(ida.client, 'harbour')}"
    changed = ida.client.patch(path, json={"title": "  Lights  ", "agent": "jonas"}).raise_for_status().json()
    assert (changed["title"], changed["agent"]) == ("Lights", "jonas")
    assert ida.client.patch(path, json={"agent": ""}).json()["agent"] is None
    for wrong in ({"title": ""}, {"agent": "nobody-of-this-name"}, {"colour": "red"}):
        assert ida.client.patch(path, json=wrong).status_code in {404, 422}
    assert ida.client.get(path).json()["title"] == "Lights"


def test_a_deleted_conversation_can_be_brought_back(ida: Account) -> None:
    path = f"/api/conversations/{say(ida.client, 'harbour')}"
    assert ida.client.delete(path).raise_for_status().json()["restorable_days"] == 7
    assert ida.client.get(path).status_code == 404
    assert ida.client.get("/api/conversations").json()["total"] == 0
    assert ida.client.post(f"{path}/restore").raise_for_status().json()["title"] == "harbour"
    assert ida.client.get("/api/conversations").json()["total"] == 1


def test_only_one_s_own_are_seen_found_changed_and_taken_along(ida: Account, ben: Account, api: httpx.Client) -> None:
    conversation_id = say(ida.client, "The harbour lights.")
    path = f"/api/conversations/{conversation_id}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"title": "Mine"}),
        ("DELETE", path, None),
        ("POST", f"{path}/restore", None),
        ("GET", f"{path}/export", None),
    ):
        assert ben.client.request(method, where, json=body).status_code == 404, (method, where)
    assert ben.client.get("/api/conversations").json()["total"] == 0
    assert ben.client.get("/api/conversations/search", params={"q": "harbour"}).json()["items"] == []
    for where in ("/api/conversations", "/api/conversations/search?q=harbour"):
        assert ben.client.get(where, params={"user_id": ida.user_id, "q": "harbour"}).status_code == 404
    assert api.get(path).status_code == 200
    asked = {"q": "harbour lights"}
    assert conversation_id not in {
        one["conversation_id"] for one in api.get("/api/conversations/search", params=asked).json()["items"]
    }
    theirs = api.get("/api/conversations/search", params={**asked, "user_id": ida.user_id}).json()["items"]
    assert conversation_id in {one["conversation_id"] for one in theirs}


def test_a_search_shows_where_the_words_stand(ida: Account) -> None:
    say(ida.client, "When do the harbour lights go on?")
    found = ida.client.get("/api/conversations/search", params={"q": '"harbour light'}).raise_for_status().json()
    one = next(one for one in found["items"] if one["role"] == "user")
    assert [one["snippet"][start:end] for start, end in one["marks"]] == ["harbour", "lights"]
    assert ida.client.get("/api/conversations/search", params={"q": "?!"}).status_code == 422


def test_an_export_is_a_file(ida: Account) -> None:
    path = f"/api/conversations/{say(ida.client, 'Zoë and the <b>harbour</b>')}/export"
    whole = ida.client.get(path).raise_for_status()
    assert whole.headers["content-disposition"] == 'attachment; filename="zoe-and-the-b-harbour-b.json"'
    assert [one["role"] for one in json.loads(whole.text)["messages"]] == ["user", "assistant"]
    text = ida.client.get(path, params={"format": "md"}).raise_for_status()
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "> Zoë and the &lt;b>harbour" in text.text
    assert ida.client.get(path, params={"format": "exe"}).status_code == 422


def test_older_clients_get_figures_of_who_converses(ida: Account, api: httpx.Client) -> None:
    say(ida.client, "harbour")
    mine = ida.client.get("/sessions").raise_for_status().json()
    assert mine["total_sessions"] == 1
    assert (mine["sessions"][0]["user_id"], mine["sessions"][0]["message_count"]) == (ida.user_id, 2)
    assert ida.user_id in {one["user_id"] for one in api.get("/sessions").json()["sessions"]}
