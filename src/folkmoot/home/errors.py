"""What can go wrong with the home folder."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class HomeError(FolkmootError):
    """The family of faults of the home."""

    code: ClassVar[str] = "home"
    family: ClassVar[Family] = Family.UNAVAILABLE


class HomeUnusableError(HomeError):
    """The home folder cannot be created, read or written."""

    code = "home_unusable"


class HomeBusyError(HomeError):
    """Another process owns this home."""

    code = "home_busy"
    family = Family.CONFLICT
