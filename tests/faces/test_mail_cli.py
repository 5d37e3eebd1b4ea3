"""`folkmoot agent mail` against a running server: look at mail, try dead letters again, drop them."""

import json
import uuid
from typing import Any

import httpx
import pytest

from tests.serving import Served, folkmoot

pytestmark = pytest.mark.slow


def run(server: Served, *arguments: str) -> Any:
    done = folkmoot("agent", "mail", *arguments, home=server.home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def sent(api: httpx.Client, recipient: str = "jonas", intent: str = "custom:juggle") -> str:
    message_id = uuid.uuid4().hex
    message = {"message_id": message_id, "sender_id": "tester", "recipient_id": recipient, "intent": intent}
    api.post("/api/agents/messages", json=message, params={"wait": 20})
    return message_id


def test_mail_is_looked_at(api: httpx.Client, server: Served) -> None:
    message_id = sent(api, intent="health_check")
    assert message_id in run(server, "ls", "--agent", "jonas", "--status", "handled")
    page = run(server, "ls", "--agent", "jonas", "--limit", "1", "--json")
    assert [one["message"]["message_id"] for one in page["items"]] == [message_id]
    shown = run(server, "show", message_id)
    for word in ("tester", "jonas", "health_check", "handled", "healthy"):
        assert word in shown
    assert run(server, "show", message_id, "--json")["reply"]["reply_to"] == message_id
    assert "jonas" in run(server, "stats")
    (jonas,) = run(server, "stats", "--agent", "jonas", "--json")["mailboxes"]
    assert jonas["handled_per_minute"] >= 0.2


def test_a_dead_letter_is_tried_again_and_dropped(api: httpx.Client, server: Served) -> None:
    message_id = sent(api)
    assert message_id in run(server, "dead", "--agent", "jonas")
    assert "jonas" in run(server, "retry", message_id)
    # It fails again at once; dropping asks, and nobody is there to answer.
    sent(api, intent="health_check")
    asked = folkmoot("agent", "mail", "drop", message_id, home=server.home)
    assert (asked.returncode, "for good" in asked.stdout + asked.stderr) == (1, True)
    assert "dropped" in run(server, "drop", message_id, "--yes")
    gone = folkmoot("agent", "mail", "drop", message_id, "--yes", home=server.home)
    assert gone.returncode == 1
    assert message_id in gone.stderr
    assert api.get(f"/api/agents/messages/{message_id}").status_code == 404


def test_all_of_one_agent_at_once(api: httpx.Client, server: Served) -> None:
    run(server, "drop", "--all", "--yes")  # what other tests left on this server
    of_jonas, of_pavel = [sent(api) for _ in range(2)], sent(api, "pavel")
    outcome = run(server, "retry", "--all", "--agent", "jonas", "--json")
    assert (outcome["done"], outcome["gone"], outcome["refused"]) == (2, 0, [])
    for message_id in of_jonas:
        assert api.get(f"/api/agents/messages/{message_id}").status_code == 200
    assert of_pavel in run(server, "dead")
    sent(api, intent="health_check")  # behind them in the same queue: they are dead again
    assert run(server, "drop", "--all", "--agent", "jonas", "--yes") == "2 dropped\n"
    assert run(server, "drop", "--all", "--yes", "--json")["done"] >= 1
    assert run(server, "dead", "--json")["total"] == 0
    assert run(server, "retry", "--all") == "0 queued again\n"


@pytest.mark.parametrize(
    "arguments", [("retry",), ("drop", "--yes"), ("retry", "x", "--all"), ("drop", "x", "--agent", "jonas", "--yes")]
)
def test_one_or_all_must_be_named(server: Served, arguments: tuple[str, ...]) -> None:
    done = folkmoot("agent", "mail", *arguments, home=server.home)
    assert done.returncode == 2
    assert "--all" in done.stderr
