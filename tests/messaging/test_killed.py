"""The embedded broker in a process of its own that is killed (SIGKILL), again and again, in the middle of its work.

What was acknowledged to a sender is handled; what a handler did in its transaction is there exactly once.
"""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Base, Database
from tests.waiting import wait_until

LIVES = 5
SENDERS = 8
ROOT = Path(__file__).parents[2]


async def opened(folder: Path) -> tuple[EmbeddedBroker, Database]:
    """A broker on `folder`, and the database with its effects."""
    database = Database(f"sqlite:///{folder / 'rows.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    clock = SystemClock()
    broker = EmbeddedBroker(journal=folder / "journal.db", clock=clock, inbox=Inbox(database=database, clock=clock))
    await broker.start()
    return broker, database


async def handle(delivery: Delivery) -> dict[str, Any]:
    """Write the effect with its mark."""
    from sqlalchemy import text

    sent = delivery.message
    async with delivery.transaction() as session:
        await session.execute(text("INSERT INTO effects VALUES (:id)"), {"id": sent.message_id})
    return {}


async def live(folder: Path, life: int) -> None:
    """Send and handle until killed; every acknowledged id goes to standard output."""
    broker, _ = await opened(folder)
    await broker.subscribe("agent", handle)

    async def send(sender: int) -> None:
        number = 0
        while True:
            number += 1
            message = AgentMessage(
                message_id=f"{life}-{sender}-{number}",
                sender_id=f"sender-{sender}",
                recipient_id="agent",
                intent="chat",
                payload=MessagePayload(data={"n": number}),
            )
            if number % 3:
                await broker.publish(message)
            else:
                await broker.request(message, timeout=timedelta(seconds=60))
            sys.stdout.write(f"{message.message_id}\n")
            sys.stdout.flush()

    await asyncio.gather(*(send(sender) for sender in range(SENDERS)))


def acknowledged_until_killed(folder: Path, life: int, lines: int) -> list[str]:
    """Run a life and kill it without warning after about so many acknowledgements."""
    script = (
        "import asyncio, importlib.util; from pathlib import Path\n"
        f"spec = importlib.util.spec_from_file_location('killed', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        f"asyncio.run(module.live(Path({str(folder)!r}), {life}))\n"
    )
    ids: list[str] = []
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            ids.append(line.strip())
            if len(ids) == lines:
                process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    # A line cut by the kill is no acknowledgement that anybody read.
    return [message_id for message_id in ids if message_id.count("-") == 2]


@pytest.mark.slow
async def test_nothing_accepted_is_lost_and_no_effect_is_doubled(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "rows.db") as connection:
        connection.execute("CREATE TABLE effects (id TEXT)")
    connection.close()
    accepted: list[str] = []
    for life in range(LIVES):
        accepted += await asyncio.to_thread(acknowledged_until_killed, tmp_path, life, random.randint(20, 200))
    broker, database = await opened(tmp_path)
    await broker.subscribe("agent", handle)

    async def empty() -> bool:
        return not (await broker.stats()).mailboxes

    await wait_until(empty, seconds=60)
    stats = await broker.stats()
    await broker.stop()
    await database.close()
    with sqlite3.connect(tmp_path / "rows.db") as connection:
        effects = [row[0] for row in connection.execute("SELECT id FROM effects")]
    connection.close()
    assert len(accepted) >= LIVES * 20
    assert set(accepted) <= set(effects)
    assert len(effects) == len(set(effects)) == stats.handled
    assert stats.dead == 0
