"""`folkmoot backtest routing` on files: figures, predictions, the plot, and what is said of wrong files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from folkmoot.cli.backtest import app
from folkmoot.conversations.routing.errors import BadRoutingFileError
from folkmoot.conversations.routing.files import read_agents, read_gold, read_messages, read_tune
from tests.conversations.routing.teams import SHOP

ASKED = [
    ("My rear tyre is flat", "spoke"),
    ("The roses need water", "fern"),
    ("Was the March invoice paid?", "penny"),
    ("Is Saturn up tonight?", "vega"),
    ("Quantum chromodynamics lecture", "general"),
    ("Opera singers of Milan", "general"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    agents = [
        {"id": one.agent_id, "name": one.name, "description": one.description, "keywords": list(one.keywords)}
        | {"examples": list(one.examples)}
        for one in SHOP
    ]
    (tmp_path / "agents.json").write_text(json.dumps(agents, indent=1))
    lines(tmp_path / "tune.jsonl", [{"text": text, "agent": agent} for text, agent in ASKED])
    lines(tmp_path / "messages.jsonl", [{"id": number, "text": text} for number, (text, _) in enumerate(ASKED)])
    lines(tmp_path / "gold.jsonl", [{"id": str(number), "agent": agent} for number, (_, agent) in enumerate(ASKED)])
    return tmp_path


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def arguments(folder: Path, *more: str) -> list[str]:
    named = ["routing"]
    for name, file in [("agents", "agents.json"), ("tune", "tune.jsonl"), ("messages", "messages.jsonl")]:
        named += [f"--{name}", str(folder / file)]
    return [*named, "--gold", str(folder / "gold.jsonl"), *more]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOLKMOOT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EMBEDDING_MODEL", raising=False)


def test_figures_predictions_and_the_plot(folder: Path) -> None:
    more = ["--predictions", str(folder / "p.jsonl"), "--report", str(folder / "r.svg"), "--replay", "--json"]
    ended = CliRunner().invoke(app, arguments(folder, *more))
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    assert told["messages"] == told["replayed"] == len(ASKED)
    assert told["accuracy"] == 1.0
    assert told["oos_recall"] == 1.0
    assert told["auroc"] == 1.0
    assert 0 <= told["ece"] <= 1
    assert {"ms_mean", "ms_p95", "unclear", "asked", "balanced", "methods"} <= set(told)
    predictions = [json.loads(line) for line in (folder / "p.jsonl").read_text().splitlines()]
    assert [(one["id"], one["agent"]) for one in predictions] == [(str(n), agent) for n, (_, agent) in enumerate(ASKED)]
    assert {"id", "agent", "confidence", "in_scope_confidence", "ms", "method"} == set(predictions[0])
    drawn = ET.fromstring((folder / "r.svg").read_text())  # our own file
    assert drawn.tag.endswith("svg")
    assert sum("stated" in (one.text or "") for one in drawn.iter() if one.tag.endswith("title")) == len(told["bins"])


def test_a_table_for_people_without_gold_or_tune(folder: Path) -> None:
    named = ["routing", "--agents", str(folder / "agents.json"), "--messages", str(folder / "messages.jsonl")]
    ended = CliRunner().invoke(app, named)
    assert ended.exit_code == 0, ended.output
    assert "classifier" in ended.output


def test_general_may_be_an_agent_itself(folder: Path) -> None:
    agents = json.loads((folder / "agents.json").read_text())
    agents.append({"id": "general", "name": "General", "description": "Anything else.", "examples": ["Hello!", "Hi"]})
    (folder / "agents.json").write_text(json.dumps({"agents": agents}))
    ended = CliRunner().invoke(app, arguments(folder, "--json"))
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["accuracy"] == 1.0


WRONG_AGENTS = [
    ("[]", "must be a list"),
    ('{"a": 1}', "must be a list"),
    ('[\n{"id": "a", "examples": ["x"]},\n{"id": "a", "examples": ["y"]}]', "line 3, [1].id"),
    ('[\n{"id": "a",\n "examples": "x"}]', "line 3, [0].examples"),
    ('[\n{"id": "a",\n "examples": ["x",\n 4]}]', "line 4, [0].examples[1]"),
    ('[{"name": "a"}]', "[0].id"),
    ('[{"id": "a", "name": 3}]', "[0].name"),
    ('[{"id": "a"}]', "nothing tells what it is for"),
    ("[1]", "[0]"),
    ("[\n{", "line 2"),
    ("\xff", "UTF-8"),
]


@pytest.mark.parametrize(("content", "said"), WRONG_AGENTS)
def test_wrong_agents_are_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "agents.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadRoutingFileError) as fault:
        read_agents(path)
    assert said in fault.value.message
    assert "agents.json" in fault.value.message


WRONG_LINES = [
    (
        '{"id": "1", "text": "a", "agent": "fern"}\n{"id": "1", "text": "b", "agent": "fern"}',
        "line 2, field 'id'",
        "mg",
    ),
    ('\n{"id": "1"}', "line 2, field 'text'", "mt"),
    ('{"text": "x", "agent": "who"}', "field 'agent'", "t"),
    ('{"id": "1", "text": "x"}', "field 'agent'", "tg"),
    ('{"text": "x", "agent": "fern"}', "field 'id'", "mg"),
    ("nonsense", "line 1: is not JSON", "mtg"),
    ("[]", "not a JSON object", "mtg"),
    ("", "holds no line", "mtg"),
]


@pytest.mark.parametrize(("content", "said", "kinds"), WRONG_LINES)
def test_wrong_lines_are_named(tmp_path: Path, content: str, said: str, kinds: str) -> None:
    path, known = tmp_path / "lines.jsonl", frozenset({"fern"})
    path.write_text(content)
    readers: dict[str, Callable[[], object]] = {
        "m": lambda: read_messages(path),
        "t": lambda: read_tune(path, known),
        "g": lambda: read_gold(path, known),
    }
    for kind in kinds:
        with pytest.raises(BadRoutingFileError) as fault:
            readers[kind]()
        assert said in fault.value.message
    with pytest.raises(BadRoutingFileError, match="cannot be read"):
        read_messages(tmp_path / "nowhere.jsonl")


def test_gold_of_other_messages_is_a_fault(folder: Path) -> None:
    lines(folder / "gold.jsonl", [{"id": "77", "agent": "fern"}])
    ended = CliRunner().invoke(app, arguments(folder))
    assert isinstance(ended.exception, BadRoutingFileError)
    assert "belongs to these messages" in ended.exception.message
