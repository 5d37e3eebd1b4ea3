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


class UrlForbiddenError(SecurityError):
    """The server may not call this address: it is no web address, or not one on the public network."""

    code = "url_forbidden"
    family = Family.INVALID


class UnknownHostError(UrlForbiddenError):
    """No name server knows the host of an address."""

    code = "unknown_host"
