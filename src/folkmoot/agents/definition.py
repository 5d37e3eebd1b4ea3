"""An agent as data: who it is, what it can do, and what it answers with (SPEC B5, B6). Pure."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from folkmoot.kernel import FolkmootError
from folkmoot.messaging import GROUPS, AgentMessage
from folkmoot.registry import AgentType
from folkmoot.registry.model import EVERYBODY, Selector

# What stands at an agent's place in a route or an address of its own; an agent so named could not be reached.
RESERVED_IDS: Final = frozenset(
    {"health", "directory", "messages", "invoke", "workflows", "everybody", "user", "system", "broadcast"}
)


def _agent_id(value: str) -> str:
    if not value.isascii() or any(sign in value for sign in "/?#%\\") or any(sign.isspace() for sign in value):
        raise ValueError(f"'{value}' must be 1 to 100 ASCII characters without blanks, '/', '?', '#', '%' or '\\'")
    if value.casefold() in RESERVED_IDS or value.startswith("."):
        raise ValueError(f"'{value}' is reserved; take another id, for example 'agent.{value.strip('.')}'")
    if value.casefold().startswith(GROUPS):
        raise ValueError(f"'{value}' reads like the address of a group; take an id that does not begin so")
    return value


def _level(value: Any) -> Any:
    # bool is an int to Python, and `python: yes` is easily written; it does not say how well.
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and 0 <= value <= 1):
        shown = str(value).casefold() if isinstance(value, bool) else repr(value)
        raise ValueError(f"{shown} is not between 0 and 1")
    return value


def _levels(value: Any) -> Any:
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return dict.fromkeys(value, 1.0)
    return value


def shared_scope(value: str) -> str:
    """A scope that a file may name."""
    # A twin's messages are seen by that twin, under its person's consent: no file can grant them to anybody.
    if value.casefold().startswith("twin:"):
        raise ValueError(f"'{value}' are a person's own messages, which only their twin may search")
    return value


def _intent(value: str) -> str:
    try:
        AgentMessage(sender_id="anyone", recipient_id="anyone", intent=value)
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from error
    return value


def _redis_url(value: SecretStr) -> SecretStr:
    from folkmoot.link.place import Place  # noqa: PLC0415  # few agents name one, and the client library is large

    try:
        Place.of(value.get_secret_value())
    except FolkmootError as error:
        raise ValueError(error.message) from error
    return value


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
AgentId = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_agent_id)]
Level = Annotated[float, BeforeValidator(_level)]
Capabilities = Annotated[dict[Name, Level], BeforeValidator(_levels)]


class AgentLimits(BaseModel):
    """How much one answer of the agent may use: tokens in all, cost in USD, requests to the model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int | None = Field(default=None, gt=0)
    cost: float | None = Field(default=None, gt=0)
    turns: int | None = Field(default=None, gt=0, le=1000)


class AgentDefinition(BaseModel):
    """One agent as it stands in a workplace file.

    `capabilities` is a map name → level 0..1; a plain list means level 1 each. `model` is `provider:name`, or a chain
    of them with commas; None takes the workplace's. Without a `type`, an agent with a `person` is that person's twin
    and any other a specialist; `specialty` is what a specialist is shown and asked by as its type, such as
    `web_development`. `tools` are all that it may call, `source.*` every tool of a source; those in `asks_first` wait
    for a person's approval. `visible_to` and `reachable_by` select who may find it and who may send it messages.
    `redis_url` is where an agent that a program runs takes its mail, if not where the settings say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    agent_id: AgentId
    name: Annotated[Name, Field(validation_alias=AliasChoices("name", "user_name"))] = ""
    type: AgentType = "specialist"
    person: Name | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^\s@]+@[^\s@]+$", max_length=320)] | None = None
    specialty: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]*)?$", max_length=100)] = ""
    role: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    department: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    description: Text = ""
    capabilities: Capabilities = Field(default_factory=dict)
    supported_intents: tuple[Annotated[str, AfterValidator(_intent)], ...] = ()
    max_capacity: Annotated[int, Field(ge=0, le=10_000)] = 5
    persona: Text = ""
    model: Name | None = None
    tools: tuple[Name, ...] = ()
    asks_first: tuple[Name, ...] = ()
    memory_scopes: tuple[Annotated[Name, AfterValidator(shared_scope)], ...] = ()
    examples: tuple[Annotated[str, StringConstraints(min_length=1, max_length=2_000)], ...] = ()
    keywords: tuple[Name, ...] = ()
    limits: AgentLimits = AgentLimits()
    visible_to: tuple[Selector, ...] = (EVERYBODY,)
    reachable_by: tuple[Selector, ...] = (EVERYBODY,)
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        filled = dict(data)
        if filled.get("person") and "type" not in filled:
            filled["type"] = "twin"
        if not filled.get("name") and not filled.get("user_name"):
            filled.pop("user_name", None)
            filled["name"] = filled.get("person") or filled.get("agent_id") or "unnamed"
        return filled

    @model_validator(mode="after")
    def _a_twin_has_a_person(self) -> Self:
        if self.type == "twin" and not self.person:
            raise ValueError("a twin needs the 'person' it stands for")
        if self.type != "twin" and self.person:
            raise ValueError(f"only a twin stands for a 'person'; this is a {self.type}")
        if self.specialty and self.type != "specialist":
            raise ValueError(f"only a specialist has a 'specialty'; this is a {self.type}")
        return self
