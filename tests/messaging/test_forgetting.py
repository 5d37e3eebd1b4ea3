"""What was answered in somebody's words does not outlive the permission to say it, not even in the file."""

from datetime import timedelta
from pathlib import Path

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database

PATIENCE = timedelta(seconds=10)
WORDS = "the quokka eats the cable"


async def _quote(delivery: Delivery) -> Reply:
    return {"answer": f"{WORDS}, {delivery.message.intent}"}


def _question(recipient: str, intent: str) -> AgentMessage:
    return AgentMessage(message_id=f"{recipient} {intent}", sender_id="ada", recipient_id=recipient, intent=intent)


def _is_in_a_file_of(folder: Path) -> bool:
    return any(WORDS.encode() in file.read_bytes() for file in folder.glob("journal.db*"))


async def test_replies_are_emptied_for_one_agent_and_some_intents(
    database: Database, clock: SimulatedClock, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.db"
    broker = EmbeddedBroker(journal=journal, clock=clock, inbox=Inbox(database=database, clock=clock))
    await broker.start()
    asked = [_question("bo", "chat"), _question("bo", "consult"), _question("cy", "chat")]
    for agent in ("bo", "cy"):
        await broker.subscribe(agent, _quote)
    for one in asked:
        assert (await broker.request(one, timeout=PATIENCE)).payload.data["answer"].startswith(WORDS)
    assert await broker.forget_replies("bo", ["chat", "request_knowledge"]) == 1
    again = [(await broker.request(one, timeout=PATIENCE)).payload.data for one in asked]
    assert again == [{}, {"answer": f"{WORDS}, consult"}, {"answer": f"{WORDS}, chat"}]
    await broker.forget_replies("bo", ["consult"])
    await broker.forget_replies("cy", ["chat"])
    await broker.stop()
    assert not _is_in_a_file_of(tmp_path)
