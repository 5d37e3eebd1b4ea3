"""`kill -9` of the server while tasks are shared out, at moments in the consultation and in the negotiation."""

from pathlib import Path

import pytest

from tests.acceptance.probing import UNSETTLED, add_tasks, awards, eventually, no_traceback, rows, settled
from tests.serving import serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TASKS = 8
CONSULTATIONS = "SELECT task_id, attempt, agent_id, at FROM task_consultations"
UTTERANCES = "SELECT task_id, message_id FROM task_utterances"
# Which question to whom was handed over how often.
ASKED = (
    "SELECT conversation, mailbox, attempts FROM messages JOIN settled USING (seq)"
    " WHERE sender = 'manager' AND CAST(body AS TEXT) LIKE '%\"intent\":\"consult\"%'"
)


@pytest.mark.parametrize(
    ("table", "entries"),
    [
        ("task_consultations", 1),
        ("task_consultations", 14),
        ("task_utterances", 1),
        ("task_utterances", 4),
        ("task_verdicts", 3),
    ],
)
def test_every_task_ends_once_and_nobody_is_asked_twice(tmp_path: Path, table: str, entries: int) -> None:
    home = tmp_path / "home"
    served = serve(home)
    with served.client() as client:
        client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
        ids = add_tasks(client, TASKS)
    look = f"SELECT count(*) FROM {table}"
    try:
        eventually(lambda: rows(home, look)[0][0] >= entries, every=0.002, what=f"{entries} rows in {table}")
    finally:
        served.kill()
    answered = set(rows(home, CONSULTATIONS))
    said = set(rows(home, UTTERANCES))
    unsettled = rows(home, "SELECT task_id FROM tasks WHERE status IN ('pending', 'consulting', 'negotiating')")
    assert unsettled, "the kill came too late to try anything"

    served = serve(home)
    try:
        with served.client() as client:
            tasks = settled(client)
            for task in tasks:
                whole = client.get(f"/api/tasks/{task['task_id']}").json()
                assert [one["agent"] for one in whole["consultation"] if one["abstained"]] == []
    finally:
        assert served.stop() == 0
    no_traceback(served)
    assert {one["task_id"] for one in tasks} == set(ids)
    assert {one["status"] for one in tasks} <= {"assigned", "unassigned"}
    assert not UNSETTLED & {one["status"] for one in tasks}

    assigned = {(one["task_id"], 0) for one in tasks if one["status"] == "assigned"}
    given = awards(home)
    assert set(given.values()) == {1}
    assert assigned <= set(given)

    assert answered <= set(rows(home, CONSULTATIONS)), "an answer that was recorded was asked for again"
    assert said <= set(rows(home, UTTERANCES))
    known = {(f"{task}:{attempt}", agent) for task, attempt, agent, _ in answered}
    questions = rows(home, ASKED, file="journal.db")
    assert questions
    for conversation, mailbox, attempts in questions:
        if (conversation, mailbox) in known:
            assert attempts == 1, (conversation, mailbox)
