"""Our server as it is served, with one more agent whose handler is plain. Prints its URL; ends with its stdin."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import uvicorn

from folkmoot.agents import AgentDefinition, BaseAgent
from folkmoot.api import build_api
from folkmoot.assembly import heap
from folkmoot.assembly.chores import serving_chores
from folkmoot.assembly.rooms import build_rooms
from folkmoot.assembly.settings import load_settings
from folkmoot.assembly.start import opened, start
from folkmoot.assembly.walls import walls_of
from folkmoot.home import Home
from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Reply
from folkmoot.telemetry import configure_logging
from folkmoot.web import Doorkeeper

TOKEN: Final = "a-token-that-only-benchmarks-use"


class Echo(BaseAgent):
    """Says the same."""

    async def handle_chat(self, message: AgentMessage) -> Reply:
        return {"status": "success", "answer": message.payload.data["message"]}


async def serve(
    home: Path, agents: Sequence[BaseAgent], *, until: Awaitable[object], port: int = 0, **more: str
) -> None:
    """Serve a workplace with these agents beside the team for wellness; `more` are settings."""
    settings = load_settings({"FOLKMOOT_HOME": str(home), "ADMIN_TOKEN": TOKEN, "MODEL": "offline", **more})
    configure_logging(level="ERROR")
    async with AsyncExitStack() as stack:
        place = Home(home)
        stack.enter_context(place.owned())
        rooms = build_rooms(settings, home=place, database=await opened(settings, place, stack), clock=SystemClock())
        await rooms.people.admit_admin(settings, served=True, anew=False)
        await start(rooms, stack, chores=serving_chores(rooms))
        await rooms.team.initialize("wellness")
        for one in agents:
            await rooms.host.add(one)
        doorkeeper = Doorkeeper(credentials=rooms.people.credentials, open_house=False)
        app = build_api(
            rooms.parts,
            doorkeeper=doorkeeper,
            repeats=rooms.repeats,
            walls=walls_of(settings, clock=rooms.parts.clock, served=True, stack=stack),
        )
        await run(app, until=until, port=port)


async def run(app: object, *, until: Awaitable[object], port: int = 0) -> None:
    """Serve an application until something ends; 0 is a free port."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen(2048)
    config = uvicorn.Config(app, log_config=None, access_log=False, ws_max_size=2 * 1024 * 1024, lifespan="off")  # type: ignore[arg-type]  # an ASGI application
    server = uvicorn.Server(config)
    settling = asyncio.create_task(heap.keep())  # as a server does
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]
    print(f"http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    await until
    server.should_exit = True
    server.force_exit = True
    await serving
    settling.cancel()


async def stdin_ends() -> None:
    """Return when whoever started this has gone."""
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    echo = Echo(AgentDefinition(agent_id="echo", name="Echo", description="Says the same."))
    asyncio.run(serve(Path(sys.argv[1]), [echo], until=stdin_ends()))
