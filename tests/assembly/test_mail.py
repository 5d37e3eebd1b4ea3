"""How mail is kept is a setting, and nothing else of the house knows which it is."""

from pathlib import Path

import pytest

from folkmoot.assembly.mail import Ground, build_mail
from folkmoot.assembly.settings import load_settings
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import AgentMessage
from folkmoot.storage import Database


@pytest.mark.parametrize(("messages", "journalled"), [("durable", True), ("memory", False)])
async def test_mail_in_memory_leaves_no_journal(
    database: Database, clock: SimulatedClock, tmp_path: Path, messages: str, journalled: bool
) -> None:
    journal = tmp_path / "journal.db"
    mail = build_mail(
        load_settings({"MESSAGES": messages}, env_file=None),
        clock=clock,
        ground=Ground(database=database, events=EventLog(database=database, clock=clock)),
        journal=journal,
    )
    async with mail.running():
        await mail.broker.publish(AgentMessage(sender_id="ada", recipient_id="bo", intent="chat"))
        assert (await mail.broker.stats()).queued == 1
    assert journal.exists() is journalled
