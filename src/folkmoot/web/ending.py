"""What an open request hears when the server ends: a problem that says so, not a broken connection or a fault."""

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkmoot.web.problems import problem


class Ending:
    """ASGI wrapper around the whole application: a request that is cancelled by the server's end answers 503."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            if scope["type"] != "http" or begun:
                return
            said = "the server is ending; what it accepted is kept, ask again when it is back"
            await problem(HTTPStatus.SERVICE_UNAVAILABLE, "ending", said)(scope, receive, send)
