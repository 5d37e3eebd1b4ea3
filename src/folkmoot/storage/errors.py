"""What can go wrong with the place where rows live."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class StorageError(FolkmootError):
    """The family of storage faults."""

    code: ClassVar[str] = "storage"
    family: ClassVar[Family] = Family.UNAVAILABLE


class StorageUnavailableError(StorageError):
    """The database cannot be reached or opened."""

    code = "storage_unavailable"


class StorageFullError(StorageError):
    """The disk or quota is used up; nothing of the attempted write was kept."""

    code = "storage_full"
