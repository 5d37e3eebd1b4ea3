"""How mail is moved here: which broker, and what stands around it."""

from folkmoot.messaging.middleware import Expiry, Middleware, Retry
from folkmoot.messaging.middleware.deduplicate import Deduplicate
from folkmoot.messaging.middleware.measure import Measure
from folkmoot.messaging.middleware.tell import Tell
from folkmoot.messaging.middleware.trace import Trace
from folkmoot.messaging.news import Listener
from folkmoot.telemetry import Metrics, Tracing


def usual_middleware(*, tracing: Tracing, metrics: Metrics, tell: Listener) -> list[Middleware]:
    """What a workplace's broker does besides moving messages, the outermost first."""
    return [Deduplicate(), Trace(tracing), Measure(metrics), Tell(tell), Expiry(), Retry()]
