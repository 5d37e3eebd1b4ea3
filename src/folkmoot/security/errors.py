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
