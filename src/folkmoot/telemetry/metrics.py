"""The figures that `/metrics` shows, each named once, in a registry that is passed around and never global."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """Counters, gauges and histograms of one server; a test makes its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.http_requests = Counter(
            "folkmoot_http_requests", "Requests answered", ["method", "route", "status"], registry=registry
        )
        self.http_seconds = Histogram(
            "folkmoot_http_request_seconds", "Time to answer a request", ["route"], registry=registry
        )
        self.messages_sent = Counter(
            "folkmoot_messages_sent", "Messages accepted for delivery", ["intent"], registry=registry
        )
        self.messages_handled = Counter(
            "folkmoot_messages_handled", "Messages whose handling ended", ["intent", "outcome"], registry=registry
        )
        self.mailbox_depth = Gauge("folkmoot_mailbox_depth", "Messages waiting, of all mailboxes", registry=registry)
        self.dead_letters = Gauge("folkmoot_dead_letters", "Messages given up on", registry=registry)
        self.agents_online = Gauge("folkmoot_agents_online", "Agents with a fresh heartbeat", registry=registry)

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
