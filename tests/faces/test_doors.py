"""Who gets in, what unknown paths answer, and how errors look."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.serving import TOKEN, Served

OPEN = {"/", "/health", "/metrics", "/docs", "/openapi.json"}
SIGNING_IN = {"/api/auth/token", "/api/auth/refresh", "/api/auth/revoke"}  # what one calls to come in, or go


def routes(api: httpx.Client) -> list[tuple[str, str]]:
    document = api.get("/openapi.json").json()
    return [(method.upper(), path) for path, ways in document["paths"].items() for method in ways]


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "nobody-knows-this", re.sub(r"\{(file)?name\}", "none.md", path))


def is_problem(answer: httpx.Response) -> bool:
    body = answer.json()
    return answer.headers["content-type"] == "application/problem+json" and {
        "type",
        "title",
        "status",
        "detail",
        "errors",
    } <= set(body)


def test_every_route_but_the_open_ones_wants_a_token(api: httpx.Client, stranger: httpx.Client) -> None:
    for method, path in routes(api):
        answer = stranger.request(method, filled(path), json={})
        if path in OPEN:
            assert answer.status_code == 200, (method, path)
        elif path in SIGNING_IN:
            assert answer.status_code == 422, (method, path)
        else:
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert is_problem(answer)
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "Bearer " + "x" * 4000, "nonsense"])
def test_a_wrong_token_answers_401_and_says_what_to_send(stranger: httpx.Client, header: str) -> None:
    answer = stranger.get("/api/status", headers={"Authorization": header})
    assert answer.status_code == 401
    assert is_problem(answer)


def test_a_token_in_the_query_opens_no_route(stranger: httpx.Client) -> None:
    assert stranger.get("/api/status", params={"token": TOKEN}).status_code == 401


@pytest.mark.parametrize("path", ["/api/nothing", "/api/tasks/x/y/z", "/v1/nothing", "/api"])
def test_unknown_paths_answer_a_problem(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert is_problem(answer)
    assert path in answer.json()["detail"]


def test_a_wrong_method_answers_405(api: httpx.Client) -> None:
    answer = api.delete("/api/status")
    assert answer.status_code == 405
    assert is_problem(answer)


def test_every_route_with_an_id_answers_404_for_one_that_nobody_knows(api: httpx.Client) -> None:
    bodies = {
        "/api/tasks/{task_id}/assign": {"assigned_agent": "jonas"},
        "/api/tasks/{task_id}/status": {"status": "in_progress"},
        "/api/agents/{agent_id}/availability": {"availability_status": "busy"},
        "/api/agents/{agent_id}/name": {"person_name": "Nobody"},
        "/api/agents/{agent_id}/silence": {"reason": "It is out of hand"},
        "/api/approvals/{call_id}": {"decision": "approve"},
        "/api/logs/{call_id}/resolve": {"resolution": "drop"},
        "/api/chat/{conversation_id}/messages/{message_id}": {"message": "Hello"},
    }
    for method, path in routes(api):
        if "{" not in path or path.endswith("/imports") or (method, path) == ("PUT", "/api/memory/{space_id}/{key}"):
            continue  # the last one makes what is not there
        answer = api.request(
            method, filled(path), json=bodies.get(path, {}), params={"ids": "x"} if "messages" in path else {}
        )
        assert answer.status_code == 404, (method, path, answer.status_code, answer.text)
        assert is_problem(answer)


WITH_FILES = {"/api/chat/message", "/api/chat/stream", "/v1/chat/completions", "/api/voice/transcribe"}


def test_a_message_with_files_may_be_larger_and_is_bounded_too(api: httpx.Client) -> None:
    body = b'{"message": "' + b"x" * 30_000_000 + b'"}'
    for path in WITH_FILES:
        answer = api.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 413, (path, answer.status_code)


def test_a_body_of_5_mb_is_too_large_for_every_route_but_the_upload(api: httpx.Client) -> None:
    body = b'{"title": "' + b"x" * 5_000_000 + b'"}'
    for method, path in routes(api):
        if method not in {"POST", "PUT"} or path.endswith("/imports") or path in WITH_FILES:
            continue
        answer = api.request(method, filled(path), content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 413, (method, path, answer.status_code)
        assert is_problem(answer)


def test_a_body_without_a_length_is_counted_while_it_comes(api: httpx.Client) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 100_000

    answer = api.post("/api/tasks", content=stream())
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"title": 5}'])
def test_a_broken_body_answers_422_and_names_the_field(api: httpx.Client, body: bytes) -> None:
    answer = api.post("/api/tasks", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert is_problem(answer)
    assert answer.json()["errors"]


def test_the_front_door_leads_a_browser_to_the_dashboard(stranger: httpx.Client) -> None:
    welcome = stranger.get("/").json()
    assert (welcome["name"], welcome["docs"], welcome["dashboard"]) == ("folkmoot", "/docs", "/dashboard")
    browser = stranger.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (browser.status_code, browser.headers["location"]) == (307, "/dashboard")


def test_health_names_every_component(stranger: httpx.Client) -> None:
    health = stranger.get("/health").json()
    assert health["status"] == "ok"
    assert health["uptime_seconds"] > 0
    parts = health["components"]
    assert set(parts) == {"database", "broker", "registry", "models", "memory", "workflows", "bridges", "integrations"}
    assert set(parts["integrations"]) == {"hubspot", "sendgrid", "google_calendar", "google_drive"}
    assert parts["database"]["status"] == "ok"


def test_the_details_of_health_are_for_who_is_signed_in(server: Served, api: httpx.Client) -> None:
    told = api.get("/health").json()["components"]
    assert "set EMAIL_API_KEY" in told["integrations"]["sendgrid"]["detail"]
    assert told["registry"]["detail"]
    for token in (None, "fm_not-a-token"):
        with server.client(token=token) as stranger:
            found = stranger.get("/health").json()["components"]
        services = found.pop("integrations")
        assert {one["detail"] for one in (*found.values(), *services.values())} == {None}
        assert services["sendgrid"]["status"] == told["integrations"]["sendgrid"]["status"]


def test_metrics_are_in_prometheus_form(stranger: httpx.Client) -> None:
    text = stranger.get("/metrics").text
    online = re.search(r"^folkmoot_agents_online (\d+)\.0$", text, re.MULTILINE)
    assert online is not None
    assert int(online[1]) >= 7
    assert "# TYPE folkmoot_http_requests_total counter" in text


def test_the_api_page_needs_no_other_server(stranger: httpx.Client) -> None:
    page = stranger.get("/docs").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address.startswith("/"), address
        assert stranger.get(address).status_code == 200


def test_the_openapi_document_describes_problems(stranger: httpx.Client) -> None:
    document = stranger.get("/openapi.json").json()
    assert "Problem" in document["components"]["schemas"]
    assert "HTTPValidationError" not in str(document)
    for path, ways in document["paths"].items():
        for method, operation in ways.items():
            assert operation.get("description"), (method, path)
