"""What the broker counts, for `stats()` and for the metrics of the server if it has any."""

import time
from collections.abc import Callable

from prometheus_client import Counter as PrometheusCounter
from prometheus_client import Histogram

from folkmoot.messaging.broker import MessageStatus
from folkmoot.telemetry import Metrics
from folkmoot.telemetry.labels import intent_label


class Figures:
    """How many messages ended how, within retention; and the same as metrics since the start of the process."""

    def __init__(self, metrics: Metrics | None) -> None:
        self._metrics = metrics
        # Looking a label up costs more than counting: each counter is looked up once.
        self._sent: dict[str, PrometheusCounter] = {}
        self._ended: dict[tuple[str, str], PrometheusCounter] = {}
        self._taking: dict[str, Histogram] = {}
        self.ended: dict[str, int] = {}

    def sent(self, intent: str) -> None:
        """A message was accepted."""
        if self._metrics is not None:
            counter = self._sent.get(intent)
            if counter is None:
                counter = self._sent[intent] = self._metrics.messages_sent.labels(intent_label(intent))
            counter.inc()

    def handling_ended(self, intent: str, outcome: MessageStatus) -> None:
        """The handling of a message came to an end."""
        if self._metrics is not None:
            counter = self._ended.get((intent, outcome))
            if counter is None:
                counter = self._ended[intent, outcome] = self._metrics.messages_handled.labels(
                    intent_label(intent), outcome.value
                )
            counter.inc()

    def handling_begins(self) -> float:
        """The moment from which `handling_took` measures; 0 where nobody does."""
        return 0.0 if self._metrics is None else time.perf_counter()

    def handling_took(self, intent: str, began: float) -> None:
        """An attempt came to its end."""
        if self._metrics is not None:
            taking = self._taking.get(intent)
            if taking is None:
                taking = self._taking[intent] = self._metrics.handler_seconds.labels(intent_label(intent))
            taking.observe(time.perf_counter() - began)

    def repeated(self, intent: str) -> None:
        """An attempt failed, and there will be another."""
        if self._metrics is not None:
            self._metrics.messages_retried.labels(intent_label(intent)).inc()

    def settled(self, status: str, by: int = 1) -> None:
        """The journal has `by` more messages of a status (fewer, if negative)."""
        self.ended[status] = self.ended.get(status, 0) + by
        if self._metrics is not None and status == MessageStatus.DEAD:
            self._metrics.dead_letters.set(self.ended[status])

    def measure_depth(self, waiting: Callable[[], int]) -> None:
        """Ask `waiting` for the number of unsettled messages whenever the metrics are read."""
        if self._metrics is not None:
            self._metrics.mailbox_depth.set_function(waiting)
