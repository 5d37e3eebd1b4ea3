"""An MCP server that posts letters: each is a line in the file LETTERS. A slow one answers long after it was posted."""

import os
import time

from mcp.server.mcpserver import MCPServer

server = MCPServer(name="mail", version="1")


@server.tool()
def send(to: str, slow: bool = False) -> str:
    """Send a letter."""
    with open(os.environ["LETTERS"], "a") as file:  # noqa: PTH123  # appends, which a path cannot
        file.write(f"{to}\n")
    if slow:
        time.sleep(60)
    return f"posted to {to}"


if __name__ == "__main__":
    server.run("stdio")
