"""What can go wrong when somebody wants in."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class SecurityError(FolkmootError):
    """The family of security faults."""

    code: ClassVar[str] = "security"
    family: ClassVar[Family] = Family.FORBIDDEN


class NotSignedInError(SecurityError):
    """No token, or not a valid one."""

    code = "not_signed_in"
    family = Family.UNAUTHENTICATED


class NotAllowedError(SecurityError):
    """Signed in, but the role or the key does not permit this."""

    code = "not_allowed"


class UnknownUserError(SecurityError):
    """There is no such account, or it is somebody else's affair."""

    code = "unknown_user"
    family = Family.NOT_FOUND


class UnknownKeyError(SecurityError):
    """There is no such API key, or it is somebody else's."""

    code = "unknown_key"
    family = Family.NOT_FOUND


class InvalidAccountError(SecurityError):
    """A name, password, role or scope that cannot be."""

    code = "invalid_account"
    family = Family.INVALID


class AccountTakenError(SecurityError):
    """Somebody else has this name, or owns this twin."""

    code = "account_taken"
    family = Family.CONFLICT


class LastAdminError(SecurityError):
    """Nobody could administer afterwards."""

    code = "last_admin"
    family = Family.CONFLICT


class WrongPasswordError(SecurityError):
    """Not the present password."""

    code = "wrong_password"


class UrlForbiddenError(SecurityError):
    """The server may not call this address: it is no web address, or not one on the public network."""

    code = "url_forbidden"
    family = Family.INVALID


class UnknownHostError(UrlForbiddenError):
    """No name server knows the host of an address."""

    code = "unknown_host"


class TooManyAttemptsError(SecurityError):
    """Signing in failed so often that the next attempt has to wait; `retry_after_seconds` says how long."""

    code = "too_many_attempts"
    family = Family.LIMITED


class OidcFailedError(SecurityError):
    """The provider's sign-in came to nothing: refused there, not begun here, or a token that does not hold."""

    code = "oidc_failed"
    family = Family.UNAUTHENTICATED


class OidcUnavailableError(SecurityError):
    """The provider does not answer, or not as one."""

    code = "oidc_unavailable"
    family = Family.UNAVAILABLE
