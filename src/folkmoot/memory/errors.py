"""What can go wrong with knowledge."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class MemoryRoomError(FolkmootError):
    """The family of this room."""

    code: ClassVar[str] = "memory"
    family: ClassVar[Family] = Family.INVALID


class InvalidPassageError(MemoryRoomError):
    """A passage that cannot be kept as it stands; nothing of its batch was."""

    code = "passage_invalid"


class InvalidSearchError(MemoryRoomError):
    """A search that makes no sense: a limit out of range."""

    code = "search_invalid"
