"""The nouns of signing in elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from folkmoot.security.model import ROLES, Role

LASTS: Final = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class OidcOptions:
    """What is known of a provider. `roles` maps a value of the claim to a role; `role` is for those it does not name.

    `role` None turns those away. Without `role_claim` all come in with `role`, which an administrator may change.
    """

    issuer: str
    client_id: str
    client_secret: str | None = None
    name: str = "OpenID"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    role_claim: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    role: Role | None = "viewer"
    redirect_url: str | None = None

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """The highest role that the claim gives; else `role`."""
        found = self.claimed(claims)
        given = [self.roles[value] for value in found if value in self.roles]
        return max(given, key=ROLES.index, default=self.role)

    def claimed(self, claims: Mapping[str, Any]) -> list[str]:
        """The values of the role claim; a dot leads into an object (`realm_access.roles`)."""
        if self.role_claim is None:
            return []
        value: Any = claims.get(self.role_claim)
        if value is None:
            value = claims
            for step in self.role_claim.split("."):
                value = value.get(step) if isinstance(value, Mapping) else None
        return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)] if value else []


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one sign-in on its way has to be recognised by; it travels in a cookie of the browser that began it."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who somebody is at a provider, as its verified token says."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How they may be called."""
        wanted = ("name", "preferred_username", "nickname", "email")
        found = (str(self.claims.get(one) or "") for one in wanted)
        clean = (" ".join("".join(letter for letter in name if letter.isprintable()).split()) for name in found)
        return next(filter(None, clean), "Guest")

    @property
    def email(self) -> str:
        """Their address, if the provider says that it is theirs."""
        email = self.claims.get("email")
        return str(email) if email and self.claims.get("email_verified") is True else ""
