"""The Redis of a round: it has each command on its disk before it answers, and is killed like everybody else."""

from pathlib import Path
from typing import Final

from tests.redis_server import RedisServer

DURABLE: Final = ("--appendonly", "yes", "--appendfsync", "always")


class Server:
    """A Redis as an `Actor` (`strike.py`)."""

    def __init__(self, folder: Path) -> None:
        self._server = RedisServer(folder, options=DURABLE)
        self.port = self._server.port
        self.url = self._server.url

    def start(self) -> None:
        """See `Actor`."""
        self._server.start()

    def kill(self) -> bool:
        """See `Actor`."""
        self._server.kill()
        return True

    def crashed(self) -> bool:
        """See `Actor`."""
        return False
