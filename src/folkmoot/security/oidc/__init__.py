"""Signing in with somebody else's accounts: OpenID Connect, by authorization code with PKCE (the extra `oidc`).

`OidcSignIn` begins and finishes a sign-in; what the provider says is fetched and verified in `provider`. Who somebody
is at a provider is tied to one account here, and never to an account that merely has the same name or address.
"""

from folkmoot.security.oidc.model import Attempt, Identity, OidcOptions
from folkmoot.security.oidc.sign_in import OidcSignIn

__all__ = ["Attempt", "Identity", "OidcOptions", "OidcSignIn"]
