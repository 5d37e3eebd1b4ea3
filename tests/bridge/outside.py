"""Somebody else's WebSocket server, a real one, and a workplace with a bridge to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from folkmoot.agents.outside import BridgeEntry
from folkmoot.bridge import BridgeDesk, BridgeLimits, BridgeTimes, Ground
from folkmoot.bridge.dial import Guard
from folkmoot.conversations.noting import Notes
from folkmoot.kernel import SystemClock, new_id
from folkmoot.security.urls import UrlGuard
from folkmoot.telemetry import Metrics
from tests.conversations.house import Talkhouse
from tests.waiting import wait_until

QUICK = BridgeTimes(
    first_pause=timedelta(milliseconds=10),
    longest_pause=timedelta(milliseconds=80),
    connect=timedelta(seconds=2),
    heartbeat=timedelta(milliseconds=200),
    patience=timedelta(milliseconds=500),
    closing=timedelta(milliseconds=200),
    stable=timedelta(seconds=10),
    lease=timedelta(milliseconds=600),
    poll=timedelta(milliseconds=50),
)


@dataclass
class Outside:
    """The server. `heard` is every text it got, `lines` its open connections, `paths` where they were opened."""

    port: int = 0
    heard: list[str] = field(default_factory=list)
    lines: list[ServerConnection] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    greet: Callable[[ServerConnection], Awaitable[None]] | None = None
    on_text: Callable[[ServerConnection, str], Awaitable[None]] | None = None
    server: Server | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/{{user_id}}"

    @property
    def frames(self) -> list[dict[str, Any]]:
        """What it heard, as JSON."""
        return [json.loads(one) for one in self.heard]

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [one for one in self.frames if one.get("type") == "agent_response"]

    async def open(self) -> None:
        """Listen, on the same port as before if there was one."""
        self.server = await serve(self._serve, "127.0.0.1", self.port, compression=None, close_timeout=0.3)
        self.port = next(iter(self.server.sockets)).getsockname()[1]

    async def close(self) -> None:
        """End, with every connection."""
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()
            self.server = None

    async def say(self, frame: dict[str, Any] | str | bytes) -> None:
        """Send this on the latest connection, once there is one."""
        await self.connected()
        await self.lines[-1].send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def connected(self, count: int = 1) -> None:
        await wait_until(lambda: len(self.lines) >= count)

    async def answered(self, count: int = 1) -> list[dict[str, Any]]:
        """The answers, once there are so many."""
        await wait_until(lambda: len(self.answers) >= count)
        return self.answers

    async def _serve(self, line: ServerConnection) -> None:
        assert line.request is not None
        self.paths.append(line.request.path)
        self.authorizations.append(line.request.headers.get("Authorization"))
        if self.greet is not None:
            await self.greet(line)
        self.lines.append(line)
        try:
            with suppress(ConnectionClosed):
                async for text in line:
                    assert isinstance(text, str)
                    self.heard.append(text)
                    if self.on_text is not None:
                        await self.on_text(line, text)
        finally:
            self.lines.remove(line)


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    server = Outside()
    await server.open()
    try:
        yield server
    finally:
        await server.close()


def entry(server: Outside, **fields: Any) -> BridgeEntry:
    return BridgeEntry.model_validate({"name": "partner", "url": server.url, **fields})


def ground(house: Talkhouse, *, guard: Guard | None = None, **fields: Any) -> Ground:
    values: dict[str, Any] = {
        "database": house.database,
        "clock": SystemClock(),
        "talk": house.desk,
        "guard": guard or UrlGuard(allowed=["127.0.0.1"]),
        "secrets": {}.get,
        "metrics": Metrics(),
        "owner": new_id("server"),
        "alone": True,
        "limits": BridgeLimits(),
        "times": QUICK,
    }
    return Ground(**(values | fields))


@asynccontextmanager
async def bridged(house: Talkhouse, *entries: BridgeEntry, **fields: Any) -> AsyncIterator[BridgeDesk]:
    """The bridges of a workplace, until the block ends."""
    notes = Notes(database=house.database, clock=SystemClock(), lobby=house.lobby)
    desk = BridgeDesk(ground(house, **fields), notes=notes, always=entries)
    await desk.start()
    try:
        yield desk
    finally:
        await desk.stop()


async def count(desk: BridgeDesk, what: str, name: str = "partner") -> int:
    """How often something happened on a bridge."""
    return {one.name: one.counts.get(what, 0) for one in await desk.states()}[name]


async def counted(desk: BridgeDesk, what: str, least: int = 1) -> None:
    """Return once it has happened so often."""
    deadline = asyncio.get_running_loop().time() + 10
    while await count(desk, what) < least:
        assert asyncio.get_running_loop().time() < deadline, (what, await desk.states())
        await asyncio.sleep(0.01)
