"""The walls around a real server: headers on every answer, limits, and the switch that silences an agent."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.oidc_server import CLIENT, SECRET, Provider, oidc_provider
from tests.serving import TOKEN, Served, folkmoot, serve


@pytest.fixture
def owner(server: Served, api: httpx.Client) -> Iterator[Callable[..., httpx.Client]]:
    """Makes accounts, and clients that are signed in with them."""
    with ExitStack() as stack:

        def made(name: str, **account: object) -> httpx.Client:
            wanted = {"name": name, "password": "four words make one", **account}
            user = api.post("/api/users", json=wanted).raise_for_status().json()
            stack.callback(lambda: api.delete(f"/api/users/{user['user_id']}"))
            with server.client(token=None) as door:
                known = {"name": name, "password": "four words make one"}
                pair = door.post("/api/auth/token", json=known).raise_for_status().json()
            return stack.enter_context(server.client(token=pair["access_token"]))

        yield made


@pytest.fixture
def quiet(api: httpx.Client) -> Iterator[str]:
    """An agent that may be silenced; it speaks again afterwards."""
    agents = api.get("/api/agents").json()["agents"]
    agent_id: str = next(one["agent_id"] for one in agents if one["kind"] == "twin")
    yield agent_id
    api.delete(f"/api/agents/{agent_id}/silence").raise_for_status()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/health", 200), ("/api/agents", 200), ("/api/nowhere", 404), ("/openapi.json", 200), ("/metrics", 200)],
)
def test_answers_that_are_data_allow_a_browser_nothing(api: httpx.Client, path: str, status: int) -> None:
    answer = api.get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers, "this server speaks http"


def test_refusals_have_the_headers_too(stranger: httpx.Client) -> None:
    answer = stranger.get("/api/agents")
    assert answer.status_code == 401
    assert answer.headers["x-frame-options"] == "DENY"


def test_the_pages_have_a_policy_of_their_own(stranger: httpx.Client) -> None:
    page = stranger.get("/dashboard/sign-in")
    assert page.headers.get_list("content-security-policy") == [page.headers["content-security-policy"]]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cross-origin-opener-policy"] == "same-origin"


def test_the_documentation_page_works_within_its_policy(stranger: httpx.Client) -> None:
    page = stranger.get("/docs")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self' 'sha256-" in policy
    assert "unsafe-eval" not in policy
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert asset.startswith("/"), f"{asset} is loaded from elsewhere"
        assert stranger.get(asset).status_code == 200


def test_a_body_that_is_too_large_is_refused_with_a_reason(api: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * 1024 * 1024

    for body in (b"x" * 3 * 1024 * 1024, pieces()):
        answer = api.post("/api/tasks", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["type"] == "/problems/body_too_large"


def test_a_silenced_agent_is_shown_so_everywhere(api: httpx.Client, server: Served, quiet: str) -> None:
    url = f"{server.url.replace('http', 'ws', 1)}/ws?token={TOKEN}"
    with connect(url, proxy=None) as live:
        live.send("ping")
        while json.loads(live.recv(timeout=30))["type"] != "pong":
            pass
        done = api.post(f"/api/agents/{quiet}/silence", json={"reason": "<b>it errs</b>"})
        assert done.status_code == 200
        assert done.json() | {"silenced_at": "", "name": ""} == {
            "agent_id": quiet,
            "name": "",
            "status": "silenced",
            "silenced_at": "",
            "silenced_by": "admin",
            "reason": "<b>it errs</b>",
        }
        frames: list[dict[str, Any]] = []
        while not any(one["type"] == "agent_silenced" for one in frames):
            frames.append(json.loads(live.recv(timeout=30)))
    told = next(one for one in frames if one["type"] == "agent_silenced")
    assert (told["agent_id"], told["reason"]) == (quiet, "<b>it errs</b>")
    assert any(one["type"] == "agent_status" and one["status"] == "silenced" for one in frames)
    assert api.get(f"/api/agents/{quiet}").json()["status"] == "silenced"
    assert api.get("/api/agents/health").json()["agents"][quiet]["status"] == "silenced"
    online = api.get("/api/agents", params={"online_only": True}).json()["agents"]
    assert quiet not in [one["agent_id"] for one in online]


def test_what_is_sent_to_a_silenced_agent_waits_until_it_may_speak(api: httpx.Client, quiet: str) -> None:
    api.post(f"/api/agents/{quiet}/silence", json={"reason": "wait"}).raise_for_status()
    letter = {"sender_id": "somebody", "recipient_id": quiet, "intent": "health_check", "payload": {"data": {}}}
    sent = api.post("/api/agents/messages", json=letter, params={"wait": 0.3}).json()
    assert sent.get("reply") is None
    where = f"/api/agents/messages/{sent['message_id']}"
    assert api.get(where).json()["status"] == "queued"
    assert api.delete(f"/api/agents/{quiet}/silence").json()["status"] == "online"
    again = letter | {"message_id": sent["message_id"]}
    assert api.post("/api/agents/messages", json=again, params={"wait": 30}).json()["reply"] is not None


def test_silencing_is_on_the_record(api: httpx.Client, quiet: str) -> None:
    api.post(f"/api/agents/{quiet}/silence", json={"reason": "on the record"}).raise_for_status()
    lines = api.get("/api/audit", params={"action": "agent_silenced"}).json()["items"]
    assert (lines[0]["target"], lines[0]["user_id"]) == (quiet, "admin")
    assert "on the record" not in json.dumps(lines[0]), "texts have no place in the audit"


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"reason": ""}, 422), ({"reason": "  "}, 422), ({"reason": "x" * 501}, 422), ({"why": "x"}, 422)],
)
def test_it_takes_a_reason(api: httpx.Client, quiet: str, body: dict[str, str], status: int) -> None:
    assert api.post(f"/api/agents/{quiet}/silence", json=body).status_code == status
    assert api.get(f"/api/agents/{quiet}").json()["status"] == "online"


def test_nobody_is_silenced_who_is_not_there(api: httpx.Client, stranger: httpx.Client) -> None:
    assert api.post("/api/agents/nobody/silence", json={"reason": "x"}).status_code == 404
    assert api.delete("/api/agents/nobody/silence").status_code == 404
    assert stranger.post("/api/agents/nobody/silence", json={"reason": "x"}).status_code == 401


def test_a_twin_is_silenced_by_its_person_and_by_no_other_member(
    api: httpx.Client, owner: Callable[..., httpx.Client], quiet: str
) -> None:
    where, reason = f"/api/agents/{quiet}/silence", {"reason": "mine to say"}
    person = api.get(f"/api/agents/{quiet}").json()["person_name"]
    herself, another, viewer = (
        owner("Wall Owner", person=person),
        owner("Wall Other"),
        owner("Wall View", role="viewer"),
    )
    assert another.post(where, json=reason).status_code == 403
    assert viewer.post(where, json=reason).status_code == 403
    assert api.get(f"/api/agents/{quiet}").json()["status"] == "online"
    assert herself.post(where, json=reason).json()["status"] == "silenced"
    assert another.delete(where).status_code == 403
    assert herself.delete(where).json()["status"] == "online"
    assert another.post("/api/agents/nobody/silence", json=reason).status_code == 404


@pytest.mark.slow
def test_the_commands_silence_and_unsilence(server: Served, quiet: str) -> None:
    done = folkmoot("agent", "silence", quiet, "--reason", "by hand", home=server.home)
    assert (done.returncode, "is silenced: by hand" in done.stdout) == (0, True), done.stderr
    shown = folkmoot("agent", "unsilence", quiet, "--json", home=server.home)
    assert json.loads(shown.stdout)["status"] == "online"
    assert folkmoot("agent", "silence", "nobody", home=server.home).returncode != 0


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with oidc_provider() as found:
        yield found


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Served]:
    """A server whose walls stand close, and that knows a provider."""
    served = serve(
        tmp_path_factory.mktemp("narrow") / "home",
        RATE_LIMIT="4/hour",
        RATE_LIMIT_SIGN_IN="3/hour",
        UPLOAD_LIMIT_MB="3",
        CORS_ORIGINS="https://team.example",
        OIDC_ISSUER=provider.url,
        OIDC_CLIENT_ID=CLIENT,
        OIDC_CLIENT_SECRET=SECRET,
        OIDC_NAME="Acme & Co",
        OIDC_ROLE_CLAIM="groups",
        OIDC_ROLES="staff=member",
    )
    yield served
    served.stop()


@pytest.mark.slow
def test_who_asks_too_often_is_told_when_to_come_back(narrow: Served) -> None:
    with narrow.client() as api:
        answers = [api.get("/api/tasks") for _ in range(5)]
        assert [one.status_code for one in answers] == [200] * 4 + [429]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600
        assert refused.headers["x-content-type-options"] == "nosniff"
        assert api.get("/api/agents").status_code == 200, "another group of routes"
    with narrow.client(token="wrong") as guessing:
        assert [guessing.get("/api/status").status_code for _ in range(4)] == [401, 401, 401, 429]
    with narrow.client() as api:
        assert api.get("/api/status").status_code == 200, "a known token is not kept out"


@pytest.mark.slow
def test_an_upload_over_the_limit_is_answered(narrow: Served, tmp_path: Path) -> None:
    file = tmp_path / "large.txt"
    file.write_bytes(b"x" * 4 * 1024 * 1024)
    with narrow.client() as api, file.open("rb") as opened:
        answer = api.post("/api/twins/una/imports", files={"file": opened}, data={"author": "Una"})
    assert answer.status_code == 413
    assert "3 MiB" in answer.json()["detail"]


@pytest.mark.slow
def test_pages_of_named_origins_may_call_with_a_token_and_without_cookies(narrow: Served) -> None:
    asked = {"Origin": "https://team.example", "Access-Control-Request-Method": "POST"}
    with narrow.client(token=None) as page:
        allowed = page.options("/api/leads", headers=asked | {"Access-Control-Request-Headers": "authorization"})
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == "https://team.example"
        assert "access-control-allow-credentials" not in allowed.headers
        refused = page.get("/api/agents", headers={"Origin": "https://team.example"})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://team.example"
        foreign = page.options("/api/leads", headers=asked | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in foreign.headers


def test_a_provider_that_is_not_set_is_said(stranger: httpx.Client) -> None:
    assert stranger.get("/dashboard/sign-in/oidc").status_code == 404
    assert stranger.get("/dashboard/sign-in/oidc/callback").json()["type"] == "/problems/not_found"
    assert "Sign in with" not in stranger.get("/dashboard/sign-in").text


@pytest.mark.slow
def test_whoever_has_an_account_of_the_provider_comes_in(narrow: Served, provider: Provider) -> None:
    provider.person |= {"groups": ["staff"]}
    with narrow.client(token=None) as browser:
        page = browser.get("/dashboard/sign-in", params={"next": "/dashboard/tasks"})
        button = re.search(r'href="(/dashboard/sign-in/oidc[^"]*)">Sign in with Acme &amp; Co<', page.text)
        assert button is not None
        there = browser.get(button[1].replace("&amp;", "&"))
        assert there.status_code == 303
        assert there.headers["location"].startswith(f"{provider.url}/authorization_endpoint?")
        assert "SameSite=lax" in there.headers["set-cookie"]
        assert "HttpOnly" in there.headers["set-cookie"]
        with httpx.Client(trust_env=False) as elsewhere:
            back = elsewhere.get(there.headers["location"]).headers["location"]
        assert back.startswith(f"{narrow.url}/dashboard/sign-in/oidc/callback?")
        done = browser.get(back)
        assert done.status_code == 200
        assert 'content="0;url=/dashboard/tasks"' in done.text
        assert browser.get("/dashboard/tasks").status_code == 200, "the cookie opens the pages"
        again = browser.get(back)
        assert again.status_code == 401
        assert "not begun in this browser" in again.text
    with narrow.client() as admin:
        users = admin.get("/api/users").json()["items"]
    assert [(one["name"], one["role"]) for one in users if one["user_id"] != "admin"] == [("Ann Vale", "member")]
