"""Sessions and the gallery over HTTP: shapes, whose they are, and what is refused."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faces.accounts import Account, account
from tests.serving import Served, serve
from tests.stub_model import StubModel
from tests.workflows.flows import agent, document

SECRET = "sk-secret-of-a-test"
FLOW = document("sequential", agent("ada", "You list the steps."), agent("bo", "You write the text."))


@pytest.fixture
def ida(server: Served) -> Iterator[Account]:
    with account(server) as one:
        yield one


@pytest.fixture
def ben(server: Served) -> Iterator[Account]:
    with account(server) as one:
        yield one


def begun(client: httpx.Client, flow: dict[str, Any] = FLOW) -> str:
    made = client.post("/api/sessions", json={"session": {"flow_config": flow}}).raise_for_status()
    assert SECRET not in made.text
    session_id: str = made.json()["data"][0]["session_id"]
    return session_id


def ask(client: httpx.Client, session_id: str, content: str = "An evening?", **more: Any) -> httpx.Response:
    return client.post("/api/messages", json={"message": {"content": content, "session_id": session_id}, **more})


def rows(client: httpx.Client, session_id: str, **more: Any) -> list[dict[str, Any]]:
    found = client.get("/api/messages", params={"session_id": session_id, **more}).raise_for_status()
    data: list[dict[str, Any]] = found.json()["data"]
    return data


def test_an_answer_has_the_stored_message_and_how_it_was_made(ida: Account) -> None:
    session_id = begun(ida.client)
    answer = ask(ida.client, session_id).raise_for_status().json()
    assert answer["status"] is True
    made = answer["metadata"]
    assert {"user_id", "role", "content", "root_msg_id", "msg_id", "timestamp", "personalize", "ra", "code"} <= set(
        made
    )
    assert [one["sender"] for one in made["messages"]] == ["user_proxy", "ada", "bo"]
    assert answer["message"] == made["content"] == made["messages"][-1]["content"]
    assert made["usage"]["total_tokens"] > 0
    assert [one["msg_id"] for one in rows(ida.client, session_id)][1] == made["msg_id"]


def test_the_session_s_own_document_answers_when_none_is_sent(ida: Account) -> None:
    session_id = begun(ida.client, document("autonomous", agent("cy")))
    made = ask(ida.client, session_id).raise_for_status().json()["metadata"]
    assert [one["sender"] for one in made["messages"]] == ["user_proxy", "cy"]


def test_others_sessions_are_not_there(ida: Account, ben: Account, api: httpx.Client) -> None:
    session_id = begun(ida.client)
    ask(ida.client, session_id).raise_for_status()
    message_id = rows(ida.client, session_id)[0]["msg_id"]
    assert ask(ben.client, session_id).status_code == 404
    assert rows(ben.client, session_id) == []
    assert ben.client.get("/api/sessions").json()["data"] == []
    assert ben.client.get("/api/sessions", params={"user_id": ida.user_id}).status_code == 404
    gone = {"session_id": session_id, "msg_id": message_id}
    assert ben.client.post("/api/messages/delete", json=gone).status_code == 404
    assert ben.client.post("/api/cleardb", json={"session_id": session_id}).status_code == 404
    assert ben.client.post("/api/sessions/publish", json={"session": {"session_id": session_id}}).status_code == 404
    assert len(rows(api, session_id, user_id=ida.user_id)) == 2, "an administrator names whose"


@pytest.mark.parametrize(
    ("flow", "field"),
    [
        ({**FLOW, "type": "circular"}, "flow_config.type"),
        ({**FLOW, "receiver": []}, "flow_config.receiver"),
        (
            {**FLOW, "receiver": [agent("ada", llm_config={"config_list": [{"api_key": SECRET, "model": []}]})]},
            "config_list",
        ),
        ({**FLOW, "name": "a\x00b"}, "flow_config"),
    ],
)
def test_a_document_that_describes_no_flow_is_refused_by_its_path(
    ida: Account, flow: dict[str, Any], field: str
) -> None:
    session_id = begun(ida.client)
    for answer in (
        ida.client.post("/api/sessions", json={"session": {"flow_config": flow}}),
        ask(ida.client, session_id, flow_config=flow),
    ):
        assert answer.status_code == 422
        assert field in answer.json()["detail"]
        assert SECRET not in answer.text
    assert rows(ida.client, session_id) == []


def test_a_request_that_names_two_users_is_refused(api: httpx.Client) -> None:
    wanted = {"user_id": "one", "session": {"user_id": "two", "flow_config": FLOW}}
    assert api.post("/api/sessions", json=wanted).status_code == 422


def test_everybody_reads_the_gallery_and_begins_from_it_and_only_its_owner_takes_an_item_back(
    ida: Account, ben: Account
) -> None:
    session_id = begun(ida.client)
    ask(ida.client, session_id).raise_for_status()
    wanted = {"session": {"session_id": session_id, "flow_config": FLOW}, "tags": ["spring"]}
    published = ida.client.post("/api/sessions/publish", json=wanted).raise_for_status()
    item = published.json()["data"]
    assert SECRET not in published.text
    [seen] = ben.client.get("/api/gallery", params={"gallery_id": item["id"]}).raise_for_status().json()["data"]
    assert seen == item
    mine = ben.client.post(f"/api/gallery/{item['id']}/start").raise_for_status().json()["data"]["session_id"]
    assert [one["content"] for one in rows(ben.client, mine)] == [one["content"] for one in item["messages"]]
    assert ask(ben.client, mine, "Go on.").status_code == 200
    assert ben.client.delete(f"/api/gallery/{item['id']}").status_code == 404
    assert ida.client.delete(f"/api/gallery/{item['id']}").status_code == 200
    assert ida.client.get("/api/gallery", params={"gallery_id": item["id"]}).status_code == 404


def test_a_viewer_reads_and_does_not_ask(server: Served) -> None:
    with account(server, role="viewer") as one:
        assert one.client.get("/api/sessions").status_code == 200
        assert one.client.post("/api/sessions", json={"session": {}}).status_code == 403


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_query_whose_server_was_killed_stands_in_the_history_and_has_failed(
    tmp_path: Path, stub_model: StubModel
) -> None:
    settings = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": stub_model.base_url}
    served = serve(tmp_path / "home", **settings)
    stub_model.say("Never said.", delay=60)
    flow = document("sequential", agent("ada", model="openai:stub-small"))
    with served.client() as client:
        session_id = begun(client, flow)
        wanted = {"message": {"content": "An evening?", "session_id": session_id}}
        with pytest.raises(httpx.ReadTimeout):
            client.post("/api/messages", json=wanted, timeout=8)
        assert [one["role"] for one in rows(client, session_id)] == ["user"]
    assert len(stub_model.requests) == 1
    served.kill()
    served = serve(tmp_path / "home", **settings)
    with served.client() as client:
        deadline = time.monotonic() + 20
        while len(found := rows(client, session_id)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [one["role"] for one in found] == ["user", "assistant"]
        assert found[1]["metadata"]["status"] == "failed"
        assert "the server ended" in found[1]["content"]
        stub_model.say("On Friday.")
        assert ask(client, session_id, "Again?").raise_for_status().json()["message"] == "On Friday."
    assert served.stop() == 0
