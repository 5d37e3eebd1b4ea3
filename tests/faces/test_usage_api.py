"""Use, budgets and models over REST and by command: who sees what, who may set what, what is refused."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.faces.accounts import Account, account
from tests.serving import Served, folkmoot


@pytest.fixture
def ben(server: Served) -> Iterator[Account]:
    """A member."""
    with account(server) as one:
        yield one


def test_a_model_is_tried_and_counted_for_whom_it_was(api: httpx.Client, ben: Account) -> None:
    found = api.post("/api/models/test", json={"model": "offline"}).raise_for_status().json()
    assert found["ok"]
    assert found["answered_by"] == "offline"
    assert found["cost_usd"] == 0
    by_model = api.get("/api/usage", params={"group_by": "model", "user_id": "admin"}).raise_for_status().json()
    (offline,) = (one for one in by_model["items"] if one["key"] == "offline")
    assert offline["requests"] >= 1
    assert by_model["whole"]["requests"] >= offline["requests"]
    mine = ben.client.get("/api/usage", params={"user_id": "admin"}).raise_for_status().json()
    assert mine["items"] == []  # one's own, whoever is asked for
    days = api.get("/api/usage", params={"group_by": "day"}).json()
    assert all(len(one["key"]) == len("2026-01-05") for one in days["items"])


def test_a_member_may_neither_try_models_nor_set_budgets(ben: Account) -> None:
    assert ben.client.post("/api/models/test", json={}).status_code == 403
    assert (
        ben.client.put("/api/usage/budgets", json={"subject": "workplace", "period": "day", "tokens": 1}).status_code
        == 403
    )
    assert ben.client.delete("/api/usage/budgets/any").status_code == 403
    assert ben.client.get("/api/models").status_code == 200


def test_a_budget_is_set_changed_seen_by_whom_it_concerns_and_lifted(api: httpx.Client, ben: Account) -> None:
    wanted = {"subject": "user", "subject_id": ben.user_id, "period": "month", "cost_usd": 2.5, "tokens": 1000}
    made = api.put("/api/usage/budgets", json=wanted).raise_for_status().json()
    assert made["name"] == f"user {ben.user_id}, 1,000 tokens and 2.5 USD a month"
    assert (made["used_tokens"], made["share"], made["source"]) == (0, 0, "person")
    assert made["resets_at"].endswith("-01T00:00:00Z")
    changed = api.put("/api/usage/budgets", json=wanted | {"tokens": None, "cost_usd": 3}).raise_for_status().json()
    assert changed["budget_id"] == made["budget_id"]
    assert (changed["tokens"], changed["cost_usd"]) == (None, 3)
    other = api.put(
        "/api/usage/budgets", json={"subject": "user", "subject_id": "admin", "period": "day", "tokens": 5}
    ).json()
    seen = ben.client.get("/api/usage/budgets").raise_for_status().json()
    assert [one["budget_id"] for one in seen["items"]] == [made["budget_id"]]
    assert {one["budget_id"] for one in api.get("/api/usage/budgets").json()["items"]} >= {
        made["budget_id"],
        other["budget_id"],
    }
    for one in (made, other):
        assert api.delete(f"/api/usage/budgets/{one['budget_id']}").status_code == 204
        assert api.delete(f"/api/usage/budgets/{one['budget_id']}").status_code == 404


def test_a_budget_by_a_users_name_bounds_that_user(api: httpx.Client, ben: Account) -> None:
    wanted = {"subject": "user", "period": "total", "tokens": 9}
    name = ben.client.get("/api/users/me").raise_for_status().json()["name"]
    made = api.put("/api/usage/budgets", json=wanted | {"subject_id": name.upper()}).raise_for_status().json()
    assert made["subject_id"] == ben.user_id
    assert api.delete(f"/api/usage/budgets/{made['budget_id']}").status_code == 204
    refused = api.put("/api/usage/budgets", json=wanted | {"subject_id": "nobody of that name"})
    assert refused.status_code == 422
    assert "folkmoot user ls" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "user", "period": "day", "tokens": 5}, "which user"),
        ({"subject": "workplace", "subject_id": "x", "period": "day", "tokens": 5}, "names nobody"),
        ({"subject": "workplace", "period": "day"}, "bounds tokens"),
        ({"subject": "workplace", "period": "year", "tokens": 5}, "period"),
        ({"subject": "workplace", "period": "day", "tokens": -5}, "tokens"),
        ({"subject": "workplace", "period": "day", "cost_usd": 1e99}, "cost_usd"),
        ({"subject": "workplace", "period": "day", "tokens": 5, "more": 1}, "more"),
    ],
)
def test_a_budget_that_is_none_is_refused_and_says_why(api: httpx.Client, body: dict[str, object], field: str) -> None:
    answer = api.put("/api/usage/budgets", json=body)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


def test_models_are_listed_with_what_is_missing(api: httpx.Client) -> None:
    found = api.get("/api/models", params={"listing": True}).raise_for_status().json()
    by_name = {one["provider"]: one for one in found["items"]}
    assert by_name["offline"]["default"]
    assert by_name["openai"]["status"] == "not_configured"
    assert "OPENAI_API_KEY" in by_name["openai"]["detail"]
    assert by_name["anthropic"]["status"] == by_name["google"]["status"] == "not_configured"
    assert found["default"] == "offline"
    assert found["chain"] == ["offline"]
    assert by_name["offline"]["requests_per_minute"] is None
    unknown = api.post("/api/models/test", json={"model": "nowhere:x"})
    assert unknown.status_code == 422
    missing = api.post("/api/models/test", json={"model": "openai:gpt-5"})
    assert "OPENAI_API_KEY" in missing.json()["detail"]


def test_how_models_are_and_were_is_shown(api: httpx.Client) -> None:
    api.post("/api/models/test", json={"model": "offline"}).raise_for_status()
    health = api.get("/api/models/health").raise_for_status().json()
    assert (health["status"], health["default"], health["detail"]) == ("ok", "offline", None)
    assert health["members"] == [{"name": "offline", "status": "ok", "breaker": "closed", "detail": None}]
    listed = api.get("/api/models/metrics").raise_for_status().json()["items"]
    figures = next(one for one in listed if one["name"] == "offline")
    assert (figures["provider"], figures["breaker"], figures["failed_requests"]) == ("offline", "closed", 0)
    assert figures["requests"] >= 1
    assert figures["seconds_median"] >= 0
    assert figures["last_answer_at"]
    assert figures in api.get("/api/models").json()["asked"]


@pytest.mark.slow
def test_use_and_budgets_by_command(server: Served) -> None:
    def run(*arguments: str) -> str:
        done = folkmoot("usage", *arguments, home=server.home)
        assert done.returncode == 0, done.stderr
        return done.stdout

    made = json.loads(run("set-budget", "agent", "nobody-here", "--period", "total", "--usd", "0.5", "--json"))
    assert made["cost_usd"] == 0.5
    assert "nobody-here" in run("budgets")
    assert "was lifted" in run("lift-budget", made["budget_id"])
    assert json.loads(run("--by", "day", "--days", "7", "--json"))["group_by"] == "day"
    assert "in all:" in run()


def test_the_page_is_there_for_who_signed_in(server: Served) -> None:
    with server.client(token=None) as client:
        assert client.get("/dashboard/usage").status_code in {303, 307}
