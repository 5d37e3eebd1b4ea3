"""Files of users over HTTP: one's own, and nobody else's; an administrator's token names anybody."""

import asyncio

import httpx
import pytest

from folkmoot.user_files import UserFiles
from tests.serving import Served


@pytest.fixture
def kept(server: Served) -> UserFiles:
    """What the server's own tools and conversations write to."""
    return UserFiles(server.home / "user_contexts")


def test_an_administrator_reads_the_files_of_a_room(api: httpx.Client, kept: UserFiles) -> None:
    asyncio.run(kept.append("room-1a2b", "conversations.md", "**You:** hello\n"))
    listed = api.get("/user/room-1a2b/files").raise_for_status().json()
    assert (listed["user_id"], listed["files"]) == ("room-1a2b", ["conversations.md"])
    assert listed["items"][0]["size"] == 15
    assert listed["items"][0]["changed_at"]
    text = api.get("/user/room-1a2b/files/conversations.md")
    assert text.text == "**You:** hello\n"
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert api.get("/user/room-1a2b/file/conversations.md").json() == {
        "user_id": "room-1a2b",
        "filename": "conversations.md",
        "content": "**You:** hello\n",
    }


def test_everybody_else_sees_their_own_alone(server: Served, api: httpx.Client, kept: UserFiles) -> None:
    made = api.post("/api/users", json={"name": "Files Ida", "role": "member"}).raise_for_status().json()
    ida = made["user_id"]
    asyncio.run(kept.save(ida, "goals.json", "[]"))
    asyncio.run(kept.save("room-secret", "conversations.md", "secret"))
    key = api.post("/api/keys", json={"name": "files", "user_id": ida}).raise_for_status().json()["key"]
    with server.client(token=key) as own:
        for me in ("me", ida):
            assert own.get(f"/user/{me}/files").json()["files"] == ["goals.json"]
        for other in ("room-secret", "room-nobody", "admin", "Files Ida"):
            answers = [
                own.get(f"/user/{other}/files"),
                own.get(f"/user/{other}/files/conversations.md"),
                own.get(f"/user/{other}/file/conversations.md"),
                own.delete(f"/user/{other}/files/conversations.md"),
            ]
            assert [one.status_code for one in answers] == [404] * 4
            assert "secret" not in answers[1].text.replace("room-secret", "")
        assert own.delete("/user/me/files/goals.json").status_code == 204
        assert own.delete("/user/me/files/goals.json").status_code == 404
        assert own.get("/user/me/files").json() == {"user_id": ida, "files": [], "items": []}


@pytest.mark.parametrize("name", ["..%2Fadmin%2Fx.txt", "%2e%2e", "x.sh", ".hidden.txt", "con.txt", "a%00.txt"])
def test_a_name_that_could_lead_elsewhere_is_refused(api: httpx.Client, name: str) -> None:
    for answer in (api.get(f"/user/me/files/{name}"), api.delete(f"/user/me/files/{name}")):
        assert answer.status_code in {404, 405, 422}, answer.text


def test_who_has_no_files_and_is_not_asking_is_unknown(api: httpx.Client) -> None:
    answer = api.get("/user/room-never/files")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/user_files.unknown")
    assert api.get("/user/me/files").status_code == 200


def test_files_go_with_their_account(api: httpx.Client, kept: UserFiles) -> None:
    user = api.post("/api/users", json={"name": "Files Bo", "role": "member"}).raise_for_status().json()["user_id"]
    asyncio.run(kept.save(user, "meals.json", "[]"))
    api.delete(f"/api/users/{user}").raise_for_status()
    assert asyncio.run(kept.names(user)) == []


def test_files_go_with_a_person_who_is_forgotten(api: httpx.Client, kept: UserFiles) -> None:
    person = "Filed Person"
    made = api.post("/api/users", json={"name": "Filed", "person": person}).raise_for_status().json()["user_id"]
    api.post("/api/twins", json={"person": person, "email": "filed@example.com"}).raise_for_status()
    asyncio.run(kept.save(made, "goals.json", "[]"))
    receipt = api.delete(f"/api/twins/{person}").raise_for_status().json()
    assert receipt["removed"]["user files"] == 1
    assert asyncio.run(kept.names(made)) == []
    api.delete(f"/api/users/{made}").raise_for_status()
