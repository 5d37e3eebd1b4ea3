"""The journal's tables: what waits is known whether it was noted yet or not, and older journals are carried on."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.journal import (
    VERSION,
    Changes,
    LetterRow,
    Postponement,
    bring_back,
    commit,
    list_new,
    open_journal,
    unlisted,
)
from tests.waiting import wait_until


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_journal(tmp_path / "journal.db", full_sync=False)
    yield connection
    connection.close()


def letter(seq: int) -> LetterRow:
    message = AgentMessage(
        message_id=f"m-{seq}", sender_id="alice", recipient_id="bob", intent="chat", payload=MessagePayload()
    )
    return (seq, message.message_id, "bob", "alice", 1, message.conversation_id, 1.0, None, message.to_bytes())


def end(seq: int, status: MessageStatus = MessageStatus.HANDLED, attempts: int = 1) -> Settlement[int]:
    return Settlement(seq, status, 2.0, attempts)


def seqs(connection: sqlite3.Connection, table: str) -> list[int]:
    return [seq for (seq,) in connection.execute(f"SELECT seq FROM {table} ORDER BY seq")]  # ours


def test_only_what_had_not_ended_is_noted_as_waiting(journal: sqlite3.Connection) -> None:
    commit(journal, Changes([letter(seq) for seq in range(1, 21)]))
    commit(journal, Changes(settled=[end(seq) for seq in range(1, 19)]))
    assert seqs(journal, "waiting") == []
    assert seqs(journal, "unsettled") == [19, 20]
    assert unlisted(journal) == 20
    list_new(journal)
    assert seqs(journal, "waiting") == seqs(journal, "unsettled") == [19, 20]
    assert unlisted(journal) == 0
    commit(journal, Changes([letter(21)], settled=[end(19)]))
    assert seqs(journal, "waiting") == [20]
    assert seqs(journal, "unsettled") == [20, 21]


@pytest.mark.parametrize("noted", [False, True])
def test_what_failed_has_its_row_until_it_ends(journal: sqlite3.Connection, noted: bool) -> None:
    commit(journal, Changes([letter(seq) for seq in (1, 2, 3)]))
    if noted:
        list_new(journal)
    commit(journal, Changes(postponed=[Postponement(seq, 1, 9.0, "no") for seq in (1, 2, 3)]))
    assert seqs(journal, "unsettled") == [1, 2, 3]
    assert journal.execute("SELECT attempts, due, error FROM waiting WHERE seq = 2").fetchone() == (1, 9.0, "no")
    commit(
        journal,
        Changes(settled=[end(1, attempts=2), end(2, MessageStatus.DEAD, 2), end(3, MessageStatus.EXPIRED, 1)]),
    )
    assert seqs(journal, "waiting") == seqs(journal, "unsettled") == []


def test_a_dead_letter_waits_again_once(journal: sqlite3.Connection) -> None:
    commit(journal, Changes([letter(1)]))
    commit(journal, Changes(settled=[end(1, MessageStatus.DEAD)]))
    assert bring_back(journal, 1)
    assert not bring_back(journal, 1)
    assert seqs(journal, "unsettled") == [1]
    commit(journal, Changes(settled=[end(1)]))
    assert seqs(journal, "waiting") == seqs(journal, "unsettled") == []


def test_a_row_left_behind_is_not_taken_for_waiting(journal: sqlite3.Connection) -> None:
    commit(journal, Changes([letter(1)]))
    commit(journal, Changes(settled=[end(1)]))
    journal.execute("INSERT INTO waiting (seq, attempts) VALUES (1, 0)")
    assert seqs(journal, "unsettled") == []


def test_rows_beyond_a_statements_number_and_repetitions(journal: sqlite3.Connection) -> None:
    assert commit(journal, Changes([letter(seq) for seq in range(1, 30)])) == {}
    again = [(30, *letter(3)[1:]), letter(31), (32, *letter(31)[1:])]
    firsts = commit(journal, Changes(again))
    assert {seq: first.key for seq, first in firsts.items()} == {30: 3, 32: 31}
    assert seqs(journal, "messages") == [*range(1, 30), 31]


async def test_lists_follow_when_there_is_nothing_else_to_do(tmp_path: Path) -> None:
    broker = EmbeddedBroker(journal=tmp_path / "journal.db", clock=SystemClock())
    await broker.start()
    for _ in range(300):
        await broker.publish(
            AgentMessage(sender_id="alice", recipient_id="bob", intent="chat", payload=MessagePayload())
        )
    connection = open_journal(tmp_path / "journal.db", full_sync=False, read_only=True)
    await wait_until(lambda: unlisted(connection) == 0)
    assert len(seqs(connection, "waiting")) == 300
    connection.close()
    await broker.stop()


async def test_a_journal_of_the_first_version_is_carried_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    old = open_journal(path, full_sync=False)
    # As the first version left it: a row in `waiting` for each that had not ended, listed or not, and no view.
    old.execute("DROP VIEW unsettled")
    old.execute("PRAGMA user_version = 1")
    commit(old, Changes([letter(seq) for seq in (1, 2, 3, 4)], settled=[end(2)]))
    old.executemany("INSERT INTO waiting (seq, attempts) VALUES (?, ?)", [(1, 0), (3, 1), (4, 0)])
    old.close()

    broker = EmbeddedBroker(journal=path, clock=SystemClock())
    await broker.start()
    assert (await broker.stats()).mailboxes == {"bob": 3}
    got: list[tuple[str, int]] = []

    async def handle(delivery: Delivery) -> None:
        got.append((delivery.message.message_id, delivery.attempt))

    await broker.subscribe("bob", handle)

    async def all_handled() -> bool:
        return (await broker.stats()).handled == 4

    await wait_until(all_handled)
    assert got == [("m-1", 1), ("m-3", 2), ("m-4", 1)]
    await broker.stop()
    await broker.start()
    assert (await broker.stats()).mailboxes == {}
    await broker.stop()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert seqs(connection, "waiting") == []
    connection.close()
