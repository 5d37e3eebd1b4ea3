"""Who may come in, and what must not get out: access tokens, and the redaction of personal data."""

from folkmoot.security.errors import NotAllowedError, NotSignedInError
from folkmoot.security.model import Principal, allowed_effects
from folkmoot.security.store import TokenStore
from folkmoot.security.tokens import Tokens

__all__ = ["NotAllowedError", "NotSignedInError", "Principal", "TokenStore", "Tokens", "allowed_effects"]
