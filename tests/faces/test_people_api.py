"""Accounts, keys, tokens and the audit over REST."""

import json
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.faces.accounts import PASSWORD, Account, account
from tests.serving import TOKEN, Served


@pytest.fixture
def zoe(server: Served) -> Iterator[Account]:
    """A member who signed in by password."""
    with account(server, password=True) as one:
        yield one


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def pair(client: httpx.Client, one: Account) -> dict[str, str]:
    answer = client.post("/api/auth/token", json={"name": one.name, "password": PASSWORD})
    found: dict[str, str] = answer.raise_for_status().json()
    return found


def test_a_token_is_given_for_json_for_a_form_and_for_a_key(stranger: httpx.Client, zoe: Account) -> None:
    key = zoe.client.post("/api/keys", json={"name": "report", "scopes": ["account:read"]}).json()["key"]
    for given in (
        {"json": {"name": zoe.name, "password": PASSWORD}},
        {"json": {"username": zoe.name.upper(), "password": PASSWORD}},
        {"data": {"grant_type": "password", "username": zoe.name, "password": PASSWORD, "scope": "", "client_id": "x"}},
        {"json": {"api_key": key}},
    ):
        answer = stranger.post("/api/auth/token", **given)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"], body["user_id"]) == ("bearer", 900, zoe.user_id)
        assert stranger.get("/api/users/me", headers=bearer(body["access_token"])).json()["name"] == zoe.name


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", "null", '"text"', "{", '{"name": "x"}', '{"name": "x", "password": "y", "api_key": "z"}', '{"x": 1}'],
)
def test_a_grant_that_is_none_answers_422_and_repeats_no_password(stranger: httpx.Client, body: str) -> None:
    answer = stranger.post("/api/auth/token", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("body")
    assert "y" not in [one["message"] for one in answer.json()["errors"]]


def test_wrong_credentials_answer_401_with_the_same_words(stranger: httpx.Client, zoe: Account) -> None:
    said = [
        stranger.post("/api/auth/token", json={"name": name, "password": "not it, not it"})
        for name in (zoe.name, f"{zoe.name} whom nobody knows")
    ]
    assert [one.status_code for one in said] == [401, 401]
    assert said[0].json()["detail"] == said[1].json()["detail"]


def test_tokens_are_renewed_once_and_signing_out_ends_them(stranger: httpx.Client, zoe: Account) -> None:
    first = pair(stranger, zoe)
    second = stranger.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
    me = stranger.get("/api/users/me", headers=bearer(second["access_token"]))
    assert me.status_code == 200
    assert stranger.post("/api/auth/revoke", json={"token": second["refresh_token"]}).status_code == 204
    for token in (first["access_token"], second["access_token"]):
        refused = stranger.get("/api/users/me", headers=bearer(token))
        assert refused.status_code == 401
        assert "ended" in refused.json()["detail"]
    assert stranger.post("/api/auth/revoke", json={"token": "nonsense"}).status_code == 204


def test_a_refresh_token_used_twice_ends_the_sign_in(stranger: httpx.Client, zoe: Account) -> None:
    first = pair(stranger, zoe)
    second = stranger.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
    again = stranger.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert again.status_code == 401
    assert "used before" in again.json()["detail"]
    assert stranger.get("/api/users/me", headers=bearer(second["access_token"])).status_code == 401


def test_an_idempotency_key_keeps_no_token_and_no_key(stranger: httpx.Client, zoe: Account) -> None:
    headers = {"Idempotency-Key": "once"}
    grant = {"name": zoe.name, "password": PASSWORD}
    one, two = (stranger.post("/api/auth/token", json=grant, headers=headers).json() for _ in range(2))
    assert one["access_token"] != two["access_token"]
    made = zoe.client.post("/api/keys", json={"name": "k"}, headers=headers)
    again = zoe.client.post("/api/keys", json={"name": "k"}, headers=headers)
    assert (made.status_code, again.status_code) == (201, 409)
    assert made.json()["key"] not in again.text


def test_a_key_is_shown_once_and_does_what_its_scopes_say(stranger: httpx.Client, zoe: Account) -> None:
    made = zoe.client.post("/api/keys", json={"name": "report", "scopes": ["tasks:read"], "expires_in_days": 1}).json()
    listed = zoe.client.get("/api/keys").json()["items"]
    assert [one["key_id"] for one in listed] == [made["key_id"]]
    assert made["key"] not in json.dumps(listed)
    assert made["key"].startswith(listed[0]["prefix"].rstrip("…"))
    assert stranger.get("/api/tasks", headers=bearer(made["key"])).status_code == 200
    refused = stranger.get("/api/agents", headers=bearer(made["key"]))
    assert refused.status_code == 403
    assert "agents:read" in refused.json()["detail"]
    assert zoe.client.get("/api/keys").json()["items"][0]["last_used_at"] is not None
    assert zoe.client.delete(f"/api/keys/{made['key_id']}").status_code == 204
    assert stranger.get("/api/tasks", headers=bearer(made["key"])).status_code == 401


def test_a_key_opens_no_way_to_more_than_itself(server: Served, api: httpx.Client, zoe: Account) -> None:
    def with_key(*scopes: str, user_id: str = "admin") -> httpx.Client:
        made = api.post("/api/keys", json={"name": "narrow", "scopes": list(scopes), "user_id": user_id})
        return server.client(token=made.raise_for_status().json()["key"])

    with account(server) as keyed, with_key("account:write", user_id=keyed.user_id) as narrow:
        assert narrow.put("/api/users/me/password", json={"password": PASSWORD}).status_code == 403
        assert api.get(f"/api/users/{keyed.user_id}").json()["has_password"] is False
    with account(server, role="admin") as other, with_key("users:write") as narrow:
        for method, path, body in (
            ("POST", "/api/users", {"name": "one more", "role": "admin"}),
            ("PATCH", f"/api/users/{zoe.user_id}", {"role": "admin"}),
            ("PATCH", f"/api/users/{other.user_id}", {"password": PASSWORD}),
        ):
            refused = narrow.request(method, path, json=body)
            assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not_allowed"), (method, path)
        assert narrow.patch(f"/api/users/{zoe.user_id}", json={"email": "zoe@acme.example"}).status_code == 200
    with with_key("*") as whole:
        assert whole.patch(f"/api/users/{zoe.user_id}", json={"role": "admin"}).status_code == 200
        assert whole.patch(f"/api/users/{zoe.user_id}", json={"role": "member"}).status_code == 200


def test_a_user_has_their_own_account_and_sees_no_other(server: Served, api: httpx.Client, zoe: Account) -> None:
    me = zoe.client.get("/api/users/me").json()
    assert (me["user_id"], me["role"], me["scopes"]) == (zoe.user_id, "member", None)
    assert zoe.client.get(f"/api/users/{zoe.user_id}").json()["name"] == zoe.name
    nobody = zoe.client.get("/api/users/user_nobody")
    with account(server) as tom:
        for other in (tom.user_id, "admin"):
            found = zoe.client.get(f"/api/users/{other}")
            assert found.status_code == nobody.status_code == 404
            assert found.json()["detail"] == nobody.json()["detail"].replace("user_nobody", other)
        for method, path in (
            ("GET", "/api/users"),
            ("GET", "/api/audit"),
            ("PATCH", f"/api/users/{zoe.user_id}"),
            ("DELETE", f"/api/users/{tom.user_id}"),
        ):
            assert zoe.client.request(method, path, json={"role": "admin"}).status_code == 403, path
        key = tom.client.post("/api/keys", json={"name": "another of tom"}).json()
        assert zoe.client.delete(f"/api/keys/{key['key_id']}").status_code == 404
        assert zoe.client.get("/api/keys", params={"user_id": tom.user_id}).json()["items"] == []
        assert api.get("/api/keys", params={"user_id": tom.user_id}).json()["total"] == 2


def test_a_password_is_changed_with_the_present_one_and_other_sign_ins_end(
    stranger: httpx.Client, zoe: Account
) -> None:
    other = pair(stranger, zoe)
    wrong = zoe.client.put("/api/users/me/password", json={"password": "another four words", "present": "not it"})
    assert wrong.status_code == 403
    right = zoe.client.put("/api/users/me/password", json={"password": "another four words", "present": PASSWORD})
    assert right.status_code == 204
    assert zoe.client.get("/api/users/me").status_code == 200
    assert stranger.get("/api/users/me", headers=bearer(other["access_token"])).status_code == 401
    grant = {"name": zoe.name, "password": "another four words"}
    assert stranger.post("/api/auth/token", json=grant).status_code == 200


def test_what_an_administrator_changes_holds_at_once(api: httpx.Client, stranger: httpx.Client, zoe: Account) -> None:
    key = zoe.client.post("/api/keys", json={"name": "k"}).json()["key"]
    made = {"title": "To be handed in", "description": "x"}
    assert api.patch(f"/api/users/{zoe.user_id}", json={"role": "viewer"}).json()["role"] == "viewer"
    for client in (zoe.client, stranger):
        answer = client.post("/api/tasks", json=made, headers=None if client is zoe.client else bearer(key))
        assert answer.status_code == 403
        assert "member" in answer.json()["detail"]
    assert api.patch(f"/api/users/{zoe.user_id}", json={"disabled": True}).json()["disabled"] is True
    assert zoe.client.get("/api/users/me").status_code == 401
    assert stranger.get("/api/tasks", headers=bearer(key)).status_code == 401
    assert api.patch(f"/api/users/{zoe.user_id}", json={"disabled": False}).json()["disabled"] is False
    assert stranger.get("/api/tasks", headers=bearer(key)).status_code == 200
    assert zoe.client.get("/api/users/me").status_code == 401, "what was signed in before stays ended"


def test_the_administrator_s_account_stays(api: httpx.Client, zoe: Account) -> None:
    assert api.delete("/api/users/admin").status_code == 409
    assert api.patch("/api/users/admin", json={"disabled": True}).status_code == 409
    assert api.patch("/api/users/admin", json={"role": "viewer"}).status_code == 422
    taken = api.post("/api/users", json={"name": zoe.name.upper()})
    assert taken.status_code == 409


def test_the_audit_says_who_did_what_and_holds_no_secret(api: httpx.Client, zoe: Account) -> None:
    key = zoe.client.post("/api/keys", json={"name": "k"}).json()
    lines = api.get("/api/audit", params={"limit": 50}).json()["items"]
    by_zoe = api.get("/api/audit", params={"user_id": zoe.user_id, "action": "key_created,sign_in"}).json()
    assert [one["action"] for one in by_zoe["items"]] == ["key_created", "sign_in"]
    assert by_zoe["items"][0]["target"] == key["key_id"]
    assert by_zoe["items"][0]["address"] == "127.0.0.1"
    made = next(one for one in lines if one["action"] == "user_created")
    assert (made["user_id"], made["target"]) == ("admin", zoe.user_id)
    for secret in (key["key"], key["key"].split("_", 2)[2], PASSWORD, TOKEN):
        assert secret not in json.dumps(lines)


def test_a_socket_is_opened_once_with_a_token_of_its_own(server: Served, zoe: Account) -> None:
    token = zoe.client.post("/api/auth/socket").json()["token"]
    where = f"{server.url.replace('http', 'ws', 1)}/ws?token={token}"
    with connect(where, proxy=None) as socket:
        socket.send("ping")
        assert json.loads(socket.recv(10))["type"] == "pong"
    with connect(where, proxy=None) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "opened a socket already" in closed.value.rcvd.reason) == (4401, True)


def _ping_on(socket: ClientConnection) -> None:
    for _ in range(300):
        socket.send("ping")
        socket.recv(10)
        with suppress(TimeoutError):
            socket.recv(0.1)


def test_an_open_socket_ends_with_the_account(server: Served, api: httpx.Client) -> None:
    with account(server) as tom:
        token = tom.client.post("/api/auth/socket").json()["token"]
        with connect(f"{server.url.replace('http', 'ws', 1)}/ws?token={token}", proxy=None) as socket:
            api.patch(f"/api/users/{tom.user_id}", json={"disabled": True}).raise_for_status()
            with pytest.raises(ConnectionClosed) as closed:
                _ping_on(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
