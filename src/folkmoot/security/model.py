"""The nouns of this room: on whose behalf something is done, and what a role permits. Pure.

Which route asks for which role stands in `folkmoot.web.rules`; who is behind a token is found out in `tokens.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

Role = Literal["admin", "member", "viewer"]
Effect = Literal["read", "write", "external"]

ADMIN: Final = "admin"
KEY_PREFIX: Final = "fmk_"
ROLES: Final[tuple[Role, ...]] = ("viewer", "member", "admin")  # each may do what those before it may
_EFFECTS: Final[Mapping[str, frozenset[Effect]]] = MappingProxyType(
    {
        "admin": frozenset({"read", "write", "external"}),
        "member": frozenset({"read", "write", "external"}),
        "viewer": frozenset({"read"}),
    }
)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """On whose behalf something is done.

    `person` is the key of the person whose twin they own. `knowledge_scopes` None means all; `scopes` are those of an
    API key, None means all that the role may. `session_id` and `key_id` say by what they came in.
    """

    user_id: str
    name: str
    role: Role
    person: str | None = None
    knowledge_scopes: frozenset[str] | None = frozenset()
    scopes: frozenset[str] | None = None
    session_id: str | None = None
    key_id: str | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    def allows(self, subject: str) -> bool:
        """Whether the scopes of what was presented include `subject`, such as `tasks:write`."""
        if self.scopes is None or not subject:
            return True
        area, _, _ = subject.partition(":")
        return bool(self.scopes & {subject, f"{area}:*", "*"})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who does something and from which network address, for the audit; `user_id` None is somebody unrecognised."""

    user_id: str | None
    address: str = ""


HOUSE: Final = Actor(user_id=None, address="house")  # what the house does by itself


def administrator(name: str = ADMIN) -> Principal:
    """The holder of the administrator's token."""
    return Principal(user_id=ADMIN, name=name, role="admin", knowledge_scopes=None)


def allowed_effects(role: Role | None) -> frozenset[Effect]:
    """What a twin or tool may do on behalf of somebody: at most what they may themselves; of nobody, read alone."""
    return _EFFECTS.get(role or "viewer", frozenset({"read"}))


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody with an account. `knowledge_scopes` None means all; times are aware, UTC."""

    user_id: str
    name: str
    email: str = ""
    role: Role
    has_password: bool = False
    person: str | None = None  # key of the person whose twin is theirs
    knowledge_scopes: frozenset[str] | None = frozenset()
    disabled_at: datetime | None = None
    created_at: datetime

    @property
    def principal(self) -> Principal:
        """What they may do themselves, by whatever means they came in."""
        return Principal(
            user_id=self.user_id,
            name=self.name,
            role=self.role,
            person=self.person,
            knowledge_scopes=None if self.role == ADMIN else self.knowledge_scopes,
        )


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key of a program that acts for a user; `scopes` None means all that the user may."""

    key_id: str
    user_id: str
    name: str
    scopes: frozenset[str] | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None

    @property
    def prefix(self) -> str:
        """How the key begins: enough to know it by, not to use it."""
        return f"{KEY_PREFIX}{self.key_id}_…"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One signing in, from which a family of tokens follows."""

    session_id: str
    user_id: str
    key_id: str | None  # it was opened with this key, and does no more and lives no longer
    via: str  # password, key, token, page, oidc
    address: str
    generation: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
