"""Slows down whoever tries passwords, and locks nobody out.

Three things are counted: failures of a name from one address, of an address whatever the name, and of a name from
anywhere. After some that are free each failure doubles the wait before the next attempt. The wait of a name from one
address or of an address grows to a quarter of an hour; that of a name from anywhere ends at some seconds, so that
nobody can keep its owner out by failing on purpose from elsewhere.

An attempt counts as failed until it has succeeded: many at once are counted before the first of them is answered. The
counts live in this process; the wrong tokens of requests are counted in `folkmoot.web.rates`.
"""

import hashlib
import math
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.security.errors import TooManyAttemptsError

_MOST: Final = 50_000
_SHORTEST: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """`free` failures cost no wait; each one more doubles it, from a second up to `longest`."""

    free: int
    longest: timedelta

    def wait(self, failures: int) -> float:
        """Seconds before the next attempt."""
        if failures <= self.free:
            return 0.0
        doubled = min(failures - self.free - 1, 20)
        return min(_SHORTEST * float(2**doubled), self.longest.total_seconds())


PAIR: Final = Patience(free=3, longest=timedelta(minutes=15))
ADDRESS: Final = Patience(free=20, longest=timedelta(minutes=15))
NAME: Final = Patience(free=20, longest=timedelta(seconds=5))
FORGOTTEN: Final = timedelta(hours=1)


@dataclass(slots=True)
class _Count:
    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class SignInThrottle:
    """Keeps the promise of `credentials.Throttle`."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._seed = secrets.token_bytes(16)
        self._counts: OrderedDict[bytes, _Count] = OrderedDict()

    async def admit(self, *, name: str, address: str) -> None:
        """Let an attempt begin, or raise `TooManyAttemptsError`."""
        now = self._clock.monotonic()
        watched = self._watched(name, address)
        wait = max(self._get(key, now).until for key, _ in watched) - now
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyAttemptsError(
                f"too many attempts to sign in failed; try again in {seconds} s", retry_after_seconds=seconds
            )
        for key, patience in watched:
            count = self._get(key, now)
            count.failures += 1
            count.last = now
            count.until = now + patience.wait(count.failures)

    async def failed(self, *, name: str, address: str) -> None:
        """The attempt failed: its wait begins now, however long checking took."""
        now = self._clock.monotonic()
        for key, patience in self._watched(name, address):
            count = self._get(key, now)
            count.until = max(count.until, now + patience.wait(count.failures))

    async def succeeded(self, *, name: str, address: str) -> None:
        """The attempt was no failure, and those before it of this name from this address are forgotten."""
        now = self._clock.monotonic()
        (pair, _), *others = self._watched(name, address)
        self._counts.pop(pair, None)
        for key, _ in others:
            count = self._get(key, now)
            count.failures, count.until = max(0, count.failures - 1), now

    def _watched(self, name: str, address: str) -> tuple[tuple[bytes, Patience], ...]:
        known = name.strip().casefold()
        return (
            (self._key("pair", known, address), PAIR),
            (self._key("address", address), ADDRESS),
            (self._key("name", known), NAME),
        )

    def _key(self, *parts: str) -> bytes:
        # What is typed in place of a name may be a password: nothing of it stays readable here.
        text = "\x00".join(parts).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._seed, digest_size=16).digest()

    def _get(self, key: bytes, now: float) -> _Count:
        count = self._counts.get(key)
        if count is not None and now - count.last > FORGOTTEN.total_seconds():
            count = None
        if count is None:
            count = self._counts[key] = _Count(last=now)
        self._counts.move_to_end(key)
        while len(self._counts) > _MOST:
            self._counts.popitem(last=False)
        return count
