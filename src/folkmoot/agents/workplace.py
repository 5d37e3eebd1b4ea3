"""The workplace file: which agents work here, what kinds of task there are, and what their people handed over.

`workplace.yaml`, or the JSON form `{"agents": [...]}` of `AGENT_CONFIG_FILE`. Everything that is wrong is said at once,
each with file, line and field; how lines are found is in `place.py`.
"""

import difflib
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from folkmoot.agents.definition import AgentDefinition, AgentLimits, Name, Text, shared_scope
from folkmoot.agents.errors import WorkplaceInvalidError, WorkplaceMissingError
from folkmoot.agents.outside import BridgeEntry, HeaderValue
from folkmoot.agents.place import Fault, FieldPath, Placed, field_name, read_placed
from folkmoot.consent import person_key
from folkmoot.kernel import FolkmootError
from folkmoot.registry.model import names_agent
from folkmoot.tools.servers.model import McpServer, ServerName

_MAX_BYTES: Final = 4 * 1024 * 1024


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        near = difflib.get_close_matches(value, available_timezones(), n=1)
        raise ValueError(f"'{value}' is no time zone; write one such as '{near[0] if near else 'Europe/Berlin'}'")
    return value


class ImportSource(BaseModel):
    """An export file of one person. `author` is which name in it is the person; `file` is relative to the workplace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Name
    email: Annotated[str, StringConstraints(pattern=r"^[^\s@]+@[^\s@]+$", max_length=320)] | None = None
    platform: Name
    file: Name
    author: Name | None = None
    timezone: Annotated[str, AfterValidator(_time_zone)] | None = None
    date_order: Literal["dmy", "mdy", "ymd"] | None = None


class KnowledgeSource(BaseModel):
    """A document that the workplace brings along; `file` is relative to it. Who may search `scope` sees it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Name
    scope: Annotated[Name, AfterValidator(shared_scope)]


class ServiceOffered(BaseModel):
    """Something that customers can buy from one of the agents, with the usual price of a project."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent: Name
    title: Name
    price_from: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    price_to: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.price_from is None) != (self.price_to is None) or (self.price_from or 0) > (self.price_to or 0):
            raise ValueError("needs both 'price_from' and a 'price_to' that is not below it, or neither")
        return self


class WorkplaceAbout(BaseModel):
    """What the workplace is called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name = "Workplace"
    description: Text = ""


class Workplace(BaseModel):
    """A whole workplace file.

    `task_types` maps a kind of task to the capabilities it asks for, `knowledge_scopes` a role to the scopes that it
    may search instead of the usual ones (`folkmoot.memory.RoleScopes`). Tools in `asks_first` wait for a person's
    approval whoever calls them; `mcp_servers` bring further tools, named `<server>.<tool>`; `bridges` are other
    people's servers whose users talk with the agents.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    workplace: WorkplaceAbout = WorkplaceAbout()
    agents: tuple[AgentDefinition, ...]
    task_types: dict[Name, list[Name]] = Field(default_factory=dict)
    asks_first: tuple[Name, ...] = ()
    mcp_servers: dict[ServerName, McpServer] = Field(default_factory=dict)
    knowledge_scopes: dict[Name, list[Annotated[Name, AfterValidator(shared_scope)]]] = Field(default_factory=dict)
    imports: tuple[ImportSource, ...] = ()
    knowledge: tuple[KnowledgeSource, ...] = ()
    services: tuple[ServiceOffered, ...] = ()
    bridges: tuple[BridgeEntry, ...] = ()

    @property
    def name(self) -> str:
        return self.workplace.name

    @property
    def description(self) -> str:
        return self.workplace.description


def load_workplace(path: Path) -> Workplace:
    """Read a workplace file; `.json` is read as JSON. Blocks: call it in a thread.

    Raises `WorkplaceMissingError`, or `WorkplaceInvalidError` with every fault.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise WorkplaceInvalidError([Fault(file=path.name, message="is larger than 4 MiB; is it the right file?")])
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise WorkplaceMissingError(
            f"there is no workplace file {path}; write one with 'folkmoot init'", path=str(path)
        ) from error
    except OSError as error:
        raise WorkplaceMissingError(
            f"the workplace file {path} cannot be read: {error.strerror}", path=str(path)
        ) from error
    return parse_workplace(raw, file=path.name, as_json=path.suffix.casefold() == ".json")


def parse_workplace(raw: bytes, *, file: str = "workplace.yaml", as_json: bool = False) -> Workplace:
    """The workplace in `raw`. Raises `WorkplaceInvalidError` with every fault, in the order of the file."""
    placed = read_placed(raw, file=file, as_json=as_json)
    if isinstance(placed, list):
        raise WorkplaceInvalidError(placed)
    if not isinstance(placed.data, dict):
        raise WorkplaceInvalidError([Fault(file=file, line=1, message="must be fields with values, such as 'agents:'")])
    faults: list[tuple[FieldPath, str]] = list(_conflicts(placed.data))
    workplace: Workplace | None = None
    try:
        workplace = Workplace.model_validate(placed.data)
    except ValidationError as error:
        faults += [(_path(one["loc"], placed), in_words(one)) for one in error.errors(include_url=False)]
    if faults or workplace is None:
        found = {
            (placed.line(path), field_name(path), message): Fault(
                file=file, line=placed.line(path), field=field_name(path), message=message
            )
            for path, message in faults
        }
        raise WorkplaceInvalidError(sorted(found.values(), key=lambda fault: (fault.line or 0, fault.field)))
    return workplace


