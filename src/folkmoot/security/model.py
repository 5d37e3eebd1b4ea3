"""The nouns of this room: on whose behalf something is done, and what a role permits. Pure.

Which route asks for which role stands in `folkmoot.web.rules`; who is behind a token is found out in `tokens.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Role = Literal["admin", "member", "viewer"]
Effect = Literal["read", "write", "external"]

ADMIN: Final = "admin"
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
    API key or token, None means all that the role may.
    """

    user_id: str
    name: str
    role: Role
    person: str | None = None
    knowledge_scopes: frozenset[str] | None = frozenset()
    scopes: frozenset[str] | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    def allows(self, subject: str) -> bool:
        """Whether the scopes of what was presented include `subject`, such as `tasks:write`."""
        if self.scopes is None or not subject:
            return True
        area, _, _ = subject.partition(":")
        return bool(self.scopes & {subject, f"{area}:*", "*"})


def administrator(name: str = ADMIN) -> Principal:
    """The holder of the administrator's token."""
    return Principal(user_id=ADMIN, name=name, role="admin", knowledge_scopes=None)


def allowed_effects(role: Role | None) -> frozenset[Effect]:
    """What a twin or tool may do on behalf of somebody: at most what they may themselves; of nobody, read alone."""
    return _EFFECTS.get(role or "viewer", frozenset({"read"}))
