"""Which scopes a role may search. The map is data: this is the usual one, a workplace file extends or replaces lines.

A role is found however it is written: `CMO`, `cmo`, `Chief Marketing Officer`, `marketing_manager`, `content_agent`.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

_LEADERSHIP: Final = ("executive", "marketing", "sales", "product")
_MAKERS: Final = ("engineering", "product")
_ADVISERS: Final = ("marketing", "sales", "product")

ROLE_SCOPES: Final[Mapping[str, Collection[str]]] = MappingProxyType(
    {
        "ceo": ("executive", "marketing", "sales", "product", "content", "seo", "engineering", "support", "finance"),
        "coo": ("executive", "sales", "product", "engineering", "support", "finance"),
        "cfo": ("executive", "sales", "finance"),
        "cmo": _LEADERSHIP,
        "cso": _LEADERSHIP,
        "cto": ("executive", "engineering", "product"),
        "cpo": ("executive", "product", "marketing", "engineering"),
        "marketing manager": ("marketing", "product"),
        "sales manager": ("sales", "marketing", "product"),
        "product manager": ("product", "marketing", "engineering"),
        "sales": ("sales", "product"),
        "marketing": ("marketing", "product"),
        "product": ("product",),
        "content": ("marketing", "content"),
        "seo": ("marketing", "seo"),
        "support": ("support", "product"),
        "engineering": _MAKERS,
        "engineer": _MAKERS,
        "developer": _MAKERS,
        "backend developer": _MAKERS,
        "frontend developer": _MAKERS,
        "devops": _MAKERS,
        "data scientist": _MAKERS,
        "designer": ("product", "content"),
        "chat": ("product", "support"),
        "lead qualification": ("sales", "product"),
        "recommendations": _ADVISERS,
        "web development": ("engineering", "product"),
        "digital marketing": ("marketing", "seo", "product"),
        "brand design": ("marketing", "content", "product"),
        "content creation": ("marketing", "content"),
        "ecommerce solutions": ("product", "sales"),
        "analytics consulting": ("product", "marketing"),
        "fitness coach": ("fitness", "wellness"),
        "nutritionist": ("nutrition", "wellness"),
        "general": ("wellness",),
    }
)

_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "chief executive officer": "ceo",
        "chief operating officer": "coo",
        "chief financial officer": "cfo",
        "chief marketing officer": "cmo",
        "chief sales officer": "cso",
        "chief technology officer": "cto",
        "chief product officer": "cpo",
        "content creator": "content",
        "content writer": "content",
        "content manager": "content",
        "seo specialist": "seo",
        "seo manager": "seo",
        "software engineer": "engineer",
        "software developer": "developer",
        "customer support": "support",
        "sales representative": "sales",
        "trainer": "fitness coach",
        "dietitian": "nutritionist",
    }
)
_SEPARATORS = re.compile(r"[\s_\-./]+")
# Words that say only that somebody holds the role.
_HOLDERS: Final = (" agent", " specialist", " worker", " bot")


def role_key(role: str) -> str:
    """A role as the map knows it: `Marketing_Manager` → `marketing manager`, `content_agent` → `content`."""
    plain = _SEPARATORS.sub(" ", role).strip().casefold()
    if plain not in _ALIASES:
        for ending in _HOLDERS:
            plain = plain.removesuffix(ending)
    return _ALIASES.get(plain, plain)


class RoleScopes:
    """The map in use: the usual one with the lines of the workplace file in place of its own."""

    def __init__(self, given: Mapping[str, Collection[str]] | None = None) -> None:
        self._map: dict[str, frozenset[str]] = {}
        self.replace(given or {})

    def replace(self, given: Mapping[str, Collection[str]]) -> None:
        """Use these lines from now on, each instead of the usual one of that role."""
        lines = {role_key(role): frozenset(scopes) for role, scopes in given.items()}
        self._map = {role: frozenset(scopes) for role, scopes in ROLE_SCOPES.items()} | lines

    @property
    def roles(self) -> Mapping[str, frozenset[str]]:
        """Every role that has scopes, and which."""
        return MappingProxyType(self._map)

    def of(self, role: str) -> frozenset[str] | None:
        """The scopes of a role, None for one that nobody defined."""
        return self._map.get(role_key(role))
