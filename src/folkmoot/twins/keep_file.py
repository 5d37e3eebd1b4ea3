"""Copies of exports while their imports run, so that an import can go on after the original is gone.

A copy holds what other people wrote, unredacted: it is readable by the owner alone and deleted as soon as its import
has ended, however that ends. All of this blocks: call it in a thread.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

from folkmoot.storage import StorageFullError

_LONGEST_SUFFIX = 10


class KeptFiles:
    """The files in one folder; each bears the id of its import."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, path: Path, import_id: str) -> Path:
        """Copy a file. A folder (a repository) is read where it is. Raises `StorageFullError`."""
        if path.is_dir():
            return path.absolute()
        kept = self._folder / f"{import_id}{path.suffix.casefold()[:_LONGEST_SUFFIX]}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            kept.touch(mode=0o600)
            shutil.copyfile(path, kept)
        except OSError as error:
            kept.unlink(missing_ok=True)
            raise StorageFullError(
                f"the export could not be copied to {self._folder} ({error.strerror or error}); "
                "free some space or make it writable, and try again"
            ) from error
        return kept

    def is_elsewhere(self, kept: str | None, import_id: str) -> bool:
        """Whether an import's copy is in another server's folder: that server goes on with it."""
        path = Path(kept or "")
        return path.stem == import_id and path.parent != self._folder

    def drop(self, kept: Path) -> None:
        """Delete a copy; what is not in this folder is not ours to delete."""
        if kept.parent == self._folder:
            kept.unlink(missing_ok=True)

    def drop_all_but(self, import_ids: Collection[str]) -> None:
        """Delete the copies of imports that no longer wait for them."""
        if self._folder.is_dir():
            for kept in self._folder.glob("import_*"):
                if kept.stem not in import_ids:
                    kept.unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The ids of the imports that have a copy here."""
        return sorted(kept.stem for kept in self._folder.glob("import_*")) if self._folder.is_dir() else []
