"""What can go wrong on the way to Redis."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class LinkError(FolkmootError):
    """The family of faults on the way to Redis."""

    code: ClassVar[str] = "link"
    family: ClassVar[Family] = Family.UNAVAILABLE


class LinkDownError(LinkError):
    """Redis cannot be reached, or takes nothing; what was asked may or may not have happened, and may be repeated."""

    code = "redis_down"


class BadRedisUrlError(LinkError):
    """The URL names no Redis."""

    code = "bad_redis_url"
    family = Family.INVALID
