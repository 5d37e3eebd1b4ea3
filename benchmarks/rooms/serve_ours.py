"""Our server as it is served, with one more agent whose handler is plain. Prints its URL; ends with its stdin."""

import asyncio
import contextlib
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import uvicorn

from folkmoot.agents import AgentDefinition, BaseAgent
from folkmoot.api import build_api
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


class Echo(BaseAgent):
    """Says the same."""

    async def handle_chat(self, message: AgentMessage) -> Reply:
        return {"status": "success", "answer": message.payload.data["message"]}


async def serve(home: Path) -> None:
    """Serve until stdin ends."""
    settings = load_settings({"FOLKMOOT_HOME": str(home), "ADMIN_TOKEN": "a-token-that-only-benchmarks-use"})
    configure_logging(level="ERROR")
    async with AsyncExitStack() as stack:
        place = Home(home)
        stack.enter_context(place.owned())
        rooms = build_rooms(settings, home=place, database=await opened(settings, place, stack), clock=SystemClock())
        await rooms.people.admit_admin(settings, served=True, anew=False)
        await start(rooms, stack, chores=serving_chores(rooms))
        await rooms.team.initialize("wellness")
        await rooms.host.add(Echo(AgentDefinition(agent_id="echo", name="Echo", description="Says the same.")))
        doorkeeper = Doorkeeper(credentials=rooms.people.credentials, open_house=False)
        app = build_api(
            rooms.parts,
            doorkeeper=doorkeeper,
            repeats=rooms.repeats,
            walls=walls_of(settings, clock=rooms.parts.clock, served=True, stack=stack),
        )
        await run(app)


async def run(app: object) -> None:
    """Serve an application on a free port until stdin ends."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(2048)
    config = uvicorn.Config(app, log_config=None, access_log=False, ws_max_size=2 * 1024 * 1024, lifespan="off")  # type: ignore[arg-type]  # an ASGI application
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]
    print(f"http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    server.force_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
