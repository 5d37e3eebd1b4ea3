"""Accounts: who may come in, as what, and whose twin is whose (SPEC K2). For administrators, but for one's own."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.consent import display_name, person_key
from folkmoot.security.errors import UnknownUserError
from folkmoot.security.model import ADMIN, Role, User
from folkmoot.security.passwords import LONGEST, SHORTEST
from folkmoot.security.users import NewUser
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.ownership import check_key
from folkmoot.web.principal import Acting

router = APIRouter(prefix="/api/users", tags=["accounts"])
READ: Final = documented(401, 403, 404, 422, 503)
WRITE: Final = documented(401, 403, 404, 409, 413, 422, 429, 503)
Password = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST, examples=["four words make one"])]
Scopes = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=100)]
Person = Annotated[str, Field(min_length=1, max_length=200)]
Email = Annotated[str, Field(max_length=254)]


class UserWanted(BaseModel):
    """An account. Without a password it is entered by API keys alone."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200, examples=["Zoe Vale"])
    role: Role = "member"
    email: Email = Field(default="", examples=["zoe@acme.example"])
    password: Password | None = None
    person: Person | None = Field(default=None, description="whose twin is theirs", examples=["Zoe Vale"])
    knowledge_scopes: Scopes | None = Field(
        default_factory=list,
        description="what they may know of; null is everything",
        examples=[["product", "marketing"]],
    )


class UserChange(BaseModel):
    """What is to be another; what is left out stays. `person: null` takes the twin from them."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, min_length=1, max_length=200)
    role: Role | None = None
    email: Email | None = None
    password: Password | None = None
    person: Person | None = None
    knowledge_scopes: Scopes | None = None
    disabled: bool | None = None


class UserShown(BaseModel):
    """An account. `person` is the key of the person whose twin is theirs; `knowledge_scopes` null is everything."""

    user_id: str
    name: str
    email: str
    role: Role
    person: str | None
    knowledge_scopes: list[str] | None
    has_password: bool
    disabled: bool
    disabled_at: AwareDatetime | None
    created_at: AwareDatetime


class Me(UserShown):
    """One's own account; `scopes` are those of the key that asks, null is all that the role may."""

    scopes: list[str] | None


class PasswordWanted(BaseModel):
    """A new password; with one already, the present one too."""

    model_config = ConfigDict(extra="forbid")
    password: Password
    present: str | None = Field(default=None, max_length=LONGEST)


def shown(user: User) -> UserShown:
    """An account as the API shows it."""
    return UserShown(**_fields(user))


def _fields(user: User) -> dict[str, Any]:
    scopes = user.principal.knowledge_scopes
    return {
        "user_id": user.user_id,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "person": user.person,
        "knowledge_scopes": sorted(scopes) if scopes is not None else None,
        "has_password": user.has_password,
        "disabled": user.disabled_at is not None,
        "disabled_at": user.disabled_at,
        "created_at": user.created_at,
    }


@router.post("", status_code=201, responses=documented(401, 403, 409, 413, 422, 429, 503))
async def create(principal: SignedIn, actor: Acting, rooms: Rooms, wanted: UserWanted) -> UserShown:
    """Make an account."""
    if wanted.role == ADMIN:
        check_key(principal, "make an administrator")
    new = NewUser(
        name=wanted.name,
        role=wanted.role,
        email=wanted.email,
        password=wanted.password,
        person=person_key(display_name(wanted.person)) if wanted.person else None,
        knowledge_scopes=frozenset(wanted.knowledge_scopes) if wanted.knowledge_scopes is not None else None,
    )
    return shown(await rooms.users.create(new, by=actor))


@router.get("", responses=documented(401, 403, 422, 503))
async def list_users(_principal: SignedIn, rooms: Rooms, window: Paging) -> Page[UserShown]:
    """All accounts by name."""
    found, total = await rooms.users.list(limit=window.limit, offset=window.offset)
    return window.page([shown(one) for one in found], total)


@router.get("/me", responses=documented(401, 403, 404, 503))
async def me(principal: SignedIn, rooms: Rooms) -> Me:
    """One's own account."""
    scopes = sorted(principal.scopes) if principal.scopes is not None else None
    return Me(**_fields(await rooms.users.get(principal.user_id)), scopes=scopes)


@router.put("/me/password", status_code=204, responses=WRITE)
async def set_own_password(principal: SignedIn, actor: Acting, rooms: Rooms, wanted: PasswordWanted) -> Response:
    """Set one's own password; other sign-ins end."""
    check_key(principal, "set a password")
    await rooms.users.set_password(
        principal.user_id, wanted.password, present=wanted.present, keep=principal.session_id, by=actor
    )
    return Response(status_code=204)


@router.get("/{user_id}", responses=READ)
async def read(principal: SignedIn, rooms: Rooms, user_id: str) -> UserShown:
    """One account: one's own, or any for an administrator."""
    if not principal.is_admin and user_id != principal.user_id:
        raise UnknownUserError(f"there is no user {user_id}", user_id=user_id)
    return shown(await rooms.users.get(user_id))


@router.patch("/{user_id}", responses=WRITE)
async def change(principal: SignedIn, actor: Acting, rooms: Rooms, user_id: str, wanted: UserChange) -> UserShown:
    """Change an account; what is disabled or demoted takes effect with the next request."""
    given: dict[str, Any] = wanted.model_dump(exclude_unset=True)
    password = given.pop("password", None)
    if wanted.role == ADMIN:
        check_key(principal, "make an administrator")
    if password is not None and (await rooms.users.get(user_id)).role == ADMIN:
        check_key(principal, "set an administrator's password")
    # Null says "nobody's" and "everything"; of the rest it says nothing.
    changes = {
        name: value for name, value in given.items() if value is not None or name in {"person", "knowledge_scopes"}
    }
    if changes.get("person"):
        changes["person"] = person_key(display_name(changes["person"]))
    user = await rooms.users.change(user_id, changes, by=actor)
    if password is not None:
        await rooms.users.set_password(user_id, password, by=actor)
        user = await rooms.users.get(user_id)
    return shown(user)


@router.delete("/{user_id}", status_code=204, responses=documented(401, 403, 404, 409, 422, 503))
async def remove(_principal: SignedIn, actor: Acting, rooms: Rooms, user_id: str) -> Response:
    """Remove an account; its keys and sign-ins end at once, and its files go. What else they made stays."""
    await rooms.users.remove(user_id, by=actor)
    return Response(status_code=204)
