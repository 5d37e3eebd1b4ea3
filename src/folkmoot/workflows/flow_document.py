"""An AutoGen Studio workflow document (`flow_config`), read into what a flow needs (SPEC F7).

Both forms are taken: `sender` and `receiver`, and the list `agents` of `{agent, link}`. What has no meaning here (cache
seeds, temperatures, code execution) is passed over; API keys are neither read nor kept: models are asked with the keys
of the settings. Errors name the path of what is wrong, never its value.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from folkmoot.kernel import JsonValue
from folkmoot.workflows.errors import BadFlowError

MOST_AGENTS: Final = 20
LARGEST: Final = 256 * 1024
DEEPEST: Final = 50
_ROOT: Final = "flow_config"
Pattern = Literal["sequential", "autonomous", "groupchat"]
SummaryMethod = Literal["last", "llm", "none"]


def _none_if_false(value: Any) -> Any:
    return None if value is False else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, protected_namespaces=())


class ModelEntry(_Part):
    """One model that an agent may use; the first that can be asked here is."""

    model: str = Field(default="", max_length=200)


class LlmConfig(_Part):
    """How an agent's model is asked; `timeout` in seconds."""

    config_list: list[ModelEntry] = Field(default_factory=list, max_length=20)
    timeout: float | None = Field(default=None, gt=0, le=3600)


class AgentConfig(_Part):
    """What an agent is. `agents` are the members of a group chat."""

    name: str | None = Field(default=None, min_length=1, max_length=100)
    human_input_mode: Literal["NEVER", "TERMINATE", "ALWAYS"] = "NEVER"
    max_consecutive_auto_reply: int | None = Field(default=None, ge=0, le=1000)
    system_message: Annotated[str, BeforeValidator(lambda value: value or "")] = Field(default="", max_length=20_000)
    is_termination_msg: Any = None
    llm_config: Annotated[LlmConfig | None, BeforeValidator(_none_if_false)] = None
    agents: "list[AgentSpec]" = Field(default_factory=list, max_length=MOST_AGENTS)
    allow_repeat_speaker: bool = False
    max_round: int | None = Field(default=None, ge=1, le=1000)


class AgentSpec(_Part):
    """An agent of the document. A group chat's members may stand in its `config` or beside it."""

    name: str | None = Field(default=None, min_length=1, max_length=100)
    type: Literal["assistant", "userproxy", "groupchat"] = "assistant"
    config: AgentConfig = Field(default_factory=lambda: AgentConfig())  # noqa: PLW0108  # the class is whole only later
    agents: "list[AgentSpec]" = Field(default_factory=list, max_length=MOST_AGENTS)

    @property
    def called(self) -> str:
        """Its name, empty if it has none."""
        return self.config.name or self.name or ""

    @property
    def members(self) -> "list[AgentSpec]":
        return self.config.agents or self.agents


class _Link(_Part):
    agent_type: Literal["sender", "receiver"] = "receiver"


class _Linked(_Part):
    agent: AgentSpec
    link: _Link = _Link()


class _Document(_Part):
    name: str = Field(default="", max_length=200)
    type: Literal["sequential", "autonomous", "groupchat", "default"] = "default"
    summary_method: SummaryMethod = "last"
    sender: AgentSpec | None = None
    receiver: Annotated[list[AgentSpec], BeforeValidator(_listed)] = Field(default_factory=list)
    agents: list[_Linked] = Field(default_factory=list, max_length=MOST_AGENTS + 1)


@dataclass(frozen=True, kw_only=True)
class Member:
    """An agent that speaks in a flow. `models` are tried in order; `timeout` in seconds; `most_replies` a flow."""

    name: str
    persona: str = ""
    models: tuple[str, ...] = ()
    timeout: float | None = None
    most_replies: int | None = None


@dataclass(frozen=True, kw_only=True)
class FlowDocument:
    """A flow that can run. `group` is the persona and name of a group chat, None for the other patterns."""

    name: str
    pattern: Pattern
    summary_method: SummaryMethod
    sender: str
    members: tuple[Member, ...]
    group: Member | None = None
    allow_repeat_speaker: bool = False
    max_rounds: int | None = None
    ends_with: str = "TERMINATE"
    notes: tuple[str, ...] = ()


