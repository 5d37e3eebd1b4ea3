"""Moving windows in Redis, so that several servers count as one: the `limits` library's own, over this house's link.

While Redis is away each server counts for itself: nobody is locked out, and nobody gets in unbounded.
"""

from typing import Final

from limits.aio.storage import MovingWindowSupport, Storage
from limits.aio.storage.redis import RedisStorage
from limits.errors import StorageError

from folkmoot.kernel import Clock
from folkmoot.link import Link
from folkmoot.telemetry import get_logger
from folkmoot.web.windows import ProcessWindows

_AGAIN_SECONDS: Final = 5.0
_log = get_logger("folkmoot.web")


class _LinkedWindows(RedisStorage):
    """The library's, with the client of a link: whatever kind of Redis the URL names."""

    STORAGE_SCHEME = ["async+linked"]  # noqa: RUF012  # declared so by the library, which reads it of the class

    def __init__(self, link: Link, *, prefix: str) -> None:
        self._client = link.client
        super().__init__("async+redis://", wrap_exceptions=True, implementation="redispy", key_prefix=prefix)

    def configure_bridge(self) -> None:
        self.bridge.storage = self._client  # type: ignore[attr-defined]  # the bridge of redis-py has it
        self.bridge.connection_getter = lambda _: self._client  # type: ignore[attr-defined]  # see above


class SharedWindows(Storage, MovingWindowSupport):
    """Counts in Redis below `prefix`, and in `own` while Redis is away, which is looked at again every few seconds."""

    STORAGE_SCHEME = ["async+shared"]  # noqa: RUF012  # see above

    def __init__(self, link: Link, *, prefix: str, own: ProcessWindows, clock: Clock) -> None:
        super().__init__()
        self._shared = _LinkedWindows(link, prefix=prefix)
        self._own = own
        self._clock = clock
        self._away_until = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return StorageError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        if self._is_there():
            try:
                return await self._shared.acquire_entry(key, limit, expiry, amount)
            except StorageError as error:
                self._lost(error)
        return await self._own.acquire_entry(key, limit, expiry, amount)

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        if self._is_there():
            try:
                return await self._shared.get_moving_window(key, limit, expiry)
            except StorageError as error:
                self._lost(error)
        return await self._own.get_moving_window(key, limit, expiry)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return await self._own.incr(key, expiry, amount)

    async def get(self, key: str) -> int:
        return await self._own.get(key)

    async def get_expiry(self, key: str) -> float:
        return await self._own.get_expiry(key)

    async def check(self) -> bool:
        return await self._shared.check()

    async def reset(self) -> int | None:
        return await self._own.reset()

    async def clear(self, key: str) -> None:
        await self._own.clear(key)

    def _is_there(self) -> bool:
        return self._clock.monotonic() >= self._away_until

    def _lost(self, error: StorageError) -> None:
        self._away_until = self._clock.monotonic() + _AGAIN_SECONDS
        _log.warning("requests_are_counted_here_alone", seconds=_AGAIN_SECONDS, error=str(error.storage_error))
