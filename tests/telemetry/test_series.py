"""Every series that the Grafana dashboard and the alert rules name is there once a server has worked."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from folkmoot.telemetry import Metrics
from folkmoot.telemetry.labels import Bounded, intent_label
from tests.telemetry.conftest import Watched

ROOT = Path(__file__).resolve().parents[2]
_STRINGS = re.compile(r'"[^"]*"')
_BY = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_LABELS = re.compile(r"\{[^}]*\}")
_NAME = re.compile(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()")
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan", "by"}
_FUNCTIONS = {"sum", "max", "min", "topk", "rate", "increase", "histogram_quantile", "label_values"}


def names_in(expression: str) -> set[str]:
    """The series of a PromQL expression, which must close what it opens and call only what is known."""
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing), expression
    bare = _BY.sub("", _LABELS.sub("", _STRINGS.sub('""', expression)))
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    called = set(re.findall(r"([a-z_]+)\s*\(", bare))
    assert called - _WORDS <= _FUNCTIONS, (expression, called)
    return {name for name in _NAME.findall(bare) if name not in _WORDS and not name.isdigit()}


def panels(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in found["panels"] if one["type"] != "row"]


def grafana() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "deploy/grafana/folkmoot.json").read_text())
    return found


def rules() -> list[dict[str, Any]]:
    found = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    return [rule for group in found["groups"] for rule in group["rules"]]


def series(client: httpx.Client) -> set[str]:
    text = client.get("/metrics").raise_for_status().text
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


@pytest.fixture(scope="module")
def worked(watched: Watched) -> set[str]:
    """The series of the server after a task, a question with a tool, a failure and a refusal."""
    with watched.server.client() as client:
        watched.model.forget()
        for _ in range(3):  # the client of the model tries three times, then the message is tried again
            watched.model.fail(500, retry_after=0.01)
        watched.model.call("search_knowledge", query="sleep")
        message = {"sender_id": "t", "recipient_id": "helios", "intent": "chat"}
        told = {"payload": {"data": {"message": "How do I sleep?"}}}
        client.post("/api/agents/messages", params={"wait": 60}, json={**message, **told}).raise_for_status()
        task = {"title": "Write the sleep plan", "required_skills": ["sleep"]}
        client.post("/api/tasks", params={"wait": 60}, json=task).raise_for_status()
        bounded = {"subject": "agent", "subject_id": "ceres", "period": "day", "tokens": 0}
        budget = client.put("/api/usage/budgets", json=bounded).raise_for_status().json()
        stopped = client.post(
            "/api/agents/messages", params={"wait": 60}, json={**message, **told, "recipient_id": "ceres"}
        )
        assert stopped.status_code == 429
        assert int(stopped.headers["retry-after"]) > 0
        assert "agent ceres, 0 tokens a day" in stopped.json()["detail"]
        found = series(client)
        client.delete(f"/api/usage/budgets/{budget['budget_id']}").raise_for_status()
    return found


def test_every_panel_shows_series_that_exist(worked: set[str]) -> None:
    named = {name for panel in panels(grafana()) for one in panel["targets"] for name in names_in(one["expr"])}
    assert len(named) > 30
    assert named <= worked, sorted(named - worked)


def test_every_rule_asks_for_series_that_exist_and_says_what_to_do(worked: set[str]) -> None:
    named = {name for rule in rules() for name in names_in(rule["expr"])}
    assert named - {"up"} <= worked, sorted(named - worked)
    for rule in rules():
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_the_dashboard_can_be_loaded(worked: set[str]) -> None:
    found = grafana()
    assert worked
    assert len({one["id"] for one in found["panels"]}) == len(found["panels"])
    assert all(one["gridPos"]["x"] + one["gridPos"]["w"] <= 24 for one in found["panels"])
    assert all(target["datasource"]["uid"] == "${datasource}" for one in panels(found) for target in one["targets"])


def test_labels_from_outside_are_bounded() -> None:
    bounded = Bounded(3)
    assert [bounded(name) for name in ("a", "b", "c", "d", "a")] == ["a", "b", "c", "other", "a"]
    assert intent_label("custom:anything-at-all") == "custom"
    assert intent_label("chat") == "chat"


def test_no_two_series_share_a_name_and_each_says_what_it_is() -> None:
    families = list(Metrics().registry.collect())
    assert len({one.name for one in families}) == len(families)
    assert all(one.documentation for one in families)


def test_a_request_bears_an_id_that_its_answer_says_and_a_bad_one_is_replaced(watched: Watched) -> None:
    with watched.server.client() as client:
        assert client.get("/health", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
        made = client.get("/health", headers={"X-Request-ID": "two words"}).headers["x-request-id"]
        assert " " not in made
        assert len(made) >= 32
