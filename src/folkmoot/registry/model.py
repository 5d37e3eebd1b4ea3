"""The nouns of the registry."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    computed_field,
)

AgentType: TypeAlias = Literal["twin", "specialist", "manager", "user_proxy"]
Presence: TypeAlias = Literal["online", "offline", "silenced"]
Availability: TypeAlias = Literal["available", "busy", "away", "offline"]
Owner: TypeAlias = Literal["workplace file", "database"]

LONGEST_REASON: Final = 500
Level: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0)]


def _levels(given: Any) -> Any:
    """Capabilities may be a list of names: each is then held in full."""
    return dict.fromkeys(given, 1.0) if isinstance(given, list | tuple | set | frozenset) else given


EVERYBODY: Final = "everybody"
PEOPLE: Final = "people"


def names_agent(selector: str) -> bool:
    """Whether a selector of a permission is an agent's id."""
    return bool(selector) and selector not in (EVERYBODY, PEOPLE) and selector.partition(":")[0] not in _GROUPS


def _selector(value: str) -> str:
    kind, colon, named = value.partition(":")
    if not value or value.strip() != value or (kind in _GROUPS and not named.strip()):
        raise ValueError(
            f"'{value}' selects nobody; write everybody, people, an agent's id, role:x, department:x, capability:x or "
            "type:manager"
        )
    if kind == "type" and colon and named not in get_args(AgentType):
        raise ValueError(f"'{named}' is no type of agent; use one of {', '.join(get_args(AgentType))}")
    return value


_GROUPS: Final = frozenset({"role", "department", "capability", "type"})
Selector: TypeAlias = Annotated[str, Field(max_length=300), AfterValidator(_selector)]
"""Whom a permission is for: `everybody`, `people` (senders that are no agents), `role:x`, `department:x`,
`capability:x`, `type:manager`, or an agent's id."""


class AgentInfo(BaseModel):
    """What an agent is, as far as others need to know.

    `name` is what people call it (`user_name`, `person_name` in clients); `person` is whom a twin stands for;
    `capabilities` maps a name to a level 0..1; `max_capacity` counts tasks at a time; `owner` is where the agent is
    defined; `visible_to` and `reachable_by` select who may find it and who may send it messages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent_id: str = Field(pattern=r"^[^\s/?#]{1,200}$")
    name: str = Field(min_length=1, max_length=200)
    type: AgentType = "specialist"
    role: str = Field(default="", max_length=200)
    department: str = Field(default="", max_length=200)
    description: str = ""
    person: str | None = None
    capabilities: Annotated[dict[str, Level], BeforeValidator(_levels)] = Field(default_factory=dict)
    supported_intents: tuple[str, ...] = ()
    max_capacity: int = Field(default=5, ge=0, le=1_000_000)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    owner: Owner = "database"
    visible_to: tuple[Selector, ...] = (EVERYBODY,)
    reachable_by: tuple[Selector, ...] = (EVERYBODY,)

    @property
    def specialty(self) -> str:
        """What a specialist is asked by, such as `web_development`; any other agent's kind."""
        named = self.metadata.get("specialty")
        return named if isinstance(named, str) and named else self.type


class AgentRecord(AgentInfo):
    """An agent and where it stands.

    `presence` follows from heartbeats, unless a person silenced the agent (`silenced_…` say when, who and why);
    `availability` (until `until`, if set) was said by people, `current_workload`
    counts tasks. `last_seen` is the last heartbeat, `last_active` the last time it had something to do; None: never.
    """

    presence: Presence
    availability: Availability
    until: AwareDatetime | None = None
    current_workload: int = 0
    registered_at: AwareDatetime
    last_seen: AwareDatetime | None = None
    last_active: AwareDatetime | None = None
    silenced_at: AwareDatetime | None = None
    silenced_by: str | None = None
    silenced_reason: str | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property; pydantic wants it so
    @property
    def utilization(self) -> float:
        """Workload as a share of capacity; above 1 when overbooked, 1 for an agent without any capacity."""
        return utilization(self.current_workload, self.max_capacity)


def utilization(workload: int, capacity: int) -> float:
    """A workload as a share of a capacity; 1 where there is no capacity at all."""
    return workload / capacity if capacity else 1.0


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Who said when and why that an agent is to be silent; `at` None: that it may speak again."""

    at: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RegistryStats:
    """Figures over all agents. `utilization` is the workload of all as a share of the capacity of all."""

    total: int
    online: int
    offline: int
    silenced: int
    by_type: dict[str, int]
    by_role: dict[str, int]
    by_department: dict[str, int]
    by_availability: dict[str, int]
    workload: int
    capacity: int
    utilization: float
    oldest_heartbeat: datetime | None
