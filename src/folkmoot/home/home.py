"""The home folder (`FOLKMOOT_HOME`) and its one owner.

Whoever opens a home takes an operating-system lock on `owner.lock`, which ends with the process however that ends.
A server writes its address beside it, so that a command started in the same home speaks HTTP to it.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from folkmoot.home.errors import HomeBusyError, HomeUnusableError
from folkmoot.kernel.errors import FolkmootError

# Whoever only asks for the owner holds the lock for a few microseconds: that must not refuse a start.
_ATTEMPTS: Final = 10
_BETWEEN: Final = timedelta(milliseconds=20)


@dataclass(frozen=True, kw_only=True)
class RunningServer:
    """Who owns a home right now: the process id and, if it is a server that already listens, how to speak to it.

    `key` opens the API for commands that can read this home, as long as that process lives.
    """

    pid: int
    url: str | None = None
    key: str | None = None


class Home:
    """One folder with everything that must outlive the process: databases, uploads, keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    def path(self, name: str) -> Path:
        """A file or folder of this home by its relative name."""
        return self.folder / name

    def prepare(self) -> None:
        """Create the folder, readable by its owner alone; raise `HomeUnusableError` where that is impossible."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = self.folder / ".writable"
            probe.write_bytes(b"folkmoot")
            probe.unlink()
        except OSError as error:
            raise HomeUnusableError(
                f"FOLKMOOT_HOME {self.folder} cannot be written ({error.strerror}); choose a folder "
                "that you may write, for example FOLKMOOT_HOME=~/folkmoot",
                home=str(self.folder),
            ) from error

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Own this home while the block runs; raise `HomeBusyError` if another process does."""
        self.prepare()
        with (self.folder / "owner.lock").open("a+") as lock:
            self._take(lock)
            self._announce(RunningServer(pid=os.getpid()))
            try:
                yield
            finally:
                self.path("owner.json").unlink(missing_ok=True)

    @contextmanager
    def expected(self) -> Iterator[None]:
        """While the block runs, tell commands in this home that a server is coming up, so that they wait for it."""
        self.prepare()
        with (self.folder / "next.lock").open("a+") as lock:
            # A second server that comes up is no news; it learns soon enough that the home is taken.
            with suppress(HomeBusyError):
                self._take(lock)
            yield

    def is_expected(self) -> bool:
        """Whether a server is coming up here, or running."""
        try:
            with (self.folder / "next.lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except (FileNotFoundError, NotADirectoryError):
            pass
        return False

    def announce(self, *, url: str, key: str) -> None:
        """Tell commands in this home where its server listens; only the owner may."""
        self._announce(RunningServer(pid=os.getpid(), url=url, key=key))

    def owner(self) -> RunningServer | None:
        """Who owns this home, or None if nobody does (a note left by a killed process does not count)."""
        try:
            with (self.folder / "owner.lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._noted() or RunningServer(pid=0)
        except OSError:
            # Without a lock that can be read there is no owner; whoever takes the home is told what is wrong with it.
            return None
        return None

    def _take(self, lock: IO[str]) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if attempt == _ATTEMPTS - 1:
                    raise self._busy() from error
                time.sleep(_BETWEEN.total_seconds())
            else:
                return

    def _announce(self, server: RunningServer) -> None:
        draft = self.path("owner.json.new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(server)))
        draft.replace(self.path("owner.json"))

    def _noted(self) -> RunningServer | None:
        try:
            return RunningServer(**json.loads(self.path("owner.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _busy(self) -> FolkmootError:
        owner = self._noted()
        who = f"process {owner.pid}" + (f" at {owner.url}" if owner.url else "") if owner else "another process"
        return HomeBusyError(
            f"{self.folder} is in use by {who}; stop it, or choose another FOLKMOOT_HOME",
            home=str(self.folder),
            pid=owner.pid if owner else None,
            url=owner.url if owner else None,
        )
