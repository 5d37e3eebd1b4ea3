"""What can go wrong with the files of users."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class UserFilesError(FolkmootError):
    """The family of these faults."""

    code: ClassVar[str] = "user_files"
    family: ClassVar[Family] = Family.INVALID


class FileNameError(UserFilesError):
    """The name cannot be a file's in a user's area."""

    code = "user_files.name"


class NoUserError(UserFilesError):
    """There is no user for whom something could be kept."""

    code = "user_files.no_user"
    family = Family.FORBIDDEN


class UnknownFileError(UserFilesError):
    """The user's area has no such file, or is not yours to see."""

    code = "user_files.unknown"
    family = Family.NOT_FOUND


class FileLimitError(UserFilesError):
    """The file, or what the user keeps in all, would become too large."""

    code = "user_files.limit"
    family = Family.TOO_LARGE


class UnusableAreaError(UserFilesError):
    """The disk did not take it: it is full, may not be written, or something else lies where the folder should be."""

    code = "user_files.unusable"
    family = Family.UNAVAILABLE
