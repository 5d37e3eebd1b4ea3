"""What can go wrong with the schema."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class UnknownRevisionError(FolkmootError):
    """The database is at, or was asked to go to, a revision that this version does not know."""

    code: ClassVar[str] = "unknown_revision"
    family: ClassVar[Family] = Family.INVALID
