"""A client of Redis that comes back by itself, and the translation of its faults."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from redis import exceptions as fault
from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.commands.core import AsyncScript

from folkmoot.link.errors import LinkDownError
from folkmoot.link.place import Place

Client: TypeAlias = "Redis | RedisCluster"
_REPEATS: Final = 3
_FIRST_WAIT: Final = 0.02
_LONGEST_WAIT: Final = 1.0
GONE: Final = (
    fault.ConnectionError,
    fault.TimeoutError,
    fault.BusyLoadingError,
    fault.ClusterDownError,
    fault.ReadOnlyError,
    OSError,
)


class Link:
    """Connections to one Redis, shared by every room of this process.

    A command that met a broken connection is tried `repeats` times more within about a second (`patience` bounds one
    try); after that `LinkDownError`. So whatever is sent over it must be safe to repeat. Several hosts, TLS and
    failover are the client library's.
    """

    def __init__(self, place: Place, *, connections: int = 64, patience: float = 5.0, repeats: int = _REPEATS) -> None:
        self.place = place
        self.cluster = place.kind == "cluster"
        self._connections = connections
        self.patience = patience
        self._watch: Sentinel | None = None
        self._retry = Retry(ExponentialWithJitterBackoff(base=_FIRST_WAIT, cap=_LONGEST_WAIT), repeats)
        self.client: Client = self._connect(self._retry)

    async def ping(self) -> None:
        """Ask for a sign of life. Raises `LinkDownError`."""
        with self.faults():
            await self.client.ping()

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()
        for watcher in self._watch.sentinels if self._watch else ():
            await watcher.aclose()

    def plain_cluster(self) -> RedisCluster:
        """A further client of a Cluster, whose answers are as Redis gave them, for whoever reads those itself."""
        client = self._connect(self._retry)
        assert isinstance(client, RedisCluster)
        for name in list(client.response_callbacks):
            if not name.upper().startswith(("CLUSTER", "COMMAND")):  # it reads these itself
                del client.response_callbacks[name]
        return client

    def listener(self) -> Client:
        """A further client that does not come back by itself: whoever listens has to know that a connection broke."""
        return self._connect(Retry(NoBackoff(), 0))

    def script(self, text: str) -> AsyncScript:
        """A script, sent whole only where Redis does not know it yet."""
        return self.client.register_script(text)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Say `LinkDownError` for what time or a repetition heals."""
        try:
            yield
        except asyncio.CancelledError:
            raise
        except GONE as error:
            raise LinkDownError(
                f"Redis at {self.place} does not answer ({error}); look whether it runs and REDIS_URL is right",
                place=str(self.place),
            ) from error
        except fault.OutOfMemoryError as error:
            raise LinkDownError(
                f"Redis at {self.place} is full and takes nothing ({error}); raise its maxmemory or free some",
                place=str(self.place),
            ) from error
        except fault.RedisError as error:
            raise LinkDownError(f"Redis at {self.place} refused: {error}", place=str(self.place)) from error

    def _connect(self, retry: Retry) -> Client:
        place = self.place
        common: dict[str, Any] = {
            "username": place.username,
            "password": place.password,
            "socket_timeout": self.patience,
            "socket_connect_timeout": self.patience,
            "health_check_interval": 15,
            "retry": retry,
            "retry_on_error": [fault.BusyLoadingError],
            "max_connections": self._connections,
        }
        if place.encrypted:
            common |= {"ssl": True, **place.tls}
        if place.kind == "cluster":
            return _cluster(place, common)
        common["db"] = place.db
        if place.kind == "sentinel":
            watched = {name: value for name, value in common.items() if name.startswith(("ssl", "socket"))}
            # One that does not answer is not asked again: there is another, and the primary's own retry asks them all.
            watched["retry"] = Retry(NoBackoff(), 0)
            if self._watch is None:
                self._watch = Sentinel([*place.hosts], sentinel_kwargs=watched)  # type: ignore[no-untyped-call]  # the library's own
            primary: Redis = self._watch.master_for(place.primary, redis_class=Redis, **common)
            return primary
        if place.socket:
            return Redis(unix_socket_path=place.socket, **common)
        host, port = place.hosts[0]
        return Redis(host=host, port=port, **common)


def _cluster(place: Place, common: dict[str, Any]) -> RedisCluster:
    return RedisCluster(startup_nodes=[ClusterNode(host, port) for host, port in place.hosts], **common)
