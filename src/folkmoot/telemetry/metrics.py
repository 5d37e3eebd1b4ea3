"""The figures that `/metrics` shows, each named once, in a registry that is passed around and never global.

Who produces a figure gets this object from the assembly and counts where the thing happens; what can only be looked up
(depths, counts of rows) is read when somebody asks, by `folkmoot.assembly.readings`. A label's values are bounded:
routes, not paths; `custom:` intents together; what may be invented from outside goes through `Bounded`.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from folkmoot.telemetry.labels import Bounded

_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
_SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_LAGS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_ROUNDS: Final = (0, 1, 2, 3, 4, 5, 8, 13)
_OF_A_NAME: Final = 200


class Metrics:
    """Counters, gauges and histograms of one server; a test makes its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.models = Bounded(100)
        self.tools = Bounded(_OF_A_NAME)
        self.budgets = Bounded(_OF_A_NAME)
        self.bridges = Bounded(_OF_A_NAME)
        ProcessCollector(registry=self.registry)
        self._of_requests(self.registry)
        self._of_messages(self.registry)
        self._of_agents_and_tasks(self.registry)
        self._of_models(self.registry)
        self._of_tools_and_knowledge(self.registry)
        self._of_bridges(self.registry)
        self._of_the_process(self.registry)
        for outcome in ("done", "failed"):
            self.imports.labels(outcome)  # a series that is known beforehand begins at nought, not at its first event

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def _of_requests(self, registry: CollectorRegistry) -> None:
        self.http_requests = Counter(
            "folkmoot_http_requests", "Requests answered", ["method", "route", "status"], registry=registry
        )
        self.http_seconds = Histogram(
            "folkmoot_http_request_seconds", "Time to answer a request", ["route"], buckets=_QUICK, registry=registry
        )

    def _of_messages(self, registry: CollectorRegistry) -> None:
        self.messages_sent = Counter(
            "folkmoot_messages_sent", "Messages accepted for delivery", ["intent"], registry=registry
        )
        self.messages_handled = Counter(
            "folkmoot_messages_handled", "Messages whose handling ended", ["intent", "outcome"], registry=registry
        )
        self.messages_retried = Counter(
            "folkmoot_messages_retried", "Attempts that failed and are repeated", ["intent"], registry=registry
        )
        self.handler_seconds = Histogram(
            "folkmoot_message_handler_seconds",
            "Time an agent took to handle a message, an attempt each",
            ["intent"],
            buckets=(*_QUICK, 30.0, 60.0),
            registry=registry,
        )
        self.mailbox_depth = Gauge("folkmoot_mailbox_depth", "Messages waiting, of all mailboxes", registry=registry)
        self.mailbox_deepest = Gauge(
            "folkmoot_mailbox_depth_max", "Messages waiting in the fullest mailbox", registry=registry
        )
        self.oldest_seconds = Gauge(
            "folkmoot_mailbox_oldest_seconds", "Age of the oldest message that waits", registry=registry
        )
        self.dead_letters = Gauge("folkmoot_dead_letters", "Messages given up on", registry=registry)
        self.messages_expired = Gauge(
            "folkmoot_messages_expired", "Messages that expired unhandled, within retention", registry=registry
        )
        self.messages_in_flight = Gauge("folkmoot_messages_in_flight", "Messages being handled", registry=registry)
        self._of_mailboxes(registry)

    def _of_mailboxes(self, registry: CollectorRegistry) -> None:
        # There may be thousands: the readings name those that a keeper would look at, and sum up the `other`.
        self.agent_queued = Gauge(
            "folkmoot_agent_mailbox_depth", "Messages waiting, of the fullest mailboxes", ["agent"], registry=registry
        )
        self.agent_oldest = Gauge(
            "folkmoot_agent_mailbox_oldest_seconds",
            "Age of the oldest message that is not settled, of the fullest mailboxes",
            ["agent"],
            registry=registry,
        )
        self.agent_dead = Gauge(
            "folkmoot_agent_dead_letters",
            "Messages given up on, of the fullest mailboxes",
            ["agent"],
            registry=registry,
        )
        self.agent_handled = Gauge(
            "folkmoot_agent_handled_per_minute",
            "Messages handled a minute, mean of five, of the fullest mailboxes",
            ["agent"],
            registry=registry,
        )
        self.agent_seconds = Gauge(
            "folkmoot_agent_handler_seconds",
            "Time of an attempt, mean of five minutes, of the fullest mailboxes",
            ["agent"],
            registry=registry,
        )

    def _of_agents_and_tasks(self, registry: CollectorRegistry) -> None:
        self.agents_online = Gauge("folkmoot_agents_online", "Agents with a fresh heartbeat", registry=registry)
        self.agents_known = Gauge("folkmoot_agents_known", "Agents in the registry", registry=registry)
        self.agents_silenced = Gauge("folkmoot_agents_silenced", "Agents that a person silenced", registry=registry)
        self.consultation_confidence = Histogram(
            "folkmoot_consultation_confidence",
            "How sure agents were that a task is theirs",
            buckets=_SHARES,
            registry=registry,
        )
        self.consultation_silent = Counter(
            "folkmoot_consultations_silent", "Agents that were asked about a task and did not answer", registry=registry
        )
        self.negotiation_rounds = Histogram(
            "folkmoot_negotiation_rounds", "Rounds until a task was settled", buckets=_ROUNDS, registry=registry
        )
        self.tasks = Gauge("folkmoot_tasks", "Tasks by state", ["state"], registry=registry)
        self.tasks_settled = Counter(
            "folkmoot_task_distributions", "Distributions of tasks that ended", ["outcome"], registry=registry
        )
        self.runs_active = Gauge("folkmoot_runs_active", "Durable runs that are under way", registry=registry)

    def _of_models(self, registry: CollectorRegistry) -> None:
        self.model_requests = Counter(
            "folkmoot_model_requests", "Requests to language models", ["model", "outcome"], registry=registry
        )
        self.model_seconds = Histogram(
            "folkmoot_model_seconds", "Time a model took for a request", ["model"], buckets=_SLOW, registry=registry
        )
        self.model_tokens = Counter(
            "folkmoot_model_tokens", "Tokens read and written by models", ["model", "direction"], registry=registry
        )
        self.model_cost = Counter(
            "folkmoot_model_cost_usd", "What models cost, as far as prices are known", ["model"], registry=registry
        )
        self.budget_remaining = Gauge(
            "folkmoot_budget_remaining_ratio",
            "What is left of a budget in its period, 1 to 0",
            ["budget"],
            registry=registry,
        )
        self.budget_refusals = Counter(
            "folkmoot_budget_refusals", "Requests that a budget stopped", ["subject"], registry=registry
        )
        self.usage_unwritten = Gauge(
            "folkmoot_usage_unwritten", "Records of use that wait to be written", registry=registry
        )
        self.usage_lost = Counter("folkmoot_usage_lost", "Records of use that could not be kept", registry=registry)

    def _of_tools_and_knowledge(self, registry: CollectorRegistry) -> None:
        self.tool_calls = Counter(
            "folkmoot_tool_calls", "Calls of tools that ended", ["tool", "status"], registry=registry
        )
        self.tool_seconds = Histogram(
            "folkmoot_tool_seconds", "Time a tool took", ["tool"], buckets=(*_QUICK, 30.0, 60.0), registry=registry
        )
        self.integration_breaker = Gauge(
            "folkmoot_integration_breaker",
            "Whether the way to a service is open: 0 as usual, 1 on trial, 2 cut after faults",
            ["integration"],
            registry=registry,
        )
        self.imports = Counter(
            "folkmoot_imports", "Imports of exported messages that ended", ["outcome"], registry=registry
        )
        self.documents = Gauge("folkmoot_knowledge_documents", "Documents that can be searched", registry=registry)
        self.chunks = Gauge("folkmoot_knowledge_chunks", "Passages that can be searched", registry=registry)
        self.search_seconds = Histogram(
            "folkmoot_knowledge_search_seconds", "Time to search the knowledge", buckets=_QUICK, registry=registry
        )

    def _of_bridges(self, registry: CollectorRegistry) -> None:
        self.bridge_connected = Gauge(
            "folkmoot_bridge_connected", "Whether this server has a bridge's connection", ["bridge"], registry=registry
        )
        self.bridge_connects = Counter(
            "folkmoot_bridge_connects", "Connections of a bridge that came about", ["bridge"], registry=registry
        )
        self.bridge_frames = Counter(
            "folkmoot_bridge_frames", "Frames that came in and went out", ["bridge", "direction"], registry=registry
        )
        self.bridge_passed_over = Counter(
            "folkmoot_bridge_passed_over",
            "Frames that came in and that nobody answers, and those given up, by reason",
            ["bridge", "reason"],
            registry=registry,
        )
        self.bridge_waiting = Gauge(
            "folkmoot_bridge_waiting", "Frames that wait to be sent", ["bridge"], registry=registry
        )

    def _of_the_process(self, registry: CollectorRegistry) -> None:
        self.loop_lag = Histogram(
            "folkmoot_event_loop_lag_seconds",
            "How late the event loop is when it should act",
            buckets=_LAGS,
            registry=registry,
        )
        self.pool_in_use = Gauge("folkmoot_database_connections", "Database connections in use", registry=registry)
