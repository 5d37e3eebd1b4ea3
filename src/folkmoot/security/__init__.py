"""Who may come in, and what must not get out: accounts, keys and tokens, the audit, the redaction of personal data.

`Credentials` finds out who is behind whatever is presented, and says so as a `Principal`; `UserDesk` and `KeyDesk` keep
accounts and API keys; `AuditLog` remembers who did what. What a role may do stands in `folkmoot.web.rules`.
"""

from folkmoot.security.audit import AuditLog
from folkmoot.security.credentials import Credentials
from folkmoot.security.errors import NotAllowedError, NotSignedInError
from folkmoot.security.keys import KeyDesk
from folkmoot.security.model import Actor, Principal, allowed_effects
from folkmoot.security.tokens import Tokens
from folkmoot.security.users import UserDesk

__all__ = [
    "Actor",
    "AuditLog",
    "Credentials",
    "KeyDesk",
    "NotAllowedError",
    "NotSignedInError",
    "Principal",
    "Tokens",
    "UserDesk",
    "allowed_effects",
]
