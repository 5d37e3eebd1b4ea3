"""Where no token is asked for, a page of another origin in the same browser must not speak for its user.

Nor may a page whose name somebody has pointed at this machine: such a request names a host that is not ours.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from folkmoot.web.problems import problem

FOREIGN: Final = 4403
LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "::1")


class OwnOrigins:
    """ASGI middleware: requests and sockets that a page sends come from our own pages, or from `allowed` origins.

    Programs send no `Origin` and pass.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._fits(Headers(scope=scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": FOREIGN, "reason": "a page of another origin"})
        else:
            said = "a page of another origin may not call this server; CORS_ORIGINS names those that may"
            await problem(HTTPStatus.FORBIDDEN, "foreign_origin", said)(scope, receive, send)

    def _fits(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        return origin is None or origin in self._allowed or urlsplit(origin).netloc == headers.get("host")


class OwnHosts:
    """ASGI middleware: the `Host` of every request and socket is one of `names`, whatever the port."""

    def __init__(self, app: ASGIApp, *, names: Collection[str] = LOOPBACK_NAMES) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._fits(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": FOREIGN, "reason": "this server has another name"})
        else:
            said = "this server has another name; without tokens it answers to localhost and 127.0.0.1 alone"
            await problem(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", said)(scope, receive, send)

    def _fits(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name in self._names
