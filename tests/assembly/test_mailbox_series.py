"""Thousands of mailboxes in `/metrics`: those that matter by name, the rest in one, and their sum is the house's."""

from folkmoot.assembly.mailbox_series import NAMED, show_mailboxes
from folkmoot.messaging.broker import MailboxStats
from folkmoot.telemetry import Metrics


def mailbox(agent_id: str, queued: int = 0, *, oldest: float = 0.0, dead: int = 0) -> MailboxStats:
    return MailboxStats(
        agent_id=agent_id,
        queued=queued,
        in_flight=0,
        dead=dead,
        oldest_seconds=oldest,
        accepted_per_minute=1.0,
        handled_per_minute=1.0,
        retried_per_minute=0.0,
        handler_seconds=0.5,
    )


def depths(metrics: Metrics) -> dict[str, float]:
    return {sample.labels["agent"]: sample.value for one in metrics.agent_queued.collect() for sample in one.samples}


def test_the_fullest_are_named_and_the_others_are_one() -> None:
    metrics = Metrics()
    show_mailboxes(metrics, [mailbox(f"agent-{number}", number, oldest=2.0 * number) for number in range(1000)])
    found = depths(metrics)
    assert len(found) == NAMED + 1
    assert found["agent-999"] == 999
    assert "agent-1" not in found
    assert sum(found.values()) == sum(range(1000))
    assert metrics.agent_oldest.labels("other")._value.get() == 2.0 * (999 - NAMED)


def test_who_is_not_told_of_any_more_has_no_series() -> None:
    metrics = Metrics()
    show_mailboxes(metrics, [mailbox("bob", 3, dead=2), mailbox("carol")])
    assert depths(metrics) == {"bob": 3.0, "carol": 0.0}
    show_mailboxes(metrics, [mailbox("carol", 1)])
    assert depths(metrics) == {"carol": 1.0}
    assert "bob" not in metrics.exposition().decode()
