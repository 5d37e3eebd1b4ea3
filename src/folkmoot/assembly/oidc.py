"""Signing in with another provider's accounts, if the settings name one."""

import importlib.util

from folkmoot.assembly.people import People
from folkmoot.assembly.settings import Settings, WrongSettingError
from folkmoot.kernel import Clock
from folkmoot.security.oidc import OidcOptions, OidcSignIn
from folkmoot.security.oidc.provider import OidcProvider
from folkmoot.storage import Database


def oidc_sign_in(settings: Settings, *, database: Database, clock: Clock, people: People) -> OidcSignIn | None:
    """None without OIDC_ISSUER. Raises `WrongSettingError` when what it needs is missing."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None:
        raise WrongSettingError(
            "OIDC_CLIENT_ID is missing: OIDC_ISSUER is set; for example OIDC_CLIENT_ID=folkmoot",
            variable="OIDC_CLIENT_ID",
        )
    if importlib.util.find_spec("authlib") is None:
        raise WrongSettingError(
            "OIDC_ISSUER is set, and signing in elsewhere is not installed; pip install 'folkmoot[oidc]' does that",
            variable="OIDC_ISSUER",
        )
    options = OidcOptions(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None,
        name=settings.oidc_name,
        scopes=tuple(settings.oidc_scopes.split()),
        role_claim=settings.oidc_role_claim,
        roles=settings.role_map,
        role=None if settings.oidc_default_role == "none" else settings.oidc_default_role,
        redirect_url=settings.oidc_redirect_url,
    )
    return OidcSignIn(
        provider=OidcProvider(options=options, clock=clock),
        database=database,
        clock=clock,
        users=people.users,
        credentials=people.credentials,
        audit=people.audit,
    )
