"""Talking over HTTP: kept before it is acknowledged, streamed from any place, nobody else's to see."""

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.faces.accounts import account
from tests.serving import Served


def said(api: httpx.Client, text: str = "Who is in this team?", **more: Any) -> dict[str, Any]:
    answer = api.post("/api/chat/message", json={"message": text, "agent": "manager", **more})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def events(answer: httpx.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Id, name and data of each event."""
    place, name = "", ""
    for line in answer.iter_lines():
        kind, _, value = line.partition(": ")
        if kind == "id":
            place = value
        elif kind == "event":
            name = value
        elif kind == "data":
            yield place, name, json.loads(value)


def test_a_message_is_answered_in_its_conversation(api: httpx.Client) -> None:
    conversation = f"conv_{uuid.uuid4().hex[:8]}"
    answer = said(api, conversation_id=conversation)
    assert answer["conversation_id"] == conversation
    assert (answer["agent_type"], answer["metadata"]["method"]) == ("manager", "chosen")
    assert answer["response"].strip()
    history = api.get(f"/api/chat/history/{conversation}").json()
    assert [one["role"] for one in history["messages"]] == ["user", "assistant"]
    assert history["messages"][1]["content"] == answer["response"]
    assert (history["total"], history["next"]) == (2, None)


def test_a_stream_is_the_answer_that_is_kept_and_can_be_heard_on_from_any_event(api: httpx.Client) -> None:
    body = {"message": "What can you tell me about the team?", "agent": "manager"}
    with api.stream("POST", "/api/chat/stream", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = list(events(answer))
    names = [name for _, name, _ in heard]
    assert names[0] == "meta"
    assert names[-1] == "done"
    assert set(names[1:-1]) == {"chunk"}
    whole = "".join(data["chunk"] for _, name, data in heard if name == "chunk")
    done = heard[-1][2]
    kept = api.get(f"/api/chat/history/{done['conversation_id']}").json()["messages"][-1]
    assert (kept["message_id"], kept["content"]) == (done["message_id"], whole)
    middle = heard[len(heard) // 2]
    before = "".join(data["chunk"] for _, name, data in heard[: len(heard) // 2 + 1] if name == "chunk")
    for method, path in (("POST", "/api/chat/stream"), ("GET", f"/api/chat/stream/{done['message_id']}")):
        more: dict[str, Any] = {"json": body} if method == "POST" else {}
        with api.stream(method, path, headers={"Last-Event-ID": middle[0]}, **more) as answer:
            rest = "".join(data["chunk"] for _, name, data in events(answer) if name == "chunk")
        assert before + rest == whole
    assert api.get(f"/api/chat/history/{done['conversation_id']}").json()["total"] == 2  # nothing was said anew


def test_who_does_not_wait_finds_the_answer_later(api: httpx.Client) -> None:
    answer = api.post("/api/chat/message", params={"wait": 0}, json={"message": "Hello", "agent": "manager"})
    assert answer.status_code == 202
    kept = answer.json()
    with api.stream("GET", f"/api/chat/stream/{kept['message_id']}") as stream:
        assert [name for _, name, _ in events(stream)][-1] == "done"
    history = api.get(f"/api/chat/history/{kept['conversation_id']}").json()["messages"]
    assert [one["status"] for one in history] == ["said", "answered"]


def test_versions_of_an_answer_and_of_a_question_are_kept(api: httpx.Client) -> None:
    first = said(api)
    conversation, question = first["conversation_id"], first["user_message_id"]
    again = api.post(f"/api/chat/{conversation}/messages/{first['message_id']}/regenerate", json={"agent": "manager"})
    assert again.json()["message_id"] != first["message_id"]
    shown = api.get(f"/api/chat/history/{conversation}").json()["messages"]
    assert [one["role"] for one in shown] == ["user", "assistant"]
    assert shown[1]["versions"] == [first["message_id"], again.json()["message_id"]]
    edited = api.patch(f"/api/chat/{conversation}/messages/{question}", json={"message": "Who leads this team?"})
    assert edited.status_code == 200, edited.text
    shown = api.get(f"/api/chat/history/{conversation}").json()["messages"]
    assert next(one["content"] for one in shown) == "Who leads this team?"
    assert len(shown[0]["versions"]) == 2
    back = api.post(f"/api/chat/{conversation}/messages/{first['message_id']}/show").json()["messages"]
    assert [one["message_id"] for one in back] == [question, first["message_id"]]


def test_why_an_agent_answered_is_kept_and_can_be_decided_again(api: httpx.Client) -> None:
    asked = api.post("/api/chat/message", json={"message": "@manager Who leads this team?"}).json()
    place = f"/api/chat/{asked['conversation_id']}/messages"
    found = api.get(f"{place}/{asked['message_id']}/routing").raise_for_status().json()
    assert (found["agent_id"], found["method"], found["now"]) == ("manager", "mention", "manager")
    assert found["same"] is True
    assert found["evidence"]
    assert api.get(f"{place}/{asked['user_message_id']}/routing").status_code == 409


def test_what_is_attached_is_read_kept_and_given_back(api: httpx.Client) -> None:
    data = base64.b64encode(b"The kiln reaches 1,240 degrees.").decode()
    answer = said(api, "How hot is it?", attachments=[{"name": "kiln.txt", "data": data}])
    question = api.get(f"/api/chat/history/{answer['conversation_id']}").json()["messages"][0]
    [file] = question["metadata"]["attachments"]
    assert (file["name"], file["size"]) == ("kiln.txt", 31)
    back = api.get(f"/api/chat/attachments/{file['id']}")
    assert back.content == b"The kiln reaches 1,240 degrees."
    assert back.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("body", "said_of"),
    [
        ({"message": ""}, "message"),
        ({"message": "   "}, "empty"),
        ({"message": "x" * 10_001}, "10000"),
        ({}, "message"),
        ({"message": "Hello", "conversation_id": "a/b"}, "conversation_id"),
        ({"message": "Hello", "attachments": [{"name": "a.txt", "data": "%%%"}]}, "attachments[0]"),
        ({"message": "Hello", "attachments": [{"name": "a.txt"}]}, "either"),
        ({"message": "Hello", "attachments": [{"name": "a", "text": "x", "media_type": "image/—"}]}, "media type"),
    ],
)
def test_what_cannot_be_taken_is_named(api: httpx.Client, body: dict[str, Any], said_of: str) -> None:
    answer = api.post("/api/chat/message", json=body)
    assert answer.status_code == 422
    assert said_of in answer.text


def test_an_unknown_agent_is_named_and_others_are_offered(api: httpx.Client) -> None:
    answer = api.post("/api/chat/message", json={"message": "Hello", "agent": "nobody-at-all"})
    assert answer.status_code == 404
    assert "manager" in answer.json()["detail"]


@pytest.mark.parametrize("place", ["yesterday", "no-such-answer:1.0", "a:b.c"])
def test_a_place_that_is_none_is_refused(api: httpx.Client, place: str) -> None:
    answer = api.post("/api/chat/stream", json={"message": "Hello"}, headers={"Last-Event-ID": place})
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_anothers_is_not_there(server: Served, api: httpx.Client) -> None:
    mine = said(api)
    conversation, answer = mine["conversation_id"], mine["message_id"]
    with account(server) as them:
        other = them.client
        for method, path, body in (
            ("GET", f"/api/chat/history/{conversation}", None),
            ("DELETE", f"/api/chat/history/{conversation}", None),
            ("GET", f"/api/chat/stream/{answer}", None),
            ("POST", f"/api/chat/{conversation}/cancel", None),
            ("POST", f"/api/chat/{conversation}/messages/{answer}/regenerate", {}),
            ("PATCH", f"/api/chat/{conversation}/messages/{mine['user_message_id']}", {"message": "x"}),
            ("POST", "/api/chat/message", {"message": "x", "conversation_id": conversation}),
            ("POST", "/api/chat/message", {"message": "x", "user_id": "admin"}),
        ):
            refused = other.request(method, path, json=body)
            assert refused.status_code == 404, (path, refused.text)
            nowhere = other.request(method, path.replace(conversation, "conv_none").replace(answer, "none"), json=body)
            if "message" not in (body or {}):
                assert nowhere.status_code == 404
        assert said(other)["response"]
    assert api.get(f"/api/chat/history/{conversation}").json()["total"] == 2


def test_deleting_leaves_none(api: httpx.Client) -> None:
    conversation = said(api)["conversation_id"]
    assert api.delete(f"/api/chat/history/{conversation}").json() == {"deleted": True}
    assert api.get(f"/api/chat/history/{conversation}").status_code == 404
    assert api.delete(f"/api/chat/history/{conversation}").status_code == 404


def test_a_program_speaks_for_its_users_and_goes_on_with_their_conversations(api: httpx.Client) -> None:
    conversation = f"conv_{uuid.uuid4().hex[:8]}"
    said(api, user_id="ida", conversation_id=conversation)
    said(api, conversation_id=conversation)
    wrong = api.post("/api/chat/message", json={"message": "Hello", "user_id": "bo", "conversation_id": conversation})
    assert wrong.status_code == 404
    assert api.get(f"/api/chat/history/{conversation}").json()["total"] == 4


def test_a_long_history_comes_in_pages_from_its_end(api: httpx.Client) -> None:
    conversation = f"conv_{uuid.uuid4().hex[:8]}"
    for number in range(3):
        said(api, f"Question {number}", conversation_id=conversation)
    last = api.get(f"/api/chat/history/{conversation}", params={"limit": 4}).json()
    first = api.get(f"/api/chat/history/{conversation}", params={"limit": 4, "cursor": last["next"]}).json()
    questions = [one["content"] for page in (first, last) for one in page["messages"] if one["role"] == "user"]
    assert questions == ["Question 0", "Question 1", "Question 2"]
    assert first["next"] is None
