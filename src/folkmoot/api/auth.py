"""Coming and going of programs: tokens for a name and password or a key, new pairs, signing out (SPEC K2)."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from folkmoot.security import NotSignedInError
from folkmoot.security.credentials import SOCKET_LIVES, Issued
from folkmoot.web import Rooms, SignedIn, documented
from folkmoot.web.principal import address_of

router = APIRouter(prefix="/api/auth", tags=["accounts"])
_OAUTH: Final = frozenset({"client_id", "client_secret", "scope"})  # sent by OAuth2 clients, of no use here


class Grant(BaseModel):
    """What is exchanged for tokens: a name with its password, or an API key (or the administrator's token)."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, max_length=400, examples=["Zoe Vale"])
    password: str | None = Field(default=None, max_length=400, examples=["four words make one"])
    api_key: str | None = Field(default=None, max_length=1000)
    username: str | None = Field(default=None, max_length=400, description="as OAuth2 forms call the name")
    grant_type: Literal["password"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Grant":
        by_name = bool(self.name or self.username) and self.password is not None
        if by_name == bool(self.api_key):
            raise ValueError("give name and password, or api_key")
        return self


class Tokens(BaseModel):
    """A pair of tokens; `refresh_token` is good for one use, `expires_in` seconds after now the other one ends."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # OAuth2's word for how it is sent
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    user_id: str


class RefreshWanted(BaseModel):
    """The refresh token of the last pair."""

    model_config = ConfigDict(extra="forbid")
    refresh_token: str = Field(min_length=1, max_length=5000)


class RevokeWanted(BaseModel):
    """An access or refresh token of the sign-in that is to end."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(min_length=1, max_length=5000)


class SocketToken(BaseModel):
    """For `?token=` of one WebSocket, within `expires_in` seconds."""

    token: str
    expires_in: int


async def _grant(request: Request) -> Grant:
    """The body as JSON or as an OAuth2 form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given: Any
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        async with request.form(max_files=0, max_fields=20) as form:
            given = {name: value for name, value in form.items() if name not in _OAUTH}
    else:
        try:
            given = await request.json()
        except ValueError as error:
            raise _unread("it is no JSON text") from error
    if not isinstance(given, Mapping):
        raise _unread("it is no JSON object")
    try:
        return Grant.model_validate(given)
    except ValidationError as error:
        # Without what was given: it is a password.
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in faults]) from None


def _unread(said: str) -> RequestValidationError:
    return RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": said, "input": None}])


_schema: Final = Grant.model_json_schema(ref_template="#/components/schemas/{model}")
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _schema},
            "application/x-www-form-urlencoded": {"schema": _schema},
        },
    }
}


@router.post("/token", responses=documented(401, 413, 422, 429, 503), openapi_extra=_BODY)
async def token(request: Request, response: Response, rooms: Rooms, grant: Annotated[Grant, Depends(_grant)]) -> Tokens:
    """Sign in: an access token for minutes, and a refresh token for the next pair."""
    address = address_of(request)
    if grant.api_key:
        return _shown(response, await rooms.credentials.sign_in_by_token(grant.api_key, address=address))
    name = grant.name or grant.username or ""
    return _shown(response, await rooms.credentials.sign_in(name, grant.password or "", address=address))


@router.post("/refresh", responses=documented(401, 413, 422, 429, 503))
async def refresh(request: Request, response: Response, rooms: Rooms, wanted: RefreshWanted) -> Tokens:
    """A new pair. A refresh token that comes a second time ends its whole sign-in: somebody has a copy."""
    return _shown(response, await rooms.credentials.refresh(wanted.refresh_token, address=address_of(request)))


@router.post("/revoke", status_code=204, responses=documented(413, 422, 429, 503))
async def revoke(request: Request, rooms: Rooms, wanted: RevokeWanted) -> Response:
    """Sign out. What is unknown or has ended already is signed out too (RFC 7009)."""
    try:
        await rooms.credentials.revoke(wanted.token, address=address_of(request))
    except NotSignedInError:
        return Response(status_code=204)
    return Response(status_code=204)


@router.post("/socket", responses=documented(401, 403, 413, 422, 429, 503))
async def socket(principal: SignedIn, response: Response, rooms: Rooms) -> SocketToken:
    """A token for `?token=` of one WebSocket: an address ends in logs, this one is worthless by then."""
    response.headers["Cache-Control"] = "no-store"
    return SocketToken(token=rooms.credentials.socket_token(principal), expires_in=int(SOCKET_LIVES.total_seconds()))


def _shown(response: Response, issued: Issued) -> Tokens:
    response.headers["Cache-Control"] = "no-store"
    return Tokens(
        access_token=issued.access_token,
        expires_in=int(issued.expires_in.total_seconds()),
        refresh_token=issued.refresh_token,
        refresh_expires_in=int(issued.refresh_expires_in.total_seconds()),
        user_id=issued.user_id,
    )
