"""A throw-away PostgreSQL server for tests: real, on a free port, gone afterwards.

`initdb` refuses to run as root, so root runs the server as the system's `postgres` user (or `nobody`). Where no
PostgreSQL is installed the tests that need one are skipped; in CI (`CI` set) they fail instead.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

# Nothing of a test has to survive the machine, and a test must not wait for a disk.
_FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300")


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A running server. `url` names its maintenance database; tests get databases of their own from `new_database`."""

    binaries: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        return f"postgresql://folkmoot:folkmoot@127.0.0.1:{self.port}/{name}"

    def new_database(self) -> str:
        """Create an empty database; its URL."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.database_url(name)

    def drop_database(self, url: str) -> None:
        name = url.rsplit("/", 1)[1]
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def start(self) -> None:
        options = " ".join((*_FAST, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-k", str(self.folder)))
        self._pg_ctl("start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        self._pg_ctl("stop", "-w", "-m", mode)

    def restart(self) -> None:
        """Break every connection and come back with everything that was committed."""
        self.stop()
        self.start()

    def _pg_ctl(self, *arguments: str) -> None:
        as_server_user([str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), *arguments], self.folder)


def find_binaries() -> Path | None:
    """Where `initdb` and `pg_ctl` are: Debian's folders first, the newest version wins; then PATH."""
    versions = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if versions:
        return max(versions, key=lambda folder: int("0" + "".join(filter(str.isdigit, folder.parent.name))))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def server_user() -> str | None:
    """Whom root runs the server as; None for everybody else, who runs it as themselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def as_server_user(command: Sequence[str], folder: Path) -> None:
    """Run a command as the user who may run a server; fail with what it said."""
    user = server_user()
    entry = pwd.getpwnam(user) if user else None
    # The server inherits this output: a pipe would never end.
    with (folder / "command.log").open("a") as output:
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            user=entry.pw_uid if entry else None,
            group=entry.pw_gid if entry else None,
            extra_groups=[] if entry else None,
            env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
    if done.returncode != 0:
        logs = [
            (folder / name).read_text(errors="replace")[-3000:]
            for name in ("command.log", "log")
            if (folder / name).exists()
        ]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n" + "\n".join(logs))


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A fresh server while the block runs."""
    binaries = find_binaries()
    if binaries is None:
        said = "PostgreSQL is not installed: on Debian, apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    # Not below pytest's own folder: that one is closed to the server's user. Short, as a socket's path must be.
    folder = Path(tempfile.mkdtemp(prefix="folkmoot-pg-"))
    try:
        user = server_user()
        if user is not None:
            shutil.chown(folder, user)
        secret = folder / "password"
        secret.write_text("folkmoot")
        secret.chmod(0o644)
        as_server_user(
            [
                str(binaries / "initdb"),
                "-D",
                str(folder / "data"),
                "--username=folkmoot",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            folder,
        )
        server = PostgresServer(binaries=binaries, folder=folder, port=_free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    with running_server() as server:
        print(server.new_database(), file=sys.stderr)
        sys.stdin.read()
