"""The connections to MCP servers: kept up, tried again with growing patience, and never a reason not to start.

A connection is entered and left in one task of its own, as its library wants it. While a server is away its tools stay
in the registry, and a call of one is skipped.
"""

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from folkmoot.kernel import FolkmootError
from folkmoot.telemetry import get_logger
from folkmoot.tools.errors import ToolAwayError
from folkmoot.tools.registry import ToolRegistry
from folkmoot.tools.servers.connect import Guard, connected
from folkmoot.tools.servers.model import McpServer
from folkmoot.tools.servers.offered import offered
from folkmoot.tools.specify import ToolSpec

LOOK: Final = timedelta(seconds=30)  # how often a server is asked for its tools, which also tells that it lives
CONNECT: Final = timedelta(seconds=30)
FIRST_PAUSE: Final = timedelta(seconds=0.5)
LONGEST_PAUSE: Final = timedelta(minutes=2)
MOST_TOOLS: Final = 200
_log = get_logger("folkmoot.tools.servers")


class McpSource:
    """One server. `problem` says why it is away, None while it is connected."""

    def __init__(self, name: str, server: McpServer, *, registry: ToolRegistry, guard: Guard, look: timedelta) -> None:
        self.name = name
        self.server = server
        self.problem: str | None = "not connected yet"
        self._registry = registry
        self._guard = guard
        self._look = look.total_seconds()
        self._client: Any = None
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._stay(), name=f"mcp-{self.name}")

    async def stop(self) -> None:
        """Disconnect; a child process ends."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def ask(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call a tool by the server's own name for it. Raises `ToolAwayError` while the server is away."""
        if self._client is None:
            raise ToolAwayError(f"the MCP server '{self.name}' is away: {self.problem}", server=self.name)
        try:
            return await self._client.call_tool(name, arguments)
        except Exception as error:
            if _is_lost(error):
                self._lost.set()
            raise

    async def _stay(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._lost.clear()
            try:
                await self._while_connected()
                pause = FIRST_PAUSE
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001  # a server may fail in any way; groups of errors too
                said = _words(error)
                if said != self.problem:
                    _log.warning("mcp_server_away", server=self.name, error=said)
                self.problem = said
            finally:
                self._client = None
            await asyncio.sleep(pause.total_seconds() * random.uniform(0.8, 1.2))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _while_connected(self) -> None:
        async with (
            asyncio.timeout(CONNECT.total_seconds()) as patience,
            connected(self.server, guard=self._guard) as client,
        ):
            await self._list(client)
            patience.reschedule(None)
            self._client, self.problem = client, None
            _log.info("mcp_server_connected", server=self.name, tools=self._count())
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._look):
                        await self._lost.wait()
                        self.problem = "the connection was lost"
                        return
                async with asyncio.timeout(CONNECT.total_seconds()):
                    await self._list(client)

    async def _list(self, client: Any) -> None:
        found: list[ToolSpec] = []
        cursor: str | None = None
        while len(found) < MOST_TOOLS:
            page = await client.list_tools(cursor=cursor)
            for theirs in page.tools:
                spec = offered(self.name, self.server, theirs, self.ask)
                if spec is None:
                    _log.warning("mcp_tool_left_out", server=self.name, tool=str(theirs.name)[:100])
                else:
                    found.append(spec)
            cursor = page.next_cursor
            if cursor is None:
                break
        self._registry.replace(self.name, found[:MOST_TOOLS])

    def _count(self) -> int:
        return sum(one.source == self.name for one in self._registry.all())


class McpSources:
    """Every server that settings and workplace name."""

    def __init__(
        self,
        *,
        registry: ToolRegistry,
        guard: Guard,
        always: Mapping[str, McpServer] | None = None,
        look: timedelta = LOOK,
    ) -> None:
        self._registry = registry
        self._guard = guard
        self._look = look
        self._always = dict(always or {})
        self._wanted = dict(self._always)
        self._sources: dict[str, McpSource] = {}
        self._changing = asyncio.Lock()
        self._running = False

    async def start(self) -> None:
        """Begin to connect to each; nothing is waited for."""
        self._running = True
        await self._settle()

    async def stop(self) -> None:
        """Disconnect from each."""
        self._running = False
        await self._settle()

    async def use(self, servers: Mapping[str, McpServer]) -> None:
        """The servers of the workplace, from now on; those of the settings go before them."""
        self._wanted = {**servers, **self._always}
        await self._settle()

    def states(self) -> dict[str, str | None]:
        """By server: why it is away, None if it is connected."""
        return {name: one.problem for name, one in sorted(self._sources.items())}

    async def _settle(self) -> None:
        async with self._changing:
            wanted = self._wanted if self._running else {}
            for name, source in list(self._sources.items()):
                if wanted.get(name) != source.server:
                    await self._sources.pop(name).stop()
                    self._registry.replace(name, ())
            for name, server in wanted.items():
                if name not in self._sources:
                    self._sources[name] = source = McpSource(
                        name, server, registry=self._registry, guard=self._guard, look=self._look
                    )
                    source.start()


def _is_lost(error: BaseException) -> bool:
    """Whether the connection itself is gone, and not only one call."""
    from mcp_types import CONNECTION_CLOSED  # noqa: PLC0415  # imported with the connection that raised it

    code = getattr(getattr(error, "error", None), "code", None)
    return code == CONNECTION_CLOSED or (code is None and not isinstance(error, FolkmootError | TimeoutError))


def _words(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, FolkmootError):
        return error.message
    return f"{type(error).__name__}: {error}"[:300] if str(error) else type(error).__name__
