"""Settings: what keeps strangers and floods out. What judges a value is imported where there is one: see `tools.py`."""

import re
from typing import Literal, TypeAlias, cast, get_args

from pydantic import BaseModel, Field, SecretStr, field_validator

_Role: TypeAlias = Literal["admin", "member", "viewer"]


class WallSettings(BaseModel):
    """Settings: what keeps strangers and floods out."""

    allowed_hosts_out: str = Field(
        default="",
        description="Hosts inside that URLs set by users may name: names, *.names, addresses, networks, with :port",
        examples=["crm.internal,localhost:11434,10.1.0.0/16"],
    )

    rate_limit: str = Field(
        default="2400/minute",
        description="Requests of one user to one group of routes (such as `/api/tasks`) in a moving window; or `off`",
        examples=["1200/minute"],
    )
    rate_limit_costly: str = Field(
        default="240/minute",
        description="The same for what costs much: imports, uploads of knowledge, leads, new users and keys; or `off`",
        examples=["60/minute"],
    )
    rate_limit_sign_in: str = Field(
        default="60/minute",
        description="Attempts to sign in, and wrong tokens, from one address in a moving window; or `off`",
        examples=["20/minute"],
    )
    body_limit_mb: int = Field(
        default=2, ge=1, le=1024, description="Largest body of an ordinary request, in MiB", examples=["2"]
    )
    upload_limit_mb: int = Field(
        default=1024, ge=1, le=65536, description="Largest upload (exports, documents), in MiB", examples=["200"]
    )

    oidc_issuer: str | None = Field(
        default=None,
        description="Provider whose accounts may sign in (OpenID Connect; the extra `oidc`)",
        examples=["https://accounts.example.com/realms/team"],
    )
    oidc_client_id: str | None = Field(
        default=None, description="How the provider knows this workplace", examples=["folkmoot"]
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Its secret there; without one it is a public client", examples=["a-secret"]
    )
    oidc_name: str = Field(
        default="OpenID", max_length=60, description='What stands on the button "Sign in with …"', examples=["Acme"]
    )
    oidc_scopes: str = Field(
        default="openid profile email", description="What the provider is asked for", examples=["openid profile email"]
    )
    oidc_role_claim: str | None = Field(
        default=None,
        description="The claim that says somebody's groups or roles; dots lead into objects",
        examples=["realm_access.roles"],
    )
    oidc_roles: str = Field(
        default="",
        description="What the claim's values mean here: value=admin, value=member or value=viewer, with commas",
        examples=["folkmoot-admins=admin,staff=member"],
    )
    oidc_default_role: Literal["admin", "member", "viewer", "none"] = Field(
        default="viewer",
        description="The role of whom the claim gives none; `none` turns them away",
        examples=["viewer"],
    )
    oidc_redirect_url: str | None = Field(
        default=None,
        description="Where the provider sends people back, if the server cannot tell by itself",
        examples=["https://team.example/dashboard/sign-in/oidc/callback"],
    )

    @field_validator("oidc_roles")
    @classmethod
    def _role_map(cls, value: str) -> str:
        for pair in filter(None, (part.strip() for part in value.split(","))):
            name, _, role = pair.rpartition("=")
            if role.strip() not in get_args(_Role) or not name.strip():
                raise ValueError(f"'{pair}' is not value=admin, value=member or value=viewer")
        return value

    @field_validator("oidc_issuer", "oidc_redirect_url")
    @classmethod
    def _https(cls, value: str | None) -> str | None:
        here = r"http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)"
        if value is not None and not re.match(rf"https://[^/\s]|{here}", value):
            raise ValueError("it does not begin with https:// (or http:// on this machine)")
        return value

    @property
    def role_map(self) -> dict[str, _Role]:
        """`oidc_roles` as a map."""
        pairs = (part.rpartition("=") for part in self.oidc_roles.split(",") if part.strip())
        return {name.strip(): cast("_Role", role.strip()) for name, _, role in pairs}

    @field_validator("rate_limit", "rate_limit_costly", "rate_limit_sign_in")
    @classmethod
    def _rates(cls, value: str) -> str:
        if value.strip().lower() != "off":
            from limits import parse

            try:
                parse(value)
            except ValueError:
                raise ValueError("it is no rate such as 1200/minute, nor `off`") from None
        return value

    @field_validator("allowed_hosts_out")
    @classmethod
    def _hosts(cls, value: str) -> str:
        from folkmoot.security.networks import AllowedHosts

        AllowedHosts(value.split(","))
        return value

    @property
    def hosts_out(self) -> list[str]:
        """`allowed_hosts_out` as a list."""
        return [part.strip() for part in self.allowed_hosts_out.split(",") if part.strip()]
