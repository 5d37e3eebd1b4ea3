"""`create_app`: the workplace as an ASGI application, for whoever runs a server of their own (SPEC J7).

`uvicorn --factory folkmoot:create_app` serves it; `folkmoot serve` does more: it says where it listens, so that
commands in the same home find it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from folkmoot.assembly.settings import Settings, load_settings
from folkmoot.assembly.workplace import open_workplace


def create_app(settings: Settings | None = None, *, pages: bool = True) -> FastAPI:
    """An application whose lifespan opens the workplace and closes it; `pages`: with the dashboard.

    Starting it raises what opening a workplace raises. Set ADMIN_TOKEN: a token that is made is printed once.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_workplace(settings or load_settings(), pages=pages) as workplace:
            if workplace.new_admin_token is not None:
                print(f"administrator's token, shown once: {workplace.new_admin_token}", flush=True)  # noqa: T201  # what a person at the terminal looks for
            async with workplace.app.router.lifespan_context(workplace.app):
                app.mount("/", workplace.app)
                try:
                    yield
                finally:
                    app.router.routes.clear()

    return FastAPI(lifespan=lifespan, openapi_url=None)
