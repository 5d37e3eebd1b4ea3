"""The journal's disk: full, gone, or written by a newer version."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload
from folkmoot.messaging.brokers import writer
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.brokers.ending import First
from folkmoot.messaging.brokers.journal import Changes, commit
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database, StorageFullError, StorageUnavailableError
from tests.waiting import wait_until


def message(size: int = 10) -> AgentMessage:
    return AgentMessage(
        sender_id="alice", recipient_id="bob", intent="chat", payload=MessagePayload(data={"text": "x" * size})
    )


@pytest.fixture
async def embedded(tmp_path: Path, database: Database) -> AsyncIterator[EmbeddedBroker]:
    clock = SystemClock()
    broker = EmbeddedBroker(journal=tmp_path / "journal.db", clock=clock, inbox=Inbox(database=database, clock=clock))
    await broker.start()
    yield broker
    await broker.stop()


def limit_pages(connection: sqlite3.Connection, spare: int | None) -> None:
    """SQLite's own full disk: no more than so many pages beyond those in use; None lifts the limit."""
    (used,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {1_000_000_000 if spare is None else used + spare}")


async def test_a_full_disk_refuses_sends_and_space_heals_it(embedded: EmbeddedBroker) -> None:
    await embedded._writer.call(lambda connection: limit_pages(connection, 5))
    accepted, refused = [], []
    for _ in range(30):
        item = message(2_000)
        try:
            await embedded.publish(item)
            accepted.append(item.message_id)
        except StorageFullError:
            refused.append(item.message_id)
    assert accepted
    assert refused
    assert (await embedded.stats()).mailboxes == {"bob": len(accepted)}
    for message_id in refused:
        assert await embedded.find(message_id) is None
    await embedded._writer.call(lambda connection: limit_pages(connection, None))
    await embedded.health_check()
    await embedded.publish(message())
    assert (await embedded.stats()).queued == len(accepted) + 1


async def test_acknowledgements_are_owed_until_there_is_space(
    embedded: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    handled, full = asyncio.Event(), True

    def commit_if_space(connection: sqlite3.Connection, changes: Changes) -> dict[int, First[int]]:
        if full and handled.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        return commit(connection, changes)

    async def handle(_delivery: Delivery) -> None:
        handled.set()

    monkeypatch.setattr(writer, "commit", commit_if_space)
    item = message()
    await embedded.publish(item)
    await embedded.subscribe("bob", handle)
    await handled.wait()
    with pytest.raises(StorageFullError):
        await embedded.publish(message())
    assert (await embedded.stats()).handled == 0
    full = False

    async def written() -> bool:
        return (await embedded.stats()).handled == 1

    await wait_until(written)
    record = await embedded.find(item.message_id)
    assert record is not None
    assert record.status == "handled"


async def test_a_journal_that_cannot_be_opened_says_which(tmp_path: Path, database: Database) -> None:
    (tmp_path / "file").write_text("not a folder")
    clock = SystemClock()
    broker = EmbeddedBroker(
        journal=tmp_path / "file" / "journal.db", clock=clock, inbox=Inbox(database=database, clock=clock)
    )
    with pytest.raises(StorageUnavailableError, match=r"journal\.db"):
        await broker.start()


async def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path, database: Database) -> None:
    path, clock = tmp_path / "journal.db", SystemClock()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    broker = EmbeddedBroker(journal=path, clock=clock, inbox=Inbox(database=database, clock=clock))
    with pytest.raises(StorageUnavailableError, match="newer version"):
        await broker.start()


async def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, database: Database) -> None:
    path, clock = tmp_path / "journal.db", SystemClock()
    path.write_bytes(b"something else entirely" * 100)
    broker = EmbeddedBroker(journal=path, clock=clock, inbox=Inbox(database=database, clock=clock))
    with pytest.raises(StorageUnavailableError, match=r"journal\.db"):
        await broker.start()
    assert path.read_bytes() == b"something else entirely" * 100


async def test_a_body_that_cannot_be_read_ends_in_the_dead_letter_box(tmp_path: Path, database: Database) -> None:
    clock = SystemClock()
    broker = EmbeddedBroker(journal=tmp_path / "j.db", clock=clock, inbox=Inbox(database=database, clock=clock))
    await broker.start()
    broken, whole = message(), message()
    await broker.publish(broken)
    await broker.publish(whole)
    await broker.stop()
    with sqlite3.connect(tmp_path / "j.db") as connection:
        connection.execute("UPDATE messages SET body = x'00' WHERE message_id = ?", (broken.message_id,))
    connection.close()
    await broker.start()
    got: list[str] = []

    async def handle(delivery: Delivery) -> None:
        got.append(delivery.message.message_id)

    await broker.subscribe("bob", handle)
    await wait_until(lambda: got == [whole.message_id])

    async def dead() -> bool:
        return (await broker.stats()).dead == 1

    await wait_until(dead)
    await broker.stop()


async def test_an_error_that_no_database_takes_does_not_stop_the_writer(embedded: EmbeddedBroker) -> None:
    async def handle(_delivery: Delivery) -> None:
        raise FileNotFoundError("caf\udce9.txt")

    item = message()
    await embedded.publish(item)
    await embedded.subscribe("bob", handle)

    async def failed() -> bool:
        record = await embedded.find(item.message_id)
        return record is not None and record.attempts > 0

    await wait_until(failed)
    await embedded.health_check()
