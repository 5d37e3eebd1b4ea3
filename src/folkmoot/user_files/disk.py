"""One folder on the disk: opened without following links, changed by one writer at a time, files replaced whole.

A file is written beside its place, forced to the disk and then moved there, so that a process killed in between leaves
the file as it was. Appending goes the same way: a write of more than a page can be torn by `kill -9`, and a file here
is at most a megabyte or so.
"""

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from folkmoot.kernel import new_id

_DRAFT: Final = ".draft-"
_GONE: Final = ".gone-"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe that somebody put there would wait for ever.
_TO_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TO_MAKE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """The folder as a handle; `OSError` where it is a link or is not there."""
    handle = os.open(folder, _FOLDER)
    with _closing(handle):
        yield handle


@contextmanager
def _closing(handle: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """As `opened`, made if it is not there, with nobody else writing meanwhile in this or another process."""
    while True:
        with suppress(FileExistsError):  # also where it is removed as it is found; whether it is a folder, comes now
            folder.mkdir(parents=True, mode=0o700)
        try:
            handle = os.open(folder, _FOLDER)
        except FileNotFoundError:  # removed before we had it
            continue
        with _closing(handle):
            # The lock belongs to this opening of the folder: it also keeps out threads, and ends with the process.
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not _is_still(folder, handle):  # removed while we waited
                continue
            _sweep(handle)
            yield handle
            return


def read(folder: int, name: str) -> bytes | None:
    """What a file holds, None if there is no such file of its own."""
    try:
        handle = os.open(name, _TO_READ, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            return None
        raise
    with os.fdopen(handle, "rb") as file:
        return file.read() if is_own_file(os.fstat(file.fileno())) else None


def replace(folder: int, name: str, content: bytes) -> os.stat_result:
    """Put a file in the place of an older one; it is on the disk when this returns."""
    draft = f"{_DRAFT}{new_id()}"
    handle = os.open(draft, _TO_MAKE, 0o600, dir_fd=folder)
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
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def unlink(folder: int, name: str) -> None:
    """Remove a file for good."""
    os.unlink(name, dir_fd=folder)
    os.fsync(folder)


def entries(folder: int) -> dict[str, os.stat_result]:
    """The files that are the folder's own, by name."""
    found: dict[str, os.stat_result] = {}
    for name in os.listdir(folder):  # pathlib lists no open folder
        if name.startswith("."):
            continue
        try:
            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:  # removed meanwhile
            continue
        if is_own_file(about):
            found[name] = about
    return found


def remove(folder: Path) -> int:
    """Remove a folder with all that lies in it, following no link. How many files that were."""
    if not folder.is_dir() or folder.is_symlink():
        return 0
    with locked(folder) as handle:
        count = len(entries(handle))
        gone = folder.with_name(f"{_GONE}{new_id()}")
        folder.rename(gone)  # from here on nobody finds it, also if this process ends now
    shutil.rmtree(gone)
    return count


def sweep(root: Path) -> None:
    """Finish the removals that a killed process left."""
    for left in root.glob(f"{_GONE}*") if root.is_dir() else ():
        shutil.rmtree(left, ignore_errors=True)


def is_own_file(about: os.stat_result) -> bool:
    """Whether it is a file of this folder alone: a second hard link could be a way to a file elsewhere."""
    return stat.S_ISREG(about.st_mode) and about.st_nlink == 1


def _is_still(folder: Path, handle: int) -> bool:
    try:
        there = folder.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(handle))


def _sweep(folder: int) -> None:
    # Whoever made a draft holds the lock until it is in its place: what lies here now is a dead process's.
    for name in os.listdir(folder):  # pathlib lists no open folder
        if name.startswith(_DRAFT):
            os.unlink(name, dir_fd=folder)
