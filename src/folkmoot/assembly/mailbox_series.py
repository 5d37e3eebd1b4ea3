"""The mailboxes in `/metrics`: the fifty that a keeper would look at by name, the others in one.

An agent's id as a label is bounded by the agents there are, and there may be thousands: a series for each would cost
more than it tells. Named are the fullest, then those whose oldest message waits longest, then those with dead letters.
"""

from collections.abc import Sequence
from typing import Final

from folkmoot.messaging.broker import MailboxStats
from folkmoot.telemetry import Metrics

NAMED: Final = 50
OTHER: Final = "other"


def show_mailboxes(metrics: Metrics, mailboxes: Sequence[MailboxStats]) -> None:
    """Set the series of mailboxes anew; who is named no longer has none. Sums over `agent` are those of the house."""
    series = (
        metrics.agent_queued,
        metrics.agent_oldest,
        metrics.agent_dead,
        metrics.agent_handled,
        metrics.agent_seconds,
    )
    for one in series:
        one.clear()
    ranked = sorted(mailboxes, key=lambda box: (-box.queued, -box.oldest_seconds, -box.dead, box.agent_id))
    for box in ranked[:NAMED]:
        _show(metrics, box.agent_id, [box])
    if ranked[NAMED:]:
        _show(metrics, OTHER, ranked[NAMED:])


def _show(metrics: Metrics, name: str, boxes: Sequence[MailboxStats]) -> None:
    metrics.agent_queued.labels(name).set(sum(box.queued for box in boxes))
    metrics.agent_oldest.labels(name).set(max(box.oldest_seconds for box in boxes))
    metrics.agent_dead.labels(name).set(sum(box.dead for box in boxes))
    metrics.agent_handled.labels(name).set(sum(box.handled_per_minute for box in boxes))
    metrics.agent_seconds.labels(name).set(max(box.handler_seconds for box in boxes))
