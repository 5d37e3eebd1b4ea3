"""What can go wrong with a permission."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class ConsentError(FolkmootError):
    """The family of faults about permissions."""

    code: ClassVar[str] = "consent"
    family: ClassVar[Family] = Family.FORBIDDEN


class ConsentMissingError(ConsentError):
    """Nobody may do this with this person's texts now: no consent was given, or it expired or was revoked."""

    code = "consent_missing"


class InvalidConsentError(ConsentError):
    """A grant that cannot be recorded as it stands: a field is empty, malformed or out of range."""

    code = "consent_invalid"
    family = Family.INVALID


class UnknownConsentError(ConsentError):
    """No consent has this id or token."""

    code = "consent_unknown"
    family = Family.NOT_FOUND
