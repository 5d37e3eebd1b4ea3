"""Names that a file system cannot misread: of files as people write them, of folders from any user's name. Pure."""

import hashlib
import re
import unicodedata
from typing import Final

from folkmoot.user_files.errors import FileNameError

KINDS: Final = (".json", ".txt", ".md", ".csv")
LONGEST: Final = 100
_NAME: Final = re.compile(r"\w[\w .+-]*", re.UNICODE)
# Names that Windows gives to devices: a home may be copied there, or shared with it.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")
_LONGEST_FOLDER: Final = 120
_HASHED: Final = "%h-"  # a percent sign is followed by two hexadecimal digits in every other name


def checked_name(name: str) -> str:
    """The name in its one form, if a file may be called so. Raises `FileNameError`."""
    name = unicodedata.normalize("NFC", name)
    stem, _, _ = name.partition(".")
    wrong = (
        not _NAME.fullmatch(name)
        or len(name.encode("utf-8", "surrogatepass")) > LONGEST
        or name.endswith((" ", "."))
        or _DEVICES.fullmatch(stem.strip())
        or ".." in name
        or not name.casefold().endswith(KINDS)
    )
    if wrong:
        raise FileNameError(
            f"{name[:60]!r} cannot be a file's name here; write letters, digits, '-' and '_' with one of "
            f"{', '.join(KINDS)}, at most {LONGEST} characters, as in 'notes.txt'"
        )
    return name


def folder_name(user: str) -> str:
    """The folder of a user by any name: `room-1a2b` as it is, `Ida B` as `%49da%20%42`; no two users share one.

    Also where upper and lower case are the same to a file system.
    """
    raw = user.encode("utf-8", "surrogatepass")
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in raw)
    if _DEVICES.fullmatch(name):
        name = f"%{raw[0]:02x}{name[1:]}"
    if not name or len(name) > _LONGEST_FOLDER:
        return f"{_HASHED}{hashlib.sha256(raw).hexdigest()}"
    return name
