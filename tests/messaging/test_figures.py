"""What the server's metrics and the logs are told of messages."""

from pathlib import Path

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import AgentMessage, Delivery
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.middleware import Retry
from folkmoot.messaging.middleware.measure import Measure
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics
from tests.waiting import wait_until


async def test_messages_are_counted(tmp_path: Path, clock: SimulatedClock, database: Database) -> None:
    metrics = Metrics()
    broker = EmbeddedBroker(
        journal=tmp_path / "j.db",
        clock=clock,
        inbox=Inbox(database=database, clock=clock),
        middleware=[Measure(metrics), Retry(RetryPolicy(attempts=1))],
        metrics=metrics,
    )
    await broker.start()

    async def handle(delivery: Delivery) -> None:
        if delivery.message.intent == "consult":
            raise RuntimeError("no")

    await broker.subscribe("bob", handle)
    for intent, recipient in (("chat", "bob"), ("chat", "bob"), ("consult", "bob"), ("chat", "carol")):
        sent = AgentMessage(sender_id="alice", recipient_id=recipient, intent=intent)
        await broker.publish(sent)
        await broker.publish(sent)

    async def settled() -> bool:
        stats = await broker.stats()
        return (stats.handled, stats.dead) == (2, 1)

    await wait_until(settled)
    text = metrics.exposition().decode()
    assert 'folkmoot_messages_sent_total{intent="chat"} 3.0' in text
    assert 'folkmoot_messages_sent_total{intent="consult"} 1.0' in text
    assert 'folkmoot_messages_handled_total{intent="chat",outcome="handled"} 2.0' in text
    assert 'folkmoot_messages_handled_total{intent="consult",outcome="dead"} 1.0' in text
    assert "folkmoot_mailbox_depth 1.0" in text
    assert "folkmoot_dead_letters 1.0" in text
    await broker.stop()
