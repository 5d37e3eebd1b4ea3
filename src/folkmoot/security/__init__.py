"""Who may come in, and what must not get out: access tokens, and the redaction of personal data."""

from folkmoot.security.errors import NotSignedInError
from folkmoot.security.store import TokenStore
from folkmoot.security.tokens import Principal, Tokens

__all__ = ["NotSignedInError", "Principal", "TokenStore", "Tokens"]
