"""The tools by which an agent keeps things for the user it acts for: text and JSON files in that user's own area."""

import json
from typing import Any

from pydantic import JsonValue as AnyJson

from folkmoot.tools.errors import ToolFailedError
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import ToolSpec, tool
from folkmoot.user_files import KeptFile


@tool(effect="write")
async def save_user_file(context: ToolContext, name: str, text: str) -> dict[str, Any]:
    """Keep a text file for the user; an older one of that name is replaced.

    Args:
        name: The file's name, such as notes.md; it ends in .txt, .md, .csv or .json.
        text: What the file says.
    """
    return _shown(await context.files.save(name, text))


@tool(effect="write")
async def save_user_data(context: ToolContext, name: str, data: AnyJson) -> dict[str, Any]:
    """Keep data for the user as a JSON file; an older one of that name is replaced.

    Args:
        name: The file's name; it ends in .json.
        data: Any JSON value.
    """
    if not name.casefold().endswith(".json"):
        raise ToolFailedError(f"data is kept in a file whose name ends in .json, as '{name[:60]}.json' does")
    return _shown(await context.files.save(name, json.dumps(data, ensure_ascii=False, indent=2)))


@tool(effect="read", kept=lambda result: {"characters": len(str(result))})
async def read_user_file(context: ToolContext, name: str) -> str:
    """Read a file that was kept for the user.

    Args:
        name: The file's name, as `list_user_files` says it.
    """
    return await context.files.read(name)


@tool(effect="read", kept=lambda result: {"read": result is not None})
async def read_user_data(context: ToolContext, name: str) -> Any:
    """Read data that was kept for the user in a JSON file.

    Args:
        name: The file's name, as `list_user_files` says it.
    """
    try:
        return json.loads(await context.files.read(name))
    except json.JSONDecodeError as error:
        raise ToolFailedError(f"'{name[:60]}' holds no JSON: {error}; read it with read_user_file") from error


@tool(effect="read")
async def list_user_files(context: ToolContext) -> list[dict[str, Any]]:
    """List the files that were kept for the user: names, sizes in bytes, and when they were changed."""
    return [_shown(one) for one in await context.files.names()]


USER_DATA_TOOLS: tuple[ToolSpec, ...] = (
    save_user_file,
    save_user_data,
    read_user_file,
    read_user_data,
    list_user_files,
)


def _shown(file: KeptFile) -> dict[str, Any]:
    return {"name": file.name, "size": file.size, "changed_at": file.changed_at.isoformat()}
