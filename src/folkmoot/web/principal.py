"""On whose behalf a request is made, and whether it may be made at all.

`Guard`, a middleware, recognises who asks before a body is read: by bearer token or, on a socket, by `?token=`.
`within_rules`, a dependency of every route, then holds the matched route against `folkmoot.web.rules`. Pages of the
dashboard are known by the sign-in page's cookie and ask by themselves.
"""

import re
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.exceptions import WebSocketException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from folkmoot.kernel import FolkmootError
from folkmoot.security import NotAllowedError, NotSignedInError, Principal, Tokens
from folkmoot.security.model import administrator
from folkmoot.web.problems import of_error
from folkmoot.web.rules import OPEN, RULES, check

COOKIE: Final = "folkmoot_token"
NOT_SIGNED_IN: Final = 4401
NOT_ALLOWED: Final = 4403
_CLOSE_REASON: Final = 120  # bytes of a close frame are few
_bearer = HTTPBearer(auto_error=False, description="The token that was shown at the first start")


class Doorkeeper:
    """Recognises who asks; with `open_house` (AUTH=off, loopback only) everybody is the administrator."""

    def __init__(self, *, tokens: Tokens, open_house: bool) -> None:
        self.tokens = tokens
        self.open_house = open_house

    async def recognise(self, token: str | None) -> Principal:
        """The principal of a token; raises `NotSignedInError`."""
        if self.open_house:
            return administrator()
        return await self.tokens.recognise(token)


class Guard:
    """ASGI middleware: nobody gets to a route that is not open without being recognised.

    The principal is left in the scope's state. What a path that nobody knows answers is no secret, but is told to
    those alone who are signed in.
    """

    def __init__(self, app: ASGIApp, *, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._open = re.compile("|".join(_open_patterns()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in {"http", "websocket"} or (kind == "http" and self._is_open(scope)):
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._doorkeeper.recognise(_token(HTTPConnection(scope)))
        except FolkmootError as error:
            if kind == "http":
                await of_error(error)(scope, receive, send)
            elif scope["path"].startswith("/dashboard/"):
                await self._app(scope, receive, send)  # the pages' own socket, whose visitors the pages recognise
            else:
                await _turn_away(error, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        # A preflight bears no token by design; it reaches no handler of ours.
        return scope["method"] == "OPTIONS" or self._open.fullmatch(scope["path"]) is not None


async def within_rules(connection: HTTPConnection) -> None:
    """A dependency of the whole application: the matched route's rule, held against who asks.

    Raises `NotSignedInError`, `NotAllowedError`; on a socket, `WebSocketException`.
    """
    scope = connection.scope
    method = "WS" if scope["type"] == "websocket" else scope["method"]
    key = f"{method} {scope['route'].path_format}"
    rule = RULES.get(key)
    if rule is not None and rule.access is OPEN:
        return
    try:
        check(await principal_of(connection), key)
    except (NotAllowedError, NotSignedInError) as error:
        if method == "WS":
            raise WebSocketException(NOT_ALLOWED, error.message[:_CLOSE_REASON]) from error
        raise


async def principal_of(connection: HTTPConnection) -> Principal:
    """Who asks; raises `NotSignedInError`."""
    found = connection.scope.get("state", {}).get("principal")
    if isinstance(found, Principal):
        return found
    doorkeeper: Doorkeeper = connection.app.state.doorkeeper
    return await doorkeeper.recognise(_token(connection))


async def _signed_in(
    request: Request,
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],  # for the OpenAPI document
) -> Principal:
    return await principal_of(request)


SignedIn = Annotated[Principal, Depends(_signed_in)]


async def of_socket(connection: HTTPConnection) -> Principal:
    """The principal of a WebSocket: the query's `token`, or a bearer header; raises `NotSignedInError`."""
    return await principal_of(connection)


def _token(connection: HTTPConnection) -> str | None:
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    given = value.strip() if scheme.lower() == "bearer" else ""
    # In a path's query a token ends in logs and histories; a socket of a browser has no other place for it.
    if connection.scope["type"] == "websocket":
        given = connection.query_params.get("token") or given
    return given or None


def _open_patterns() -> list[str]:
    patterns = []
    for key, rule in RULES.items():
        kind, _, path = key.partition(" ")
        if rule.access is OPEN and kind not in {"PAGE", "WS"}:
            patterns.append(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)) + ("(/.*)?" if kind == "MOUNT" else ""))
    return patterns


async def _turn_away(error: FolkmootError, receive: Receive, send: Send) -> None:
    """Accept and close at once: a browser is told the reason of a socket that was open, and of no other."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": NOT_SIGNED_IN, "reason": error.message[:_CLOSE_REASON]})
