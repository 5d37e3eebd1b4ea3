"""When a message whose handling failed is tried again, and when it is given up."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from folkmoot.kernel import Family, FolkmootError

# The same message would fail in the same way: no time heals it.
_HOPELESS = frozenset({Family.INVALID, Family.TOO_LARGE, Family.FORBIDDEN, Family.UNAUTHENTICATED})


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with jitter.

    A message is handled at most `attempts` times. After the first failure it waits about `first_delay`, then `factor`
    times longer each time, at most `longest_delay`; every wait is spread by ±`jitter` (a share), so that what failed
    together does not come back together.
    """

    attempts: int = 5
    first_delay: timedelta = timedelta(seconds=0.5)
    factor: float = 2.0
    longest_delay: timedelta = timedelta(minutes=1)
    jitter: float = 0.2
    random: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.factor < 1 or not 0 <= self.jitter <= 1 or self.first_delay < timedelta(0):
            raise ValueError("a retry policy needs attempts >= 1, factor >= 1, 0 <= jitter <= 1, first_delay >= 0")

    def gives_up(self, attempt: int, error: Exception) -> bool:
        """Whether `attempt` (1 for the first), which failed with `error`, was the last."""
        if isinstance(error, FolkmootError) and (error.family in _HOPELESS or not error.passing):
            return True
        return attempt >= self.attempts

    def delay(self, attempt: int) -> timedelta:
        """How long to wait after `attempt` failed."""
        # The exponent is bounded because a float overflows long before a patient policy ends.
        plain = self.first_delay.total_seconds() * self.factor ** min(attempt - 1, 32)
        bounded = min(plain, self.longest_delay.total_seconds())
        return timedelta(seconds=bounded * (1 + self.jitter * self.random.uniform(-1, 1)))
