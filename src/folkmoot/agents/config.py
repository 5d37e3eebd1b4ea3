"""An agent's configuration as programs write it: `create_agent_config(agent_id=…, user_name=…, role=…, …)` (SPEC B5).

It is a definition that still shows the values as they were given, and goes into a file `{"agents": [...]}` and back.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from folkmoot.agents.definition import AgentDefinition
from folkmoot.agents.errors import BadAgentConfigError
from folkmoot.agents.workplace import in_words


class AgentConfig:
    """One agent, by the fields of `AgentDefinition`; `user_name` is its `name`.

    Raises `BadAgentConfigError`, which names every field that cannot be.
    """

    __slots__ = ("capabilities", "definition")

    def __init__(self, **fields: Any) -> None:
        try:
            self.definition = AgentDefinition.model_validate(fields)
        except ValidationError as error:
            faults = error.errors(include_url=False)
            raise BadAgentConfigError(
                "; ".join(f"{_field(one['loc'])}: {in_words(one, AgentDefinition)}" for one in faults),
                fields=[*sorted({_field(one["loc"]) for one in faults})],
            ) from error
        given = fields.get("capabilities") or ()
        self.capabilities: list[str] | dict[str, float] = (
            dict(self.definition.capabilities) if isinstance(given, Mapping) else list(given)
        )

    @property
    def agent_id(self) -> str:
        return self.definition.agent_id

    @property
    def user_name(self) -> str:
        return self.definition.name

    @property
    def role(self) -> str:
        return self.definition.role

    @property
    def department(self) -> str:
        return self.definition.department

    @property
    def redis_url(self) -> str | None:
        """Where it takes its mail, if not where the settings say."""
        url = self.definition.redis_url
        return url.get_secret_value() if url else None

    def as_json(self) -> dict[str, Any]:
        """Its entry in a file `{"agents": [...]}`: the five fields, and what else was given."""
        further = self.definition.model_dump(mode="json", exclude_defaults=True, exclude={"redis_url"})
        five = {name: getattr(self, name) for name in ("agent_id", "user_name", "role", "department", "capabilities")}
        rest = {name: value for name, value in further.items() if name not in {*five, "name"}}
        return {**five, **rest, **({"redis_url": self.redis_url} if self.redis_url else {})}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AgentConfig) and self.as_json() == other.as_json()

    def __hash__(self) -> int:
        return hash(self.agent_id)

    def __repr__(self) -> str:
        return f"AgentConfig(agent_id={self.agent_id!r}, role={self.role!r}, department={self.department!r})"


def create_agent_config(
    *,
    agent_id: str,
    user_name: str = "",
    role: str = "",
    department: str = "",
    capabilities: Sequence[str] | Mapping[str, float] = (),
    redis_url: str | None = None,
    **further: Any,
) -> AgentConfig:
    """A configuration for an agent; `further` are fields of `AgentDefinition`, such as `description` or `max_capacity`.

    Raises `BadAgentConfigError`, which names every field that cannot be.
    """
    return AgentConfig(
        agent_id=agent_id,
        user_name=user_name,
        role=role,
        department=department,
        capabilities=capabilities,
        redis_url=redis_url,
        **further,
    )


def id_of(name: str) -> str:
    """The id nearest to a name: `agent.cmo.John Smith` → `agent.cmo.John-Smith`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(sign for sign in "-".join(plain.split()) if sign not in "/?#%\\")


def _field(steps: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in steps if step != "[key]") or "the agent"
