"""An MCP server of our own, in a process of its own: `mcp_server.py stdio`, or `mcp_server.py http PORT`."""

import os
import sys
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer(name="library", version="1")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def find(title: str, limit: int = 3) -> str:
    """Find a book."""
    return f"{title}: shelf {limit}"


@server.tool()
def lend(title: str) -> dict[str, Any]:
    """Lend a book."""
    return {"lent": title}


@server.tool()
def fail(why: str) -> str:
    """Fail."""
    raise ValueError(why)


@server.tool()
def die() -> str:
    """End the server."""
    os._exit(1)


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def environment() -> dict[str, str]:
    """The environment of the server."""
    return dict(os.environ)


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
