"""What asking models shows of them: each model's breaker, how fast it was, its last answer and its last fault.

One `Watches` is shared by everything that asks: a model that failed five times for one agent is left alone by all.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.kernel.breaker import Breaker, BreakerState
from folkmoot.models.errors import ModelRestingError, ModelsError
from folkmoot.models.gate import ProviderGate
from folkmoot.models.model import EVERY, ModelHandle, ModelReport, ModelSettings
from folkmoot.telemetry import Metrics, get_logger

_REMEMBERED: Final = 300
_MOST: Final = 500  # models that are watched: names may be invented from outside
_LONGEST_REST: Final = timedelta(hours=1)
_FIGURES: Final = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}
_log = get_logger("folkmoot.models")


class Watch:
    """One model."""

    def __init__(
        self, handle: ModelHandle, *, clock: Clock, threshold: int, rest: timedelta, metrics: Metrics | None
    ) -> None:
        self.handle = handle
        self._clock = clock
        self._metrics = metrics
        self._label = metrics.models(handle.name) if metrics else ""
        self.breaker = Breaker(
            refuse=self._resting, clock=clock, threshold=threshold, rest=rest, tell=self._breaker_changed
        )
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)
        self._first_tokens: deque[float] = deque(maxlen=_REMEMBERED)
        self._requests, self._failed, self._repeated, self._fallbacks = 0, 0, 0, 0
        self._answered_at: datetime | None = None
        self._fault: tuple[datetime, str] | None = None
        self.measure()

    def answered(self, seconds: float) -> None:
        """It answered wholly."""
        self._requests += 1
        self._seconds.append(seconds)
        self._answered_at = self._clock.now()

    def began(self, seconds: float) -> None:
        """The first token of a stream came."""
        self._first_tokens.append(seconds)
        if self._metrics is not None:
            self._metrics.model_first_token.labels(self._label).observe(seconds)

    def failed(self, error: ModelsError) -> None:
        """A request failed, whether it is repeated or not."""
        self._requests += 1
        self._failed += 1
        self._fault = (self._clock.now(), error.message)

    def repeated(self) -> None:
        """A request is sent again."""
        self._repeated += 1
        if self._metrics is not None:
            self._metrics.model_retries.labels(self._label).inc()

    def fell_back(self, error: ModelsError) -> None:
        """A chain goes on to its next model."""
        self._fallbacks += 1
        _log.warning("another model is asked", model=self.handle.name, code=error.code, error=error.message)
        if self._metrics is not None:
            self._metrics.model_fallbacks.labels(self._label, error.code.rpartition(".")[2]).inc()

    def rest(self, duration: timedelta) -> None:
        """Leave it alone for so long: it asked for that."""
        self.breaker.rest(min(duration, _LONGEST_REST))

    def measure(self) -> None:
        """Put the breaker's state into the metrics: time alone ends a rest."""
        if self._metrics is not None:
            self._metrics.model_breaker.labels(self._label).set(_FIGURES[self.breaker.state])

    def report(self) -> ModelReport:
        """All of it."""
        return ModelReport(
            handle=self.handle,
            breaker=self.breaker.state.value,
            rests_for=self.breaker.opens_in,
            requests=self._requests,
            failed=self._failed,
            repeated=self._repeated,
            fallbacks=self._fallbacks,
            seconds_median=_quantile(self._seconds, 0.5),
            seconds_p95=_quantile(self._seconds, 0.95),
            first_token_median=_quantile(self._first_tokens, 0.5),
            first_token_p95=_quantile(self._first_tokens, 0.95),
            answered_at=self._answered_at,
            failed_at=self._fault[0] if self._fault else None,
            fault=self._fault[1] if self._fault else None,
        )

    def _resting(self, wait: timedelta) -> ModelRestingError:
        seconds = round(wait.total_seconds(), 3)
        why = f"; the last time: {self._fault[1]}" if self._fault else ""
        return ModelRestingError(
            f"{self.handle.name} is left alone for {seconds:g} s, because it failed too often or asked for it{why}",
            model=self.handle.name,
            retry_after_seconds=seconds,
        )

    def _breaker_changed(self, state: BreakerState) -> None:
        self.measure()
        if state is BreakerState.OPEN:
            _log.warning("a model is left alone", model=self.handle.name)


class Watches:
    """Every model that was asked since the start, and the gates of their providers."""

    def __init__(self, settings: ModelSettings, *, clock: Clock, metrics: Metrics | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._watches: dict[str, Watch] = {}
        self._gates: dict[str, ProviderGate] = {}

    def of(self, handle: ModelHandle) -> Watch:
        """The watch of one model; not of a chain."""
        if handle.name not in self._watches:
            while len(self._watches) >= _MOST:
                del self._watches[next(iter(self._watches))]
            self._watches[handle.name] = Watch(
                handle,
                clock=self._clock,
                threshold=self._settings.breaker_threshold,
                rest=self._settings.breaker_rest,
                metrics=self._metrics,
            )
        return self._watches[handle.name]

    def gate(self, provider: str) -> ProviderGate:
        """The gate of a provider."""
        if provider not in self._gates:
            rates, places = self._settings.per_minute, self._settings.at_once
            self._gates[provider] = ProviderGate(
                provider,
                clock=self._clock,
                patience=self._settings.limit_wait,
                per_minute=rates.get(provider, rates.get(EVERY)),
                at_once=places.get(provider, places.get(EVERY)),
            )
        return self._gates[provider]

    def measure(self) -> None:
        """Put what only time changes into the metrics."""
        for one in self._watches.values():
            one.measure()

    def reports(self) -> list[ModelReport]:
        """How every model was that was asked, in the order in which they were asked first."""
        return [one.report() for one in self._watches.values()]


def _quantile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4)
