"""The built-in team `startup` as configurations, and as a file `{"agents": [...]}` (SPEC B5, B7)."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from folkmoot.agents import AgentDefinition, load_workplace
from folkmoot.agents.config import AgentConfig
from folkmoot.assembly.samples import team_folder

TEAM: Final = "startup"


def create_startup_config() -> list[AgentConfig]:
    """The team's agents: chief of staff, CMO, CSO, CTO, marketing manager, content, SEO; roles as programs write them.

    Their documents stay with the team: `folkmoot init --template startup` makes a workplace with both.
    """
    workplace = load_workplace(team_folder(TEAM) / "workplace.yaml")
    return [_config(one) for one in workplace.agents]


def save_startup_config(path: str | Path, agents: Iterable[AgentConfig] | None = None) -> Path:
    """Write the team, or other `agents`, as `{"agents": [...]}`, which AGENT_CONFIG_FILE and `load_workplace` read."""
    file = Path(path).expanduser()
    entries = [one.as_json() for one in (create_startup_config() if agents is None else agents)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"agents": entries}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def _config(one: AgentDefinition) -> AgentConfig:
    fields: dict[str, Any] = one.model_dump(exclude_defaults=True)
    return AgentConfig(**{**fields, "role": one.role.casefold().replace(" ", "_")})
