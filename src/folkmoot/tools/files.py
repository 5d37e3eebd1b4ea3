"""A user's own folder of small text and JSON files: `<home>/users/<user_id>/`.

Names are plain file names of one level, and every file is opened relative to its folder without following links, so
that no name leads out of it. A file appears whole or not at all.
"""

import asyncio
import hashlib
import os
import re
import stat
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

from folkmoot.kernel import Family, new_id
from folkmoot.tools.errors import ToolsError

KINDS: Final = (".json", ".txt", ".md", ".csv")
_LONGEST: Final = 100
_NAME: Final = re.compile(r"\w[\w .+-]*", re.UNICODE)
_OWN_FOLDER: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# Names that Windows gives to devices: a home may be copied there, or shared with it.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)
_DRAFT: Final = ".draft-"


class FileNameError(ToolsError):
    """The name cannot be a file's in a user's area."""

    code = "tools.file_name"


class NoUserError(ToolsError):
    """There is no user for whom something could be kept."""

    code = "tools.no_user"
    family = Family.FORBIDDEN


class UnknownFileError(ToolsError):
    """The user's area has no such file."""

    code = "tools.unknown_file"
    family = Family.NOT_FOUND


class FileLimitError(ToolsError):
    """The file, or what the user keeps in all, would become too large."""

    code = "tools.file_limit"
    family: ClassVar[Family] = Family.TOO_LARGE


@dataclass(frozen=True, kw_only=True)
class FileLimits:
    """How much one user may keep."""

    file_bytes: int = 1024 * 1024
    files: int = 200
    total_bytes: int = 20 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file as a list shows it."""

    name: str
    size: int
    changed_at: datetime


class UserFiles:
    """The areas of all users below `folder`, which is made when the first file is saved."""

    def __init__(self, folder: Path, *, limits: FileLimits | None = None) -> None:
        self._folder = folder
        self._limits = limits or FileLimits()
        self._one_at_a_time = threading.Lock()

    def area(self, user_id: str | None) -> "UserArea":
        """The area of one user; that of None keeps nothing."""
        own = None if user_id is None else self._folder / _folder_name(user_id)
        return UserArea(own, limits=self._limits, lock=self._one_at_a_time)


class UserArea:
    """One user's files. Every method raises `NoUserError` without a user, `FileNameError` for a name that is none."""

    def __init__(self, folder: Path | None, *, limits: FileLimits, lock: threading.Lock) -> None:
        self._folder = folder
        self._limits = limits
        self._lock = lock

    async def save(self, name: str, text: str) -> KeptFile:
        """Keep a file, in the place of an older one of that name. Raises `FileLimitError`; then nothing changed."""
        return await asyncio.to_thread(self._save, _checked(name), text.encode("utf-8", "surrogatepass"))

    async def read(self, name: str) -> str:
        """What a file says. Raises `UnknownFileError`."""
        return await asyncio.to_thread(self._read, _checked(name))

    async def names(self) -> list[KeptFile]:
        """Every file, by name."""
        return await asyncio.to_thread(self._all)

    def _save(self, name: str, content: bytes) -> KeptFile:
        own = self._own()
        if len(content) > self._limits.file_bytes:
            raise FileLimitError(
                f"'{name}' would have {len(content)} bytes; a file may have {self._limits.file_bytes}", file=name
            )
        with self._lock:
            own.mkdir(parents=True, exist_ok=True, mode=0o700)
            others = [one for one in self._all() if one.name != name]
            if len(others) >= self._limits.files:
                raise FileLimitError(f"there are {len(others)} files already, as many as one user may keep", file=name)
            if sum(one.size for one in others) + len(content) > self._limits.total_bytes:
                raise FileLimitError(
                    f"with '{name}' the files would pass {self._limits.total_bytes} bytes in all", file=name
                )
            with _opened(own) as folder:
                _replace(folder, name, content)
                return _kept(name, os.stat(name, dir_fd=folder, follow_symlinks=False))

    def _read(self, name: str) -> str:
        own = self._own()
        try:
            with _opened(own) as folder:
                # Without O_NONBLOCK, opening a pipe that somebody put there would wait for ever.
                handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
                with os.fdopen(handle, "rb") as file:
                    if not _is_file(os.fstat(file.fileno())):
                        raise UnknownFileError(f"there is no file '{name}'", file=name)
                    return file.read(self._limits.file_bytes + 1)[: self._limits.file_bytes].decode("utf-8", "replace")
        except OSError as error:
            raise UnknownFileError(f"there is no file '{name}'; list the files to see which there are") from error

    def _all(self) -> list[KeptFile]:
        own = self._own()
        if not own.is_dir():
            return []
        with _opened(own) as folder:
            found = []
            for name in os.listdir(folder):  # noqa: PTH208  # pathlib lists no open folder
                about = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if not name.startswith(_DRAFT) and _is_file(about):
                    found.append(_kept(name, about))
        return sorted(found, key=lambda one: one.name)

    def _own(self) -> Path:
        if self._folder is None:
            raise NoUserError("nobody is signed in for whom a file could be kept; ask as a user")
        return self._folder


def _checked(name: str) -> str:
    """The name in its one form, if a file may be called so."""
    name = unicodedata.normalize("NFC", name)
    stem, _, _ = name.partition(".")
    wrong = (
        not _NAME.fullmatch(name)
        or len(name.encode("utf-8", "surrogatepass")) > _LONGEST
        or name.endswith((" ", "."))
        or _DEVICES.fullmatch(stem.strip())
        or ".." in name
        or not name.casefold().endswith(KINDS)
    )
    if wrong:
        raise FileNameError(
            f"{name[:60]!r} cannot be a file's name here; write letters, digits, '-' and '_' with one of "
            f"{', '.join(KINDS)}, at most {_LONGEST} characters, as in 'notes.txt'"
        )
    return name


def _folder_name(user_id: str) -> str:
    # Ids that could mean something to a file system are named by what they hash to.
    if _OWN_FOLDER.fullmatch(user_id) and not _DEVICES.fullmatch(user_id):
        return user_id
    return f"u-{hashlib.sha256(user_id.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _replace(folder: int, name: str, content: bytes) -> None:
    draft = f"{_DRAFT}{new_id()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(draft, dir_fd=folder)
        raise
    os.fsync(folder)


def _is_file(about: os.stat_result) -> bool:
    # A second hard link could be a way to a file elsewhere.
    return stat.S_ISREG(about.st_mode) and about.st_nlink == 1


def _kept(name: str, about: os.stat_result) -> KeptFile:
    return KeptFile(name=name, size=about.st_size, changed_at=datetime.fromtimestamp(about.st_mtime, UTC))