def _conflicts(data: Mapping[str, Any]) -> Iterable[tuple[FieldPath, str]]:
    """What is wrong between fields, each right by itself."""
    agents = data.get("agents")
    agents = agents if isinstance(agents, list) else []
    if isinstance(data.get("agents"), list) and not agents:
        yield ("agents",), "is empty; at least one agent is needed"
    for field, what in (("agent_id", "the id of"), ("person", "the person of")):
        seen: dict[str, int] = {}
        for index, agent in enumerate(agents):
            value = _text(agent, field)
            same = _same_person(value) if field == "person" else value
            if same and same in seen:
                yield ("agents", index, field), f"'{value}' is {what} agents[{seen[same]}] already"
            elif same:
                seen[same] = index
    yield from _strangers(agents)
    people = {_same_person(name): name for name in (_text(agent, "person") for agent in agents) if name}
    imports = data.get("imports")
    for index, source in enumerate(imports if isinstance(imports, list) else []):
        person = _text(source, "person")
        if person and _same_person(person) not in people:
            known = ", ".join(sorted(people.values())) or "nobody"
            yield ("imports", index, "person"), f"'{person}' has no twin among the agents; those with one are: {known}"
    ids = {_text(agent, "agent_id") for agent in agents}
    services = data.get("services")
    for index, service in enumerate(services if isinstance(services, list) else []):
        named = _text(service, "agent")
        if named and named not in ids:
            yield ("services", index, "agent"), f"'{named}' is none of the agents of this file"
    yield from _of_bridges(data.get("bridges"), ids)


def _of_bridges(bridges: Any, ids: Container[str]) -> Iterable[tuple[FieldPath, str]]:
    seen: dict[str, int] = {}
    for index, bridge in enumerate(bridges if isinstance(bridges, list) else []):
        name, agent = _text(bridge, "name"), _text(bridge, "agent")
        if name and seen.setdefault(name, index) != index:
            yield ("bridges", index, "name"), f"'{name}' is the name of bridges[{seen[name]}] already"
        if agent and agent not in ids:
            yield ("bridges", index, "agent"), f"'{agent}' is none of the agents of this file"


def _strangers(agents: list[Any]) -> Iterable[tuple[FieldPath, str]]:
    """Agents named in permissions that the file does not have: whoever mistypes an id would shut somebody out."""
    ids = {_text(agent, "agent_id") for agent in agents}
    for index, agent in enumerate(agents):
        for field in ("visible_to", "reachable_by"):
            named = agent.get(field) if isinstance(agent, dict) else None
            for place, one in enumerate(named if isinstance(named, list) else []):
                if isinstance(one, str) and names_agent(one) and one not in ids:
                    near = difflib.get_close_matches(one, ids, n=1)
                    hint = f"; did you mean '{near[0]}'?" if near else ""
                    yield ("agents", index, field, place), f"'{one}' is none of the agents of this file{hint}"


def _text(entry: Any, field: str) -> str:
    value = entry.get(field) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else ""


def _same_person(name: str) -> str:
    try:
        return person_key(name) if name else ""
    except FolkmootError:
        return name  # its own fault is found where the field is checked


def _path(loc: tuple[int | str, ...], placed: Placed) -> FieldPath:
    """Where in the file an error of pydantic is: its own steps, less those that only pydantic knows."""
    path: FieldPath = ()
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        if step == "[key]" or ((*path, step) not in placed.lines and not last):
            continue
        path = (*path, step)
    return path


def in_words(error: Any, owner: type[BaseModel] = Workplace) -> str:
    """One of `ValidationError.errors()` of an `owner`, as whoever wrote the value understands it."""
    kind, given, about = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(error["loc"], owner)
    if kind == "value_error":
        return str(about["error"])
    template = _SAID.get(kind, "{said}, not {given!r}")
    said = str(error["msg"])
    return template.format(given=given, said=said[:1].lower() + said[1:], **about)


# What pydantic says in a programmer's words, said to whoever writes the file.
_SAID: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "string_pattern_mismatch": "{given!r} is not an e-mail address",
    "string_too_short": "is empty",
    "string_type": "{given!r} is not text; put it in quotation marks",
    "literal_error": "{given!r} is none of {expected}",
    "int_type": "{given!r} is not a whole number",
    "int_parsing": "{given!r} is not a whole number",
    "int_from_float": "{given!r} is not a whole number",
    "float_type": "{given!r} is not a number",
    "float_parsing": "{given!r} is not a number",
    "greater_than": "{given} must be greater than {gt}",
    "greater_than_equal": "{given} must be at least {ge}",
    "less_than_equal": "{given} must be at most {le}",
    "tuple_type": "must be a list, not {given!r}",
    "list_type": "must be a list, not {given!r}",
    "dict_type": "must be fields with values, not {given!r}",
    "model_type": "must be fields with values, not {given!r}",
    "model_attributes_type": "must be fields with values, not {given!r}",
}


def _unknown(loc: tuple[int | str, ...], owner: type[BaseModel]) -> str:
    for step in loc[:-1]:
        owner = _PARTS.get(str(step), owner)
    known = [*owner.model_fields, *(["user_name"] if owner is AgentDefinition else [])]
    near = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return "is not a known field; " + (f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}")


_PARTS: Final[Mapping[str, type[BaseModel]]] = {
    "agents": AgentDefinition,
    "limits": AgentLimits,
    "imports": ImportSource,
    "knowledge": KnowledgeSource,
    "services": ServiceOffered,
    "bridges": BridgeEntry,
    "headers": HeaderValue,
    "mcp_servers": McpServer,
    "workplace": WorkplaceAbout,
}
