"""API keys of programs: made with a name, scopes and an end; the key is in the answer to that and nowhere else."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.security import NotAllowedError, Principal
from folkmoot.security.errors import UnknownUserError
from folkmoot.security.keys import LONGEST, USUAL
from folkmoot.security.model import ApiKey
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.principal import Acting

router = APIRouter(prefix="/api/keys", tags=["accounts"])
MOST_DAYS: Final = LONGEST.days


class KeyWanted(BaseModel):
    """What a key is for; without scopes it may all that you may."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200, examples=["nightly report"])
    scopes: list[Annotated[str, Field(min_length=1, max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=100, examples=[["tasks:read", "agents:read"]]
    )
    user_id: str | None = Field(default=None, max_length=64, description="Whose, made by an administrator; else yours")
    expires_in_days: int = Field(default=USUAL.days, ge=1, le=MOST_DAYS)


class KeyShown(BaseModel):
    """A key, by its beginning; `scopes` null is all that its user may."""

    key_id: str
    name: str
    prefix: str
    user_id: str
    scopes: list[str] | None
    created_at: AwareDatetime
    expires_at: AwareDatetime
    last_used_at: AwareDatetime | None
    expired: bool


class KeyMade(KeyShown):
    """A new key with its text, which is shown this once."""

    key: str


def shown(key: ApiKey, rooms: Rooms) -> KeyShown:
    """A key as the API shows it."""
    return KeyShown(
        key_id=key.key_id,
        name=key.name,
        prefix=key.prefix,
        user_id=key.user_id,
        scopes=sorted(key.scopes) if key.scopes is not None else None,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        expired=key.expires_at <= rooms.clock.now(),
    )


@router.post("", status_code=201, responses=documented(401, 403, 404, 413, 422, 429, 503))
async def create(principal: SignedIn, actor: Acting, response: Response, rooms: Rooms, wanted: KeyWanted) -> KeyMade:
    """Make a key. It never does more than its user may, also when that becomes less."""
    key, text = await rooms.keys.add(
        wanted.name,
        owner=await _owner(rooms, principal, wanted.user_id),
        scopes=wanted.scopes,
        expires_in=timedelta(days=wanted.expires_in_days),
        by=actor,
    )
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(**shown(key, rooms).model_dump(), key=text)


async def _owner(rooms: Rooms, principal: Principal, user_id: str | None) -> Principal:
    """Whose key it becomes: never with more scopes than those of the key that asks for it."""
    if user_id is None or user_id == principal.user_id:
        return principal
    if not principal.is_admin:
        raise NotAllowedError("an administrator makes keys for others; leave user_id out")
    owner = await rooms.users.principal(user_id)
    if owner is None:
        raise UnknownUserError(f"there is no user {user_id}, or the account is disabled", user_id=user_id)
    return replace(owner, scopes=principal.scopes)


@router.get("", responses=documented(401, 403, 422, 503))
async def list_keys(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    user_id: Annotated[str | None, Query(max_length=64, description="Whose, for an administrator; `*` is all")] = None,
) -> Page[KeyShown]:
    """Your keys, the newest first; an administrator sees anybody's."""
    whose = principal.user_id if user_id is None or not principal.is_admin else user_id
    found, total = await rooms.keys.list(
        user_id=None if whose == "*" else whose, limit=window.limit, offset=window.offset
    )
    return window.page([shown(one, rooms) for one in found], total)


@router.delete("/{key_id}", status_code=204, responses=documented(401, 403, 404, 422, 503))
async def revoke(principal: SignedIn, actor: Acting, rooms: Rooms, key_id: str) -> Response:
    """Revoke a key; what was signed in with it ends at once."""
    await rooms.keys.revoke(key_id, owner=None if principal.is_admin else principal.user_id, by=actor)
    return Response(status_code=204)
