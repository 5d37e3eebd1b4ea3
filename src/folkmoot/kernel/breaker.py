"""A circuit breaker: what fails again and again is left alone, then tried with one call.

Closed, every call passes. After `threshold` failures in a row it is open: no call passes for `rest`. Then it is half
open: exactly one call passes; if that one succeeds it closes, else it opens for twice as long, up to `longest_rest`.
What counts as a failure, and the words in which a call is refused, are the caller's.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Final

from folkmoot.kernel.clock import Clock
from folkmoot.kernel.errors import FolkmootError

THRESHOLD: Final = 5
REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(minutes=5)


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """The breaker of one service. Not shared between threads.

    `refuse` makes the error that says for how long no call passes.
    """

    def __init__(
        self,
        *,
        refuse: Callable[[timedelta], FolkmootError],
        clock: Clock,
        threshold: int = THRESHOLD,
        rest: timedelta = REST,
        longest_rest: timedelta = LONGEST_REST,
        tell: Callable[[BreakerState], None] = lambda _state: None,
    ) -> None:
        self._refuse = refuse
        self._clock = clock
        self._threshold = threshold
        self._first_rest = rest
        self._longest_rest = longest_rest
        self._tell = tell
        self._failures = 0
        self._opened = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def state(self) -> BreakerState:
        """As it is at this moment; time alone makes an open one half open."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock.monotonic() < self._open_until else BreakerState.HALF_OPEN

    @property
    def opens_in(self) -> timedelta:
        """How long no call passes from now on; zero if one may pass."""
        if self._open_until is None:
            return timedelta()
        return timedelta(seconds=max(0.0, self._open_until - self._clock.monotonic()))

    def enter(self) -> None:
        """Ask to call; whoever may must say how it went. Raises what `refuse` makes if no call passes now."""
        state = self.state
        if state is BreakerState.CLOSED:
            return
        if state is BreakerState.OPEN or self._trying:
            raise self._refuse(max(self.opens_in, timedelta(seconds=1)))
        self._trying = True
        self._tell(BreakerState.HALF_OPEN)

    def succeeded(self) -> None:
        """The service answered."""
        if self.state is BreakerState.OPEN:
            return  # a call that was under way when it opened
        was_open = self._open_until is not None
        self._failures, self._opened, self._open_until, self._trying = 0, 0, None, False
        if was_open:
            self._tell(BreakerState.CLOSED)

    def failed(self) -> None:
        """The service did not answer, or with a fault of its own."""
        self._failures += 1
        tried, self._trying = self._trying, False
        if self._open_until is None and self._failures < self._threshold:
            return
        if self.state is BreakerState.OPEN and not tried:
            return  # a call that was under way when it opened
        rest = min(self._first_rest * 2 ** min(self._opened, 16), self._longest_rest)
        self._opened += 1
        self._open_for(rest)

    def rest(self, duration: timedelta) -> None:
        """Let no call pass for `duration`: the service itself asked for that."""
        self._trying = False
        self._open_for(duration)

    def leave(self) -> None:
        """The call was given up before it was known how it went: another may try."""
        self._trying = False

    def _open_for(self, duration: timedelta) -> None:
        self._open_until = self._clock.monotonic() + duration.total_seconds()
        self._tell(BreakerState.OPEN)
