"""Counts messages and times their handling, for the metrics of the server."""

import time

from prometheus_client import Counter, Histogram

from folkmoot.messaging.broker import Delivery, Handler, Reply
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware.middleware import Happening, Middleware
from folkmoot.telemetry import Metrics
from folkmoot.telemetry.labels import intent_label


class Measure(Middleware):
    """Looking a label up costs more than counting: each counter is looked up once."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._counters: dict[tuple[Happening, str], Counter] = {}
        self._taking: dict[str, Histogram] = {}

    async def handling(self, delivery: Delivery, handle: Handler) -> Reply:
        began = time.perf_counter()
        try:
            return await handle(delivery)
        finally:
            intent = delivery.message.intent
            taking = self._taking.get(intent)
            if taking is None:
                taking = self._taking[intent] = self._metrics.handler_seconds.labels(intent_label(intent))
            taking.observe(time.perf_counter() - began)

    def happened(self, what: Happening, message: AgentMessage) -> None:
        counter = self._counters.get((what, message.intent))
        if counter is None:
            counter = self._counters[what, message.intent] = self._counter(what, intent_label(message.intent))
        counter.inc()

    def _counter(self, what: Happening, intent: str) -> Counter:
        match what:
            case Happening.ACCEPTED:
                return self._metrics.messages_sent.labels(intent)
            case Happening.REPEATED:
                return self._metrics.messages_retried.labels(intent)
            case _:
                return self._metrics.messages_handled.labels(intent, what.value)
