"""On whose behalf a request is made: by bearer token, by `?token=` on a socket, or by the sign-in page's cookie."""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from folkmoot.security import Principal, Tokens

COOKIE: Final = "folkmoot_token"
_bearer = HTTPBearer(auto_error=False, description="The token that was shown at the first start")


class Doorkeeper:
    """Recognises who asks; with `open_house` (AUTH=off, loopback only) everybody is the administrator."""

    def __init__(self, *, tokens: Tokens, open_house: bool) -> None:
        self.tokens = tokens
        self.open_house = open_house

    async def recognise(self, token: str | None) -> Principal:
        """The principal of a token; raises `NotSignedInError`."""
        if self.open_house:
            return Principal(name="admin", role="admin")
        return await self.tokens.recognise(token)


async def _signed_in(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    return await doorkeeper.recognise(credentials.credentials if credentials else None)


SignedIn = Annotated[Principal, Depends(_signed_in)]


async def of_socket(connection: HTTPConnection) -> Principal:
    """The principal of a WebSocket: the query's `token`, or a bearer header; raises `NotSignedInError`."""
    doorkeeper: Doorkeeper = connection.app.state.doorkeeper
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    token = connection.query_params.get("token") or (value if scheme.lower() == "bearer" else None)
    return await doorkeeper.recognise(token)
