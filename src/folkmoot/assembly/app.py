"""`create_app`: the workplace as an ASGI application, for whoever runs a server of their own (SPEC J7).

`uvicorn --factory folkmoot:create_app` serves it; `folkmoot serve` does more: it says where it listens, so that
commands in the same home find it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from folkmoot.agents import BaseAgent
from folkmoot.agents.config import AgentConfig
from folkmoot.assembly.settings import Settings, load_settings
from folkmoot.assembly.workplace import open_workplace
from folkmoot.tools import ToolSpec


def create_app(
    settings: Settings | None = None,
    *,
    pages: bool = True,
    agents: Sequence[BaseAgent | AgentConfig] = (),
    tools: Sequence[ToolSpec] = (),
) -> FastAPI:
    """An application whose lifespan opens the workplace and closes it; `pages`: with the dashboard.

    `agents` are hosted beside those of the workplace file, `tools` can be listed by any of them.
    Starting it raises what opening a workplace raises. Set ADMIN_TOKEN: a token that is made is printed once.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        chosen = settings or load_settings()
        async with open_workplace(chosen, pages=pages, agents=agents, tools=tools) as workplace:
            if workplace.new_admin_token is not None:
                print(f"administrator's token, shown once: {workplace.new_admin_token}", flush=True)  # noqa: T201  # what a person at the terminal looks for
            async with workplace.app.router.lifespan_context(workplace.app):
                app.mount("/", workplace.app)
                try:
                    yield
                finally:
                    app.router.routes.clear()

    return FastAPI(lifespan=lifespan, openapi_url=None)
