"""Every user's own folder of small text and JSON files: `<home>/user_contexts/<user>/` (SPEC D5, E4).

Tools keep there what an agent noted for a user, conversations what was said, and the API shows a user their own.
`names.py` makes names that lead nowhere else, `disk.py` writes so that a file is whole or as it was, `area.py` is one
user's folder with its limits, `files.py` all of them.
"""

from folkmoot.user_files.area import FileLimits, KeptFile, UserArea
from folkmoot.user_files.errors import (
    FileLimitError,
    FileNameError,
    NoUserError,
    UnknownFileError,
    UnusableAreaError,
    UserFilesError,
)
from folkmoot.user_files.files import UserFiles

__all__ = [
    "FileLimitError",
    "FileLimits",
    "FileNameError",
    "KeptFile",
    "NoUserError",
    "UnknownFileError",
    "UnusableAreaError",
    "UserArea",
    "UserFiles",
    "UserFilesError",
]
