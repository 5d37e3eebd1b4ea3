"""Every route, tried by everybody: nobody, an expired token, a viewer, a member, a key with the wrong scope, an admin.

The routes are taken from the application and the expectations from the table of rules, so a new route is tried as soon
as it has its line. Ids are of nobody: what counts here is who gets past the door.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from folkmoot.kernel import SystemClock
from folkmoot.security.signing import Signer
from folkmoot.web.rules import RULES, Access
from tests.faces.accounts import Account, account
from tests.serving import Served

# Not called as an administrator here: what they do to the shared server would disturb its other tests.
DISTURBING = {"POST /api/initialize", "POST /api/models/test"}
ROUTES = sorted(
    key
    for key, rule in RULES.items()
    if rule.access > Access.OPEN and key.split()[0] in {"GET", "POST", "PUT", "PATCH", "DELETE"}
)


@pytest.fixture(scope="module")
def viewer(server: Served) -> Iterator[Account]:
    with account(server, role="viewer") as one:
        yield one


@pytest.fixture(scope="module")
def member(server: Served) -> Iterator[Account]:
    with account(server) as one:
        yield one


def call(client: httpx.Client, key: str, **more: object) -> httpx.Response:
    method, path = key.split()
    body: dict[str, object] | None = None if method == "GET" else {}
    return client.request(method, re.sub(r"\{[^}]+\}", "nobody-knows-this", path), json=body, **more)  # type: ignore[arg-type]  # httpx' own keywords


def test_nobody_gets_past_the_door(stranger: httpx.Client) -> None:
    for key in ROUTES:
        assert call(stranger, key).status_code == 401, key


def test_an_expired_token_opens_nothing(server: Served, stranger: httpx.Client, member: Account) -> None:
    signer = Signer(secret=(server.home / "jwt.key").read_bytes(), clock=SystemClock())
    expired = signer.sign("access", user_id=member.user_id, lives=timedelta(seconds=-1), sid="signin_x")
    for key in ROUTES:
        answer = call(stranger, key, headers={"Authorization": f"Bearer {expired}"})
        assert answer.status_code == 401, key
        assert "expired" in answer.json()["detail"], key


@pytest.mark.parametrize("kind", ["refresh", "page", "socket"])
def test_a_token_for_something_else_opens_nothing(
    server: Served, stranger: httpx.Client, member: Account, kind: str
) -> None:
    signer = Signer(secret=(server.home / "jwt.key").read_bytes(), clock=SystemClock())
    token = signer.sign(kind, user_id=member.user_id, lives=timedelta(hours=1))  # type: ignore[arg-type]  # one of the kinds
    for key in ROUTES[::7]:
        assert call(stranger, key, headers={"Authorization": f"Bearer {token}"}).status_code == 401, key


def test_a_viewer_reads_and_a_member_writes_as_far_as_the_rules_say(viewer: Account, member: Account) -> None:
    for key in ROUTES:
        access = RULES[key].access
        for who, least in ((viewer, Access.VIEWER), (member, Access.MEMBER)):
            answer = call(who.client, key)
            if access > least:
                assert answer.status_code == 403, (key, who.name, answer.status_code)
                assert answer.json()["type"] == "/problems/not_allowed", key
            else:
                # Past the door it may be anything but a fault: the body is empty and the id nobody's.
                assert answer.status_code < 500 or answer.status_code == 503, (key, answer.text)
                assert answer.status_code != 401, key


def test_a_key_opens_what_it_was_made_for_and_nothing_else(api: httpx.Client, stranger: httpx.Client) -> None:
    made = api.post("/api/keys", json={"name": "matrix", "scopes": ["status:read"]}).json()
    bearer = {"Authorization": f"Bearer {made['key']}"}
    assert stranger.get("/api/status", headers=bearer).status_code == 200
    for key in ROUTES:
        if RULES[key].subject not in {"", "status:read"}:
            answer = call(stranger, key, headers=bearer)
            assert answer.status_code == 403, key
            assert RULES[key].subject in answer.json()["detail"], key
    api.delete(f"/api/keys/{made['key_id']}").raise_for_status()


def test_an_administrator_gets_past_every_door(api: httpx.Client) -> None:
    for key in ROUTES:
        if key not in DISTURBING:
            answer = call(api, key)
            assert answer.status_code not in {401, 403}, (key, answer.text)
            assert answer.status_code < 500 or answer.status_code == 503, (key, answer.text)
