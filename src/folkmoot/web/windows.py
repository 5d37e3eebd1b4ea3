"""Moving windows in this process's memory, as a storage of the `limits` library.

The library's own memory storage looks through every key in a thread after each hit, which costs a request most of a
millisecond as soon as some dozens of people are there. This one costs some microseconds; it forgets a window when it
has emptied, and the oldest windows when there are too many. Another storage (Redis) is chosen by its URL instead.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from limits.aio.storage import MovingWindowSupport, Storage

_SWEEP_EVERY: Final = 4096
_MOST_KEYS: Final = 20_000


class ProcessWindows(Storage, MovingWindowSupport):
    """The moments of the hits of each key, the oldest first. `now` gives seconds since the epoch."""

    STORAGE_SCHEME = ["async+process"]  # noqa: RUF012  # declared so by the library, which reads it of the class

    def __init__(self, *, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._hits: dict[str, deque[float]] = {}
        self._last: dict[str, float] = {}  # when the newest hit of a key leaves its window
        self._until_sweep = _SWEEP_EVERY

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Note `amount` hits and say True, unless the window would then hold more than `limit`."""
        now = self._now()
        hits = self._hits.get(key)
        if hits is None:
            hits = self._hits[key] = deque()
        while hits and hits[0] <= now - expiry:
            hits.popleft()
        if len(hits) + amount > limit:
            return False
        hits.extend([now] * amount)
        self._last[key] = now + expiry
        self._until_sweep -= 1
        if not self._until_sweep:
            self._sweep(now)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002  # the library's signature
        """When the oldest hit in the window was, and how many there are."""
        now = self._now()
        hits = self._hits.get(key)
        while hits and hits[0] <= now - expiry:
            hits.popleft()
        return (hits[0], len(hits)) if hits else (now, 0)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:  # noqa: ARG002  # the library's signature
        raise TypeError("this storage has moving windows alone; take another strategy's storage for counters")

    async def get(self, key: str) -> int:
        return len(self._hits.get(key, ()))

    async def get_expiry(self, key: str) -> float:
        return self._last.get(key, self._now())

    async def check(self) -> bool:
        return True

    async def reset(self) -> int | None:
        count = len(self._hits)
        self._hits.clear()
        self._last.clear()
        return count

    async def clear(self, key: str) -> None:
        self._hits.pop(key, None)
        self._last.pop(key, None)

    def _sweep(self, now: float) -> None:
        self._until_sweep = _SWEEP_EVERY
        empty = [key for key in self._hits if self._last.get(key, 0) <= now]
        for key in empty:
            del self._hits[key]
            self._last.pop(key, None)
        for key in list(self._hits)[: max(0, len(self._hits) - _MOST_KEYS)]:
            del self._hits[key]
            self._last.pop(key, None)
