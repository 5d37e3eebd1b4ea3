"""Copies of files while they are read, so that reading goes on after a restart.

A copy is readable by the owner alone and deleted as soon as its document is read or refused. All of this blocks: call
it in a thread.
"""

import hashlib
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import IO

from folkmoot.storage import StorageFullError

_BLOCK = 1024 * 1024
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 in hex, and the size in bytes."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


class KeptDocuments:
    """The copies in one folder; each bears the id of its document, its digest, and the ending of its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, path: Path, *, document_id: str, sha256: str, name: str) -> str:
        """Copy a file; the copy's name. Raises `StorageFullError`."""
        ending = _ENDING.search(name)
        kept = self.folder / f"{document_id}.{sha256[:16]}{ending.group().casefold() if ending else ''}"
        try:
            self.prepare()
            kept.touch(mode=0o600)
            shutil.copyfile(path, kept)
        except OSError as error:
            kept.unlink(missing_ok=True)
            raise StorageFullError(
                f"the document could not be copied to {self.folder} ({error.strerror or error}); "
                "free some space or make it writable, and try again"
            ) from error
        return kept.name

    def prepare(self) -> None:
        """See to it that the folder is there."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def begin(self, name: str) -> IO[bytes]:
        """Open a new file here for writing. Raises `StorageFullError`."""
        try:
            self.prepare()
            self.path(name).touch(mode=0o600)
            return self.path(name).open("wb")
        except OSError as error:
            raise StorageFullError(f"{self.folder} cannot be written ({error.strerror or error})") from error

    def path(self, name: str) -> Path:
        """Where a copy is; the name comes from a row, and leads nowhere else."""
        return self.folder / Path(name).name

    def drop(self, name: str) -> None:
        """Delete a copy."""
        self.path(name).unlink(missing_ok=True)

    def drop_all_of(self, document_id: str) -> None:
        """Delete everything kept of a document."""
        if self.folder.is_dir():
            for kept in self.folder.glob(f"{document_id}.*"):
                kept.unlink(missing_ok=True)

    def drop_all_but(self, names: Collection[str]) -> None:
        """Delete the copies that nothing waits for."""
        if self.folder.is_dir():
            for kept in self.folder.iterdir():
                if kept.is_file() and kept.name not in names:
                    kept.unlink(missing_ok=True)
