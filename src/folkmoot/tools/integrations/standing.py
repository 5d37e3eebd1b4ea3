"""How a service was when it was last asked: what `/health` shows without asking it again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from folkmoot.kernel import Clock, rfc3339
from folkmoot.kernel.breaker import Breaker, BreakerState
from folkmoot.tools.integrations.errors import (
    IntegrationError,
    ServiceNotConfiguredError,
    ServiceRestingError,
    ServiceUnauthorizedError,
)

Condition = Literal["ok", "degraded", "down", "not_configured"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """How one service is, in a word and in a sentence."""

    condition: Condition
    detail: str


class Standing:
    """The last good answer and the last fault of one service.

    `ok`: the last call was answered. `degraded`: the last call failed, or the service is being tried again. `down`: it
    is left alone, or it refuses the key.
    """

    def __init__(self, *, clock: Clock, breaker: Breaker) -> None:
        self._clock = clock
        self._breaker = breaker
        self._answered: datetime | None = None
        self._fault: tuple[datetime, IntegrationError] | None = None
        self._well = True

    def answered(self) -> None:
        """It did what it was asked, or refused what was wrong with the request."""
        self._answered = self._clock.now()
        self._well = True

    def failed(self, error: IntegrationError) -> None:
        """It did not."""
        if isinstance(error, ServiceRestingError):
            return  # that is our own refusal, and what led to it is known
        self._fault = (self._clock.now(), error)
        self._well = False

    def due(self, every: timedelta) -> bool:
        """Whether nothing good was heard for so long, or something bad last, that it should be asked."""
        return not self._well or self._answered is None or self._clock.now() - self._answered >= every

    def report(self) -> Report:
        """The condition now, and why."""
        state = self._breaker.state
        parts = [f"breaker {state.value}"]
        if state is BreakerState.OPEN:
            parts.append(f"tried again in {round(self._breaker.opens_in.total_seconds())} s")
        parts.append(f"last answer {rfc3339(self._answered)}" if self._answered else "no answer yet")
        if self._fault is not None:
            parts.append(f"last error {rfc3339(self._fault[0])}: {self._fault[1].message}")
        return Report(condition=self._condition(state), detail="; ".join(parts))

    def _condition(self, state: BreakerState) -> Condition:
        if state is BreakerState.OPEN:
            return "down"
        if self._well:
            return "ok" if state is BreakerState.CLOSED else "degraded"
        shut = (ServiceUnauthorizedError, ServiceNotConfiguredError)
        return "down" if self._fault and isinstance(self._fault[1], shut) else "degraded"
