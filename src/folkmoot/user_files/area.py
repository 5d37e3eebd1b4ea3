"""One user's files: what may be kept, read and changed, and where it ends."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from folkmoot.user_files import disk
from folkmoot.user_files.errors import FileLimitError, NoUserError, UnknownFileError, UnusableAreaError
from folkmoot.user_files.names import checked_name

_DROPPED: Final = b"(Older parts were dropped here: a file has an end.)\n\n"
_KEPT: Final = 0.75  # of the limit, so that not every line that is appended drops one


@dataclass(frozen=True, kw_only=True)
class FileLimits:
    """How much one user may keep."""

    file_bytes: int = 1024 * 1024
    files: int = 200
    total_bytes: int = 20 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file as a list shows it; `size` in bytes."""

    name: str
    size: int
    changed_at: datetime


class UserArea:
    """One user's files. Every method raises `NoUserError` without a user, `FileNameError` for a name that is none.

    What changes a file raises `FileLimitError` or `UnusableAreaError`; then nothing changed. A file is whole whenever
    the process ends, and changes to it happen one after another.
    """

    def __init__(self, folder: Path | None, *, limits: FileLimits) -> None:
        self._folder = folder
        self._limits = limits

    async def save(self, name: str, text: str) -> KeptFile:
        """Keep a file, in the place of an older one of that name."""
        content = _bytes(text)
        return await asyncio.to_thread(self._change, checked_name(name), lambda _before: content)

    async def append(self, name: str, text: str, *, drop_oldest: bool = False) -> KeptFile:
        """Put text at the end of a file, which is made if there is none.

        `drop_oldest`: a file that would become too large loses its beginning, up to a line's end, and says so there.
        """
        most = self._limits.file_bytes

        def longer(before: bytes | None) -> bytes:
            whole = (before or b"") + _bytes(text)
            return _without_oldest(whole, most) if drop_oldest and len(whole) > most else whole

        return await asyncio.to_thread(self._change, checked_name(name), longer)

    async def change(self, name: str, make: Callable[[str | None], str]) -> KeptFile:
        """Replace a file by what `make` answers of it (None if there is none); nobody else changes it meanwhile.

        What `make` raises is raised on, and nothing changed. It runs in a thread.
        """

        def made(before: bytes | None) -> bytes:
            return _bytes(make(None if before is None else before.decode("utf-8", "replace")))

        return await asyncio.to_thread(self._change, checked_name(name), made)

    async def read(self, name: str) -> str:
        """What a file says. Raises `UnknownFileError`; `UnusableAreaError` for one that is there and cannot be read."""
        return await asyncio.to_thread(self._read, checked_name(name))

    async def names(self) -> list[KeptFile]:
        """Every file, by name. Raises `UnusableAreaError`."""
        return await asyncio.to_thread(self._all)

    async def remove(self, name: str) -> None:
        """Delete a file. Raises `UnknownFileError`."""
        await asyncio.to_thread(self._remove, checked_name(name))

    def _change(self, name: str, make: Callable[[bytes | None], bytes]) -> KeptFile:
        own = self._own()
        with _on_disk(name), disk.locked(own) as folder:
            others = disk.entries(folder)
            others.pop(name, None)
            content = make(disk.read(folder, name))
            self._check_fits(name, len(content), [one.st_size for one in others.values()])
            return _kept(name, disk.replace(folder, name, content))

    def _check_fits(self, name: str, size: int, others: list[int]) -> None:
        limits = self._limits
        if size > limits.file_bytes:
            raise FileLimitError(f"'{name}' would have {size} bytes; a file may have {limits.file_bytes}", file=name)
        if len(others) >= limits.files:
            raise FileLimitError(f"there are {len(others)} files already, as many as one user may keep", file=name)
        if sum(others) + size > limits.total_bytes:
            raise FileLimitError(f"with '{name}' the files would pass {limits.total_bytes} bytes in all", file=name)

    def _read(self, name: str) -> str:
        own = self._own()
        try:
            with disk.opened(own) as folder:
                content = disk.read(folder, name)
        except (FileNotFoundError, NotADirectoryError):
            content = None
        except OSError as error:
            content = None if error.errno == errno.ELOOP else _raised(name, error)
        if content is None:
            raise _unknown(name)
        return content.decode("utf-8", "replace")

    def _remove(self, name: str) -> None:
        own = self._own()
        if not own.is_dir():
            raise _unknown(name)
        with _on_disk(name), disk.locked(own) as folder:
            if name not in disk.entries(folder):
                raise _unknown(name)
            disk.unlink(folder, name)

    def _all(self) -> list[KeptFile]:
        own = self._own()
        try:
            with disk.opened(own) as folder:
                return [_kept(name, about) for name, about in sorted(disk.entries(folder).items())]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            return [] if error.errno == errno.ELOOP else _raised("the folder", error)

    def _own(self) -> Path:
        if self._folder is None:
            raise NoUserError("nobody is signed in for whom a file could be kept; ask as a user")
        return self._folder


@contextmanager
def _on_disk(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnusableAreaError(
            f"'{name}' could not be written: {error.strerror or error}; an administrator can look into "
            "user_contexts in FOLKMOOT_HOME",
            file=name,
        ) from error


def _raised(name: str, error: OSError) -> NoReturn:
    raise UnusableAreaError(
        f"{name} could not be read: {error.strerror or error}; an administrator can look into user_contexts in "
        "FOLKMOOT_HOME",
        file=name,
    ) from error


def _without_oldest(whole: bytes, most: int) -> bytes:
    room = int(most * _KEPT) - len(_DROPPED)
    rest = whole[max(0, len(whole) - room) :]
    for end in (b"\n\n", b"\n"):
        _, found, after = rest.partition(end)
        if found and after:
            return _DROPPED + after
    return _DROPPED + rest.decode("utf-8", "ignore").encode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _kept(name: str, about: os.stat_result) -> KeptFile:
    return KeptFile(name=name, size=about.st_size, changed_at=datetime.fromtimestamp(about.st_mtime, UTC))


def _unknown(name: str) -> UnknownFileError:
    return UnknownFileError(f"there is no file '{name}'; list the files to see which there are", file=name)
