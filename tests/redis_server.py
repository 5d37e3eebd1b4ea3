"""A throw-away Redis server for tests: real, on a free port, gone afterwards. Several at once are in `redis_sets.py`.

Where no Redis is installed the tests that need one are skipped; in CI (`CI` set) they fail instead.
"""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

_START_SECONDS = 20.0


class RedisServer:
    """A server that can be killed and started again with what it had written. `options` are its command line's.

    `config` is a file that it keeps its state in, `encrypted` how its port is spoken to where it speaks TLS.
    """

    def __init__(
        self,
        folder: Path,
        *,
        options: Sequence[str] = (),
        port: int | None = None,
        config: Path | None = None,
        encrypted: ssl.SSLContext | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._options = options
        self._config = config
        self._encrypted = encrypted
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it answers."""
        port = ["--port", str(self.port)] if self._encrypted is None else ["--port", "0", "--tls-port", str(self.port)]
        config = [] if self._config is None else [str(self._config)]
        command = ["redis-server", *config, *port, "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command += [] if self._config else ["--save", ""]
        command += ["--daemonize", "no", "--logfile", str(self.folder / "redis.log")]
        self._process = subprocess.Popen([*command, *self._options], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"redis-server did not start:\n{(self.folder / 'redis.log').read_text()[-2000:]}")
            time.sleep(0.01)

    def empty(self) -> None:
        """Forget everything."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            connection.recv(64)

    def kill(self) -> None:
        """`kill -9`: what was not written is lost."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it end in order."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Freeze it: connections stay open, and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """End a `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
            process.wait(20)

    def _answers(self) -> bool:
        try:
            with ExitStack() as opened:
                probe = opened.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=1))
                if self._encrypted is not None:
                    probe = opened.enter_context(self._encrypted.wrap_socket(probe, server_hostname="localhost"))
                probe.sendall(b"PING\r\n")
                return probe.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False


@contextmanager
def running_redis(*options: str, folder: Path | None = None) -> Iterator[RedisServer]:
    """A fresh server while the block runs; without options nothing of it touches a disk."""
    redis_is_installed()
    own = Path(tempfile.mkdtemp(prefix="folkmoot-redis-")) if folder is None else folder
    server = RedisServer(own, options=options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        if folder is None:
            shutil.rmtree(own, ignore_errors=True)


def redis_is_installed() -> None:
    """Skip the test, or fail it in CI, unless it is."""
    if shutil.which("redis-server") is None:
        said = "Redis is not installed: on Debian, apt-get install redis-server"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
