"""A git repository on this machine as a source: its history is listed by git itself, streamed, oldest first.

Nothing that the repository's own configuration could start is run: no pager, no external diff, no monitor, no hook.
"""

import os
import shutil
import subprocess  # noqa: S404,RUF100 - git is a program
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from folkmoot.twins.importers.errors import EmptyExportError, RepositoryError
from folkmoot.twins.importers.source import Source

_BLOCK = 1 << 16
_RECORD, _FIELD = "\x1e", "\x1f"
_FORMAT = "%x1e%H%x1f%an%x1f%ae%x1f%aI%x1f%P%x1f%B%x1f"
_FIELDS = 7
_SAFE = ("-c", "core.pager=cat", "-c", "core.fsmonitor=false", "-c", "diff.external=", "-c", "core.quotePath=false",
         "-c", "log.showSignature=false", "-c", "protocol.allow=never", "-c", "core.hooksPath=/dev/null")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit, as git tells it."""

    commit: str
    author: str
    mail: str
    when: datetime
    parents: int
    message: str
    paths: tuple[str, ...]


def is_repository(path: Path) -> bool:
    """Whether a folder is a work tree's top or a bare repository."""
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


class RepositorySource(Source):
    """A folder with a history. It has no lines; `commits` lists it."""

    def __init__(self, path: Path) -> None:  # a folder has no head to look into, so the file's checks do not apply
        self.path = path
        self.member = None
        self.name = path.name
        self.encoding = "utf-8"
        self.size = self.done = self.damaged = 0

    def head(self) -> str:
        return ""

    def lines(self) -> Iterator[str]:
        return iter(())

    def fingerprint(self) -> str:
        """The commit that the history ends with."""
        return b"".join(self._git("rev-parse", "HEAD")).decode().strip()

    def commits(self) -> Iterator[Commit]:
        """Every commit that leads to the present one, oldest first, in bounded memory."""
        rest = ""
        pieces = self._git(
            "log", "--reverse", "--topo-order", "--name-only", "--no-color", "--no-ext-diff", "--no-textconv",
            "--no-show-signature", "--encoding=UTF-8", f"--format={_FORMAT}",
        )  # fmt: skip
        for block in pieces:
            self.done += len(block)
            rest += block.decode("utf-8", errors="surrogateescape")
            *whole, rest = rest.split(_RECORD)
            yield from (_commit(one) for one in whole if one)
        if rest:
            yield _commit(rest)

    def dump(self, target: Path) -> Path:
        """Write the history to a file that reads like the repository, for sending it elsewhere."""
        with target.open("wb") as stream:
            stream.writelines(
                self._git(
                    "log", "--reverse", "--topo-order", "--name-only", "--no-color", "--no-ext-diff", "--no-textconv",
                    "--encoding=UTF-8", "--no-decorate", "--date=iso-strict", "--format=medium",
                )
            )  # fmt: skip
        return target

    def _git(self, *arguments: str) -> Iterator[bytes]:
        program = shutil.which("git")
        if program is None:
            raise RepositoryError("git is not installed; install it, or give the output of `git log` as a file")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        command = [program, "-C", str(self.path), *_SAFE, *arguments]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment) as child,  # noqa: S603 - no shell, fixed arguments
        ):
            try:
                assert child.stdout is not None
                while block := child.stdout.read(_BLOCK):
                    yield block
            finally:
                if child.poll() is None and child.stdout is not None:
                    child.stdout.close()
                code = child.wait()
            if code:
                said.seek(0)
                raise self._failed(said.read(2_000).decode(errors="replace").strip())

    def _failed(self, said: str) -> EmptyExportError | RepositoryError:
        if "does not have any commits" in said or "unknown revision" in said:
            return EmptyExportError(f"{self.name} has no commits yet", file=self.name)
        return RepositoryError(f"git cannot list the history of {self.name}: {said}", file=self.name)


def _commit(piece: str) -> Commit:
    fields = piece.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace").split(_FIELD)
    head, tail = fields[: _FIELDS - 2], fields[_FIELDS - 2 :]
    message = _FIELD.join(tail[:-1]).strip()
    paths = tuple(one for one in tail[-1].split("\n") if one)
    commit, author, mail, when, parents = head
    return Commit(
        commit=commit, author=author, mail=mail, when=datetime.fromisoformat(when), parents=len(parents.split()),
        message=message, paths=paths,
    )  # fmt: skip


def dump_repository(path: Path, target: Path) -> Path:
    """Write the history of the repository in a folder to a file that `open_export` reads like the folder.

    Raises `RepositoryError` and `EmptyExportError`. Blocking.
    """
    return RepositorySource(path).dump(target)
