"""Files that are only ever appended to: what was accepted, what was begun, what took effect.

A line is one `write` to a file opened with O_APPEND, so it is there whole or not at all, whoever is killed; nothing
in it is unique, so what happened twice is there twice. Lines have one length: a ledger's size is its count.
"""

import os
from pathlib import Path

LINE = 16


class Ledger:
    """A ledger in one folder. Several processes may write it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def write(self, name: str) -> None:
        """Append a line."""
        if self._file is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(self._file, name.ljust(LINE - 1).encode() + b"\n")

    def read(self) -> list[str]:
        """Every line, in the order in which they were written."""
        try:
            return [line.strip() for line in self._path.read_text().splitlines()]
        except FileNotFoundError:
            return []

    def __len__(self) -> int:
        try:
            return self._path.stat().st_size // LINE
        except FileNotFoundError:
            return 0
