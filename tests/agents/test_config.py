"""An agent's configuration as programs write it, and the file it goes into."""

import json
from pathlib import Path
from typing import Any

import pytest

from folkmoot import AgentConfig, create_agent_config, create_startup_config, save_startup_config
from folkmoot.agents import load_workplace
from folkmoot.agents.config import id_of
from folkmoot.agents.errors import BadAgentConfigError

CMO = {
    "agent_id": "agent.user1",
    "user_name": "user1",
    "role": "cmo",
    "department": "executive",
    "capabilities": ["strategic_planning", "team_management"],
}


def test_it_shows_the_values_as_they_were_given() -> None:
    config = create_agent_config(**CMO)  # type: ignore[arg-type]  # one mapping for fields of several types
    assert {name: getattr(config, name) for name in CMO} == CMO
    assert config.definition.capabilities == {"strategic_planning": 1.0, "team_management": 1.0}
    assert config == AgentConfig(**CMO)
    assert hash(config) == hash(AgentConfig(**CMO))
    assert "agent.user1" in repr(config)


def test_levels_stay_levels() -> None:
    assert create_agent_config(agent_id="a", capabilities={"seo": 0.5}).capabilities == {"seo": 0.5}


def test_who_has_no_name_is_called_by_the_id() -> None:
    assert create_agent_config(agent_id="a").user_name == "a"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"agent_id": ""}, "agent_id"),
        ({"agent_id": "with blank"}, "agent_id"),
        ({"agent_id": "health"}, "agent_id"),
        ({"capabilities": {"seo": 2}}, "capabilities.seo"),
        ({"colour": "red"}, "colour"),
        ({"max_capacity": -1}, "max_capacity"),
        ({"redis_url": "http://nowhere"}, "redis_url"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadAgentConfigError, match=rf"(^|; ){field}: ") as refused:
        AgentConfig(**{**CMO, **wrong})
    assert refused.value.fields["fields"] == [field]


def test_every_fault_is_said_at_once() -> None:
    with pytest.raises(BadAgentConfigError, match=r"agent_id: is empty; .*colour: is not a known field"):
        AgentConfig(agent_id="", colour="red")


def test_the_startup_team_goes_into_a_file_and_back(tmp_path: Path) -> None:
    file = save_startup_config(tmp_path / "new" / "team.json")
    team = create_startup_config()
    assert [AgentConfig(**entry) for entry in json.loads(file.read_text())["agents"]] == team
    assert {one.role for one in team} >= {"cmo", "cso", "cto", "marketing_manager", "content", "seo"}
    assert [one.agent_id for one in load_workplace(file).agents] == [one.agent_id for one in team]


def test_another_team_is_saved_alike_with_where_it_joins(tmp_path: Path) -> None:
    config = create_agent_config(agent_id="a", redis_url="redis://:secret@cache:6379/2", description="Writes.")
    file = save_startup_config(tmp_path / "team.json", [config])
    (entry,) = json.loads(file.read_text())["agents"]
    assert (entry["redis_url"], entry["description"]) == ("redis://:secret@cache:6379/2", "Writes.")
    (read,) = load_workplace(file).agents
    assert AgentConfig(**entry).redis_url == config.redis_url
    assert "secret" not in repr(read)


@pytest.mark.parametrize(
    ("name", "found"),
    [("agent.cmo.John Smith", "agent.cmo.John-Smith"), ("agent.zoë / ünal", "agent.zoe--unal"), ("plain", "plain")],
)
def test_a_name_becomes_the_nearest_id(name: str, found: str) -> None:
    assert id_of(name) == found
