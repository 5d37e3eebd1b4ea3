"""A typed Python function as a tool: what a model is told of it, and how its arguments are checked.

    @tool(effect="external", approval=True)
    async def send_letter(context: ToolContext, to: str, text: str) -> dict[str, str]:
        \"\"\"Send a letter by post.

        Args:
            to: The whole address.
            text: What the letter says.
        \"\"\"

The parameters behind `context` and the docstring become the schema; what is returned must be JSON.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from folkmoot.kernel import JsonValue
from folkmoot.tools.errors import ToolDefinitionError, ToolFailedError
from folkmoot.tools.model import Effect

Act = Callable[..., Awaitable[Any]]
Kept = Callable[[JsonValue], JsonValue]
USUAL_TIMEOUT: Final = timedelta(seconds=30)
_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}(?:\.[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99})?")
_ARGUMENT: Final = re.compile(r"\s{0,8}(\w+)\s?(?:\([^)]*\))?:\s*(.*)")
_SLOT: Final = re.compile(r"\{(\w+)")
_SECTION: Final = re.compile(r"(Args|Arguments|Parameters|Returns|Raises|Yields|Examples?|Notes?):\s*")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments that fit: `values` for the function, `plain` as JSON for the log and the key."""

    values: dict[str, Any]
    plain: dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """One tool. `per_minute`: how often an agent may call it; None is as often as it likes.

    `check` raises `ToolFailedError` for arguments that do not fit `parameters`, a JSON schema. `kept` says what of a
    result the log keeps, where the whole of it is nobody else's business. `source` is where the tool comes from.
    `said_like` are phrases by which people ask for it, with the arguments as slots: `I ran {kilometres} km [{when}]`
    (all of the language is in `folkmoot.models.phrases`). A result with a `summary` is told by that sentence.
    """

    name: str
    description: str
    effect: Effect
    parameters: dict[str, Any]
    act: Act
    check: Callable[[Mapping[str, Any]], Arguments]
    approval: bool = False
    timeout: timedelta = USUAL_TIMEOUT
    per_minute: int | None = None
    source: str = "folkmoot"
    kept: Kept | None = None
    said_like: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ToolDefinitionError(
                f"'{self.name}' is no name for a tool; write letters, digits, '_' or '-', as in 'send_letter'"
            )
        if self.timeout <= timedelta(0) or (self.per_minute is not None and self.per_minute < 1):
            raise ToolDefinitionError(f"the tool '{self.name}' could never be called: its limits leave no room")
        known = self.parameters.get("properties", {})
        for phrase in self.said_like:
            if strange := [slot for slot in _SLOT.findall(phrase) if slot not in known]:
                raise ToolDefinitionError(
                    f"'{phrase}' names '{strange[0]}', which is no argument of '{self.name}'; it has {', '.join(known)}"
                )


def tool(
    *,
    effect: Effect | Literal["read", "write", "external"],
    approval: bool = False,
    timeout: timedelta = USUAL_TIMEOUT,
    per_minute: int | None = None,
    name: str | None = None,
    kept: Kept | None = None,
    said_like: Sequence[str] = (),
) -> Callable[[Act], ToolSpec]:
    """Make a `ToolSpec` of `async def name(context: ToolContext, ...)`.

    Raises `ToolDefinitionError` where the function has no docstring, is not `async`, or a parameter has no type.
    """

    def specified(function: Act) -> ToolSpec:
        called: str = name or getattr(function, "__name__", None) or "tool"
        description, arguments = _told(inspect.getdoc(function) or "")
        if not description:
            raise ToolDefinitionError(f"the tool '{called}' needs a docstring: it is all that a model knows of it")
        if not inspect.iscoroutinefunction(function):
            raise ToolDefinitionError(f"the tool '{called}' must be written as 'async def'")
        form = _form(called, function, arguments)
        return ToolSpec(
            name=called,
            description=description,
            effect=Effect(effect),
            parameters=_schema(form),
            act=function,
            check=lambda given: _checked(called, form, given),
            approval=approval,
            timeout=timeout,
            per_minute=per_minute,
            kept=kept,
            said_like=tuple(said_like),
        )

    return specified


def _form(called: str, function: Act, told: Mapping[str, str]) -> type[BaseModel]:
    """A model with the parameters of a function, but the first."""
    hints = get_type_hints(function, include_extras=True)
    _, *parameters = inspect.signature(function).parameters.values()
    fields: dict[str, Any] = {}
    for one in parameters:
        if one.name not in hints or one.kind in {one.VAR_POSITIONAL, one.VAR_KEYWORD}:
            raise ToolDefinitionError(f"the parameter '{one.name}' of the tool '{called}' needs a type of its own")
        default = ... if one.default is one.empty else one.default
        described = Field(default, description=told[one.name]) if one.name in told else default
        fields[one.name] = (hints[one.name], described)
    form: type[BaseModel] = create_model(called, __config__=ConfigDict(extra="forbid"), **fields)
    return form


def _schema(form: type[BaseModel]) -> dict[str, Any]:
    schema = form.model_json_schema()
    schema.pop("title", None)
    for one in schema.get("properties", {}).values():
        one.pop("title", None)
    return schema


def _checked(called: str, form: type[BaseModel], given: Mapping[str, Any]) -> Arguments:
    try:
        checked = form.model_validate(dict(given))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)[:5]
        )
        raise ToolFailedError(f"the arguments of '{called}' do not fit: {wrong}", tool=called) from None
    return Arguments(
        values={name: getattr(checked, name) for name in form.model_fields}, plain=checked.model_dump(mode="json")
    )


def _told(docstring: str) -> tuple[str, dict[str, str]]:
    """What a docstring says of the tool, and of each argument."""
    about: list[str] = []
    arguments: dict[str, str] = {}
    section, last = "", ""
    for line in docstring.splitlines():
        if not line.startswith((" ", "\t")) and (found := _SECTION.fullmatch(line.strip())):
            section = found[1]
        elif not section:
            about.append(line)
        elif section in {"Args", "Arguments", "Parameters"} and line.strip():
            deeper = line.startswith(" " * 8)
            if (named := _ARGUMENT.fullmatch(line)) and not deeper:
                last, arguments[named[1]] = named[1], named[2].strip()
            elif last:
                arguments[last] = f"{arguments[last]} {line.strip()}".strip()
    return "\n".join(about).strip(), arguments