def read_flow(document: Mapping[str, Any]) -> FlowDocument:
    """The flow of a document. Raises `BadFlowError`."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad(_ROOT, "is no JSON document of plain text and numbers") from error
    size = len(text)
    if "\\u0000" in text:
        raise _bad(_ROOT, "holds a NUL character")
    if _depth(text) > DEEPEST:
        raise _bad(_ROOT, f"is nested more than {DEEPEST} deep")
    if size > LARGEST:
        raise _bad(_ROOT, f"has {size} characters, more than {LARGEST}")
    try:
        read = _Document.model_validate(document)
    except ValidationError as error:
        single = isinstance(document.get("receiver"), Mapping)
        faults = [(_path(one["loc"], single=single), _said(one["msg"])) for one in error.errors(include_input=False)]
        raise _several(faults) from error
    return _checked(read)


def _depth(text: str) -> int:
    """How deeply a JSON text may be nested at most: brackets within its strings are counted too."""
    deepest = now = 0
    for sign in text:
        if sign in "[{":
            now += 1
            deepest = max(deepest, now)
        elif sign in "]}":
            now -= 1
    return deepest


def _checked(read: _Document) -> FlowDocument:
    sender, receivers, where = _parties(read)
    if not receivers:
        raise _bad(f"{_ROOT}.receiver", "names no agent; give one, or a list")
    group = receivers[0] if receivers[0].type == "groupchat" else None
    if group is not None and len(receivers) > 1:
        raise _bad(
            where(0), "is a group chat, which can only be the one receiver; its members stand in its config.agents"
        )
    specs = group.members if group is not None else receivers
    place = (lambda index: f"{where(0)}.config.agents.{index}") if group is not None else where
    if not 1 <= len(specs) <= MOST_AGENTS:
        raise _bad(
            where(0) if group else f"{_ROOT}.receiver", f"must have 1 to {MOST_AGENTS} agents, and has {len(specs)}"
        )
    members: list[Member] = []
    for index, spec in enumerate(specs):
        if spec.type == "groupchat":
            raise _bad(f"{place(index)}.type", "a group chat cannot stand among other agents")
        if not spec.called:
            raise _bad(f"{place(index)}.config.name", "an agent needs a name")
        if spec.type == "assistant":
            members.append(_member(spec))
    if not members:
        raise _bad(where(0), "nobody here can answer: there is no agent of the type assistant")
    names = [one.name for one in members]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _bad(f"{_ROOT}.receiver", f"two agents are called {twice[0]!r}; names must differ")
    as_group = group is not None or read.type == "groupchat"
    return FlowDocument(
        name=read.name,
        pattern="groupchat" if as_group else "sequential" if read.type == "sequential" else "autonomous",
        summary_method=read.summary_method,
        sender=(sender.called if sender else "") or "user_proxy",
        members=tuple(members),
        group=(_member(group) if group else Member(name=read.name or "group_chat")) if as_group else None,
        allow_repeat_speaker=group.config.allow_repeat_speaker if group else False,
        max_rounds=group.config.max_round if group else None,
        ends_with=_ending(group),
        notes=tuple(_notes([*([sender] if sender else []), *specs])),
    )


def _parties(read: _Document) -> tuple[AgentSpec | None, Sequence[AgentSpec], Any]:
    """Who sends, who receives, and how the path of a receiver is written."""
    if read.receiver or read.sender:
        single = len(read.receiver) == 1
        return read.sender, read.receiver, lambda index: f"{_ROOT}.receiver" + ("" if single else f".{index}")
    places = [index for index, one in enumerate(read.agents) if one.link.agent_type == "receiver"]
    senders = [one.agent for one in read.agents if one.link.agent_type == "sender"]
    receivers = [read.agents[index].agent for index in places]
    return (senders[0] if senders else None), receivers, lambda index: f"{_ROOT}.agents.{places[index]}.agent"


def _member(spec: AgentSpec) -> Member:
    llm = spec.config.llm_config
    return Member(
        name=spec.called,
        persona=spec.config.system_message.strip(),
        models=tuple(one.model.strip() for one in llm.config_list if one.model.strip()) if llm else (),
        timeout=llm.timeout if llm else None,
        most_replies=spec.config.max_consecutive_auto_reply,
    )


def _ending(group: AgentSpec | None) -> str:
    said = group.config.is_termination_msg if group else None
    return said.strip() if isinstance(said, str) and 0 < len(said.strip()) <= 100 else "TERMINATE"  # noqa: PLR2004  # a phrase, no text


def _notes(specs: Sequence[AgentSpec]) -> Iterator[str]:
    for spec in specs:
        if spec.config.human_input_mode != "NEVER":
            yield f"{spec.called or spec.type}: nobody is asked for input while the flow runs, as with NEVER"


def _path(loc: Sequence[int | str], *, single: bool) -> str:
    parts = [str(part) for part in loc]
    if single and len(parts) > 1 and parts[0] == "receiver" and parts[1] == "0":
        parts = ["receiver", *parts[2:]]
    return ".".join([_ROOT, *parts])


def _said(message: str) -> str:
    return message[:1].lower() + message[1:]


def _bad(path: str, what: str) -> BadFlowError:
    return _several([(path, what)])


def _several(faults: Sequence[tuple[str, str]]) -> BadFlowError:
    shown = "; ".join(f"{path}: {what}" for path, what in faults[:5])
    errors: list[JsonValue] = [{"field": path, "message": what} for path, what in faults[:50]]
    return BadFlowError(shown, faults=errors)
