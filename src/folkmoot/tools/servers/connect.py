"""The way to an MCP server: a child process, or streamable HTTP to judged addresses. Imports the library late."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from folkmoot.tools.servers.model import McpServer
from folkmoot.version import __version__

# The server may keep one stream open for what it has to say by itself.
_READ: Final = timedelta(minutes=5)


class Guard(Protocol):
    """What of `folkmoot.security.UrlGuard` connections use."""

    async def check(self, url: str) -> None:
        """Raise `UrlForbiddenError` unless the server may call this URL."""
        ...

    def client2(self, **options: Any) -> Any:
        """An `httpx2.AsyncClient` that connects to judged addresses alone."""
        ...


@asynccontextmanager
async def connected(server: McpServer, *, guard: Guard) -> AsyncIterator[Any]:
    """An initialised `mcp.client.Client`; leave it in the task that entered. Raises whatever the way there raises."""
    from mcp.client.client import Client  # noqa: PLC0415  # takes a second, and few houses have servers
    from mcp_types import Implementation  # noqa: PLC0415  # see above

    async with AsyncExitStack() as stack:
        if server.url is not None:
            way = await _by_http(server, guard, stack)
        else:
            way = await _by_stdio(server, stack)
        client = Client(
            way,
            read_timeout_seconds=server.timeout_seconds,
            client_info=Implementation(name="folkmoot", version=__version__),
            cache=None,
        )
        yield await stack.enter_async_context(client)


async def _by_http(server: McpServer, guard: Guard, stack: AsyncExitStack) -> Any:
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415  # see above

    assert server.url is not None
    await guard.check(server.url)
    http = guard.client2(headers=dict(server.headers), timeout=_patience(server))
    return streamable_http_client(server.url, http_client=await stack.enter_async_context(http))


async def _by_stdio(server: McpServer, stack: AsyncExitStack) -> Any:
    from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: PLC0415  # see above

    assert server.command is not None
    # Of our own environment the child gets only what the library deems harmless; what it writes to stderr is its own.
    silent = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))  # noqa: ASYNC230, SIM115  # reaches no disk; the stack closes it
    parameters = StdioServerParameters(command=server.command, args=list(server.args), env=dict(server.env))
    return stdio_client(parameters, errlog=silent)


def _patience(server: McpServer) -> Any:
    import httpx2  # noqa: PLC0415  # see above

    return httpx2.Timeout(server.timeout_seconds, read=max(_READ.total_seconds(), server.timeout_seconds))
