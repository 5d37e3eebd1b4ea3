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


class EmbeddingError(MemoryRoomError):
    """A text could not be made a vector, or the vectors cannot be reached; searching by words goes on."""

    code = "embedding_unavailable"
    family = Family.UNAVAILABLE


class InvalidMemoryError(MemoryRoomError):
    """A key, a scope or a value that cannot be shared as it stands; nothing was written."""

    code = "memory_invalid"


class MemoryTooLargeError(MemoryRoomError):
    """A value or a space that would be larger than is kept."""

    code = "memory_too_large"
    family = Family.TOO_LARGE


class StaleVersionError(MemoryRoomError):
    """Somebody else changed the value since it was read; nothing was written."""

    code = "memory_version_stale"
    family = Family.CONFLICT


class UnknownMemoryError(MemoryRoomError):
    """There is no such shared memory, or it is somebody else's."""

    code = "memory_unknown"
    family = Family.NOT_FOUND


class ReadOnlyMemoryError(MemoryRoomError):
    """Whoever is acted for may read, and change nothing."""

    code = "memory_read_only"
    family = Family.FORBIDDEN
