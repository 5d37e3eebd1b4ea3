"""Who watches the log of events sees messages travel, and those of tasks only when they fail."""

from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.assembly.news import Newsroom
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.errors import HandlingFailedError
from folkmoot.messaging.middleware import Retry
from folkmoot.messaging.middleware.tell import Tell
from folkmoot.messaging.retry import RetryPolicy
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database

PATIENCE = timedelta(seconds=10)


async def _fussy(delivery: Delivery) -> Reply:
    if delivery.message.payload.data.get("bad"):
        raise ValueError("not like this")
    return {"heard": True}


def _message(intent: str, name: str, **data: object) -> AgentMessage:
    return AgentMessage.model_validate(
        {
            "message_id": name,
            "sender_id": "ada",
            "recipient_id": "bo",
            "intent": intent,
            "payload": {"data": data},
        }
    )


async def test_messages_are_told_without_their_words(database: Database, clock: SimulatedClock, tmp_path: Path) -> None:
    events = EventLog(database=database, clock=clock)
    newsroom = Newsroom(announcer=events)
    broker = EmbeddedBroker(
        journal=tmp_path / "journal.db",
        clock=clock,
        inbox=Inbox(database=database, clock=clock),
        middleware=[Tell(newsroom.hear), Retry(RetryPolicy(attempts=1))],
    )
    newsroom.start()
    await broker.start()
    await broker.subscribe("bo", _fussy)
    await broker.request(_message("chat", "hello", text="for your eyes only"), timeout=PATIENCE)
    await broker.request(_message("consult", "asked"), timeout=PATIENCE)
    with pytest.raises(HandlingFailedError):
        await broker.request(_message("consult", "refused", bad=True), timeout=PATIENCE)
    await broker.stop()
    await newsroom.stop()
    told = await events.read()
    assert [(one.type, one.subject) for one in told] == [
        ("message_sent", "hello"),
        ("message_handled", "hello"),
        ("message_dead", "refused"),
    ]
    assert told[0].data == {"message_id": "hello", "sender_id": "ada", "recipient_id": "bo", "intent": "chat"}
