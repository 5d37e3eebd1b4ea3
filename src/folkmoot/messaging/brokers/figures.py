"""What the broker counts, for `stats()` and for the metrics of the server if it has any."""

from collections.abc import Callable

from folkmoot.kernel import Clock
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.traffic import Traffic
from folkmoot.telemetry import Metrics


class Figures:
    """How many messages ended how, within retention.

    `traffic` has the figures of single mailboxes.
    """

    def __init__(self, metrics: Metrics | None, clock: Clock) -> None:
        self.traffic = Traffic(clock)
        self._metrics = metrics
        self.ended: dict[str, int] = {}

    def settled(self, status: str, by: int = 1) -> None:
        """The journal has `by` more messages of a status (fewer, if negative)."""
        self.ended[status] = self.ended.get(status, 0) + by
        if self._metrics is not None and status == MessageStatus.DEAD:
            self._metrics.dead_letters.set(self.ended[status])

    def measure_depth(self, waiting: Callable[[], int]) -> None:
        """Ask `waiting` for the number of unsettled messages whenever the metrics are read."""
        if self._metrics is not None:
            self._metrics.mailbox_depth.set_function(waiting)
