"""A tool of an MCP server as one of ours: its schema, its effect by its annotations, and what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from folkmoot.kernel import JsonValue
from folkmoot.tools.errors import ToolDefinitionError, ToolFailedError, ToolUncertainError
from folkmoot.tools.model import Effect, ToolContext
from folkmoot.tools.servers.model import McpServer
from folkmoot.tools.specify import Arguments, ToolSpec

LONGEST_DESCRIPTION: Final = 4_000
# JSON-RPC's words for a request that was not carried out: not parsed, not valid, no such method, wrong parameters.
_REFUSED: Final = frozenset({-32700, -32600, -32601, -32602})

Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Calls a tool of the server by its own name; answers a `CallToolResult`, raises `MCPError` or `ToolsError`."""


def offered(name: str, server: McpServer, theirs: Any, ask: Ask) -> ToolSpec | None:
    """The tool `<name>.<theirs.name>`; None if it cannot be one of ours.

    It reads if the server says so by `readOnlyHint`; of any other it must be thought that it reaches outside.
    """
    schema: dict[str, Any] = theirs.input_schema if isinstance(theirs.input_schema, dict) else {}
    reads = bool(theirs.annotations and theirs.annotations.read_only_hint)

    async def act(_context: ToolContext, **arguments: Any) -> Any:
        return _told(await _asked(ask, theirs.name, arguments))

    try:
        return ToolSpec(
            name=f"{name}.{theirs.name}",
            description=(theirs.description or theirs.title or theirs.name)[:LONGEST_DESCRIPTION],
            effect=Effect.READ if reads else Effect.EXTERNAL,
            parameters=schema,
            act=act,
            check=_checking(f"{name}.{theirs.name}", schema),
            timeout=timedelta(seconds=server.timeout_seconds),
            per_minute=server.per_minute,
            source=name,
        )
    except ToolDefinitionError:
        return None


async def _asked(ask: Ask, name: str, arguments: dict[str, Any]) -> Any:
    from mcp.shared.exceptions import MCPError  # noqa: PLC0415  # imported with the first connection

    try:
        return await ask(name, arguments)
    except MCPError as error:
        if error.code in _REFUSED:
            raise ToolFailedError(f"the server refused the call: {error.message}") from error
        raise ToolUncertainError(f"the server gave no answer: {error.message}") from error


def _told(result: Any) -> JsonValue:
    """What a result says: its structured content, else its texts, with a word for each picture, sound or file."""
    texts = [_block(one) for one in result.content]
    if result.is_error:
        raise ToolFailedError("; ".join(texts) or "the tool says that it failed")
    if result.structured_content is not None:
        structured: JsonValue = result.structured_content
        return structured
    return texts[0] if len(texts) == 1 else list(texts)


def _block(block: Any) -> str:
    text = getattr(block, "text", None)
    if isinstance(text, str):
        return text
    within = getattr(getattr(block, "resource", None), "text", None)
    if isinstance(within, str):
        return within
    return f"[{getattr(block, 'type', 'something')} that is not shown]"


def _checking(name: str, schema: dict[str, Any]) -> Callable[[Mapping[str, Any]], Arguments]:
    validator: Any = None

    def check(given: Mapping[str, Any]) -> Arguments:
        nonlocal validator
        import jsonschema  # type: ignore[import-untyped]  # noqa: PLC0415  # untyped; comes with the library of MCP
        import referencing  # noqa: PLC0415  # see above

        try:
            if validator is None:
                # With a registry of its own, a schema that refers to an address elsewhere fetches nothing.
                kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
                validator = kind(schema, registry=referencing.Registry())
            wrong = next(iter(validator.iter_errors(dict(given))), None)
        except Exception as error:  # a schema of somebody else's may be wrong in any way
            raise ToolFailedError(f"the schema of '{name}' cannot be used: {type(error).__name__}: {error}") from error
        if wrong is not None:
            where = ".".join(str(step) for step in wrong.absolute_path) or "arguments"
            raise ToolFailedError(f"the arguments of '{name}' do not fit: {where}: {wrong.message[:300]}", tool=name)
        return Arguments(values=dict(given), plain=dict(given))

    return check
