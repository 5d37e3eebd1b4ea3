"""On whose behalf a request is made, and whether it may be made at all.

`Guard`, a middleware, recognises who asks before a body is read: by bearer token or, on a socket, by `?token=`.
`within_rules`, a dependency of every route, then holds the matched route against `folkmoot.web.rules`. Pages of the
dashboard are known by the sign-in page's cookie and ask by themselves.
"""

import re
from contextlib import suppress
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.exceptions import WebSocketException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from folkmoot.kernel import FolkmootError
from folkmoot.security import Actor, Credentials, NotAllowedError, NotSignedInError, Principal
from folkmoot.security.credentials import Issued
from folkmoot.security.model import administrator
from folkmoot.telemetry.context import also_bound_to
from folkmoot.web.problems import of_error
from folkmoot.web.rules import OPEN, RULES, check

COOKIE: Final = "folkmoot_token"
NOT_SIGNED_IN: Final = 4401
NOT_ALLOWED: Final = 4403
_CLOSE_REASON: Final = 120  # bytes of a close frame are few
_bearer = HTTPBearer(auto_error=False, description="The token that was shown at the first start")


class Doorkeeper:
    """Recognises who asks; with `open_house` (AUTH=off, loopback only) everybody is the administrator."""

    def __init__(self, *, credentials: Credentials, open_house: bool) -> None:
        self._credentials = credentials
        self.open_house = open_house

    async def recognise(self, token: str | None) -> Principal:
        """The principal of a token; raises `NotSignedInError`."""
        return administrator() if self.open_house else await self._credentials.recognise(token)

    async def recognise_socket(self, token: str | None) -> Principal:
        """The principal of a socket's token, which may be one for that socket alone."""
        return administrator() if self.open_house else await self._credentials.recognise_socket(token)

    async def recognise_page(self, cookie: str | None) -> Principal:
        """The principal of the dashboard's cookie."""
        return administrator() if self.open_house else await self._credentials.recognise_page(cookie)

    async def sign_in(self, *, name: str, password: str, token: str, address: str) -> Issued:
        """Begin a visit of the dashboard, by name and password or by a token."""
        if token:
            return await self._credentials.sign_in_by_token(token, address=address)
        return await self._credentials.sign_in(name, password, address=address, via="page")

    async def sign_out(self, cookie: str | None, *, address: str) -> None:
        """End the visit that this cookie belongs to; without one there is nothing to end."""
        if cookie and not self.open_house:
            with suppress(NotSignedInError):
                await self._credentials.revoke(cookie, address=address)


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
            principal = await _recognise(self._doorkeeper, HTTPConnection(scope))
        except FolkmootError as error:
            if kind == "http":
                await of_error(error)(scope, receive, send)
            elif scope["path"].startswith("/dashboard/"):
                await self._app(scope, receive, send)  # the pages' own socket, whose visitors the pages recognise
            else:
                await _turn_away(error, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        also_bound_to(user_id=principal.user_id)
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
            raise WebSocketException(NOT_ALLOWED, _reason(error)) from error
        raise


async def principal_of(connection: HTTPConnection) -> Principal:
    """Who asks; raises `NotSignedInError`."""
    found = connection.scope.get("state", {}).get("principal")
    if isinstance(found, Principal):
        return found
    return await _recognise(connection.app.state.doorkeeper, connection)


def actor_of(connection: HTTPConnection, principal: Principal | None) -> Actor:
    """Who acts, and from which address, for the audit."""
    return Actor(user_id=principal.user_id if principal else None, address=address_of(connection))


def address_of(connection: HTTPConnection) -> str:
    """The network address of the other side; behind a proxy, what the server was told to believe."""
    return connection.client.host if connection.client else ""


async def _recognise(doorkeeper: Doorkeeper, connection: HTTPConnection) -> Principal:
    if connection.scope["type"] == "websocket":
        return await doorkeeper.recognise_socket(_token(connection))
    return await doorkeeper.recognise(_token(connection))


async def _signed_in(
    request: Request,
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],  # for the OpenAPI document
) -> Principal:
    return await principal_of(request)


SignedIn = Annotated[Principal, Depends(_signed_in)]


async def _acting(request: Request, principal: SignedIn) -> Actor:
    return actor_of(request, principal)


Acting = Annotated[Actor, Depends(_acting)]


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
    await send({"type": "websocket.close", "code": NOT_SIGNED_IN, "reason": _reason(error)})


def _reason(error: FolkmootError) -> str:
    return error.message.encode()[:_CLOSE_REASON].decode(errors="ignore")
