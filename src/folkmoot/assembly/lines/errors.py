"""What can go wrong when a program joins."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class LineError(FolkmootError):
    """The family of faults of joining."""

    code: ClassVar[str] = "line"
    family: ClassVar[Family] = Family.UNAVAILABLE


class NoMailHereError(LineError):
    """The workplace is a running server's, from which agents of another process get no mail."""

    code = "line.no_mail"
    family = Family.CONFLICT


class RedisNeededError(LineError):
    """Several processes can share a workplace over Redis only, and none is named."""

    code = "line.redis_needed"
    family = Family.INVALID
