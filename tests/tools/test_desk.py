"""A tool call: past the walls, through the ledger, at most once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database
from folkmoot.tools import (
    CallStatus,
    Effect,
    ToolContext,
    ToolFailedError,
    ToolSkippedError,
    ToolSpec,
    ToolUncertainError,
    tool,
)
from folkmoot.tools.keys import CallRun
from folkmoot.tools.walls import Leave
from tests.tools.shop import Shop, open_shop

SENT: list[str] = []


@tool(effect="read")
async def look_up(context: ToolContext, word: str, limit: int = 3) -> list[str]:
    """Look a word up.

    Args:
        word: What to look for.
    """
    return [f"{context.agent_id} {word}"] * limit


@tool(effect="external", timeout=timedelta(milliseconds=200))
async def send_mail(context: ToolContext, to: str, text: str, password: str = "") -> dict[str, str]:
    """Send an e-mail."""
    assert password != "never this"
    SENT.append(to)
    match text:
        case "refused":
            raise ToolFailedError("the address is unknown")
        case "down":
            raise ToolSkippedError("no mail server is configured")
        case "no answer":
            raise ToolUncertainError("the server closed the connection")
        case "broken":
            raise KeyError("id")
        case "slow":
            await asyncio.sleep(5)
        case _:
            pass
    return {"id": context.key}


@pytest.fixture
def shop(database: Database, clock: SimulatedClock, tmp_path: Path) -> Shop:
    SENT.clear()
    return open_shop(database, clock, tmp_path, look_up, send_mail)


async def test_a_call_is_answered_and_logged(shop: Shop) -> None:
    outcome = await shop.desk.call("look_up", {"word": "oak"}, agent_id="a", user_id="u", conversation_id="c")
    assert (outcome.status, outcome.result) == (CallStatus.SUCCEEDED, ["a oak"] * 3)
    (logged,), total = await shop.ledger.page()
    assert total == 1
    assert (logged.call_id, logged.action, logged.status) == (outcome.call_id, "tool_execution:look_up", "succeeded")
    assert logged.parameters == {"word": "oak", "limit": 3}
    assert (logged.agent_id, logged.user_id, logged.conversation_id) == ("a", "u", "c")
    assert logged.duration_ms is not None
    assert logged.ended_at is not None


@pytest.mark.parametrize("arguments", [{}, {"word": "x", "limit": "many"}, {"word": "x", "more": 1}, {"word": None}])
async def test_arguments_that_do_not_fit_never_reach_the_tool(shop: Shop, arguments: dict[str, object]) -> None:
    outcome = await shop.desk.call("look_up", arguments, agent_id="a", user_id="u")
    assert outcome.status is CallStatus.FAILED
    assert "do not fit" in (outcome.error or "")


async def test_the_same_key_is_the_same_call(shop: Shop) -> None:
    mail = {"to": "ida@brandt.example", "text": "Hello"}
    first = await shop.desk.call("send_mail", mail, agent_id="a", user_id="u", key="k")
    again = await shop.desk.call("send_mail", mail, agent_id="a", user_id="u", key="k")
    assert SENT == ["ida@brandt.example"]
    assert again == first
    assert first.result == {"id": "k"}


async def test_two_at_once_with_one_key_are_one(shop: Shop) -> None:
    mail = {"to": "ida@brandt.example", "text": "Hello"}
    both = await asyncio.gather(
        *(shop.desk.call("send_mail", mail, agent_id="a", user_id="u", key="k") for _ in range(2))
    )
    assert both[0] == both[1]
    assert len(SENT) == 1


async def test_a_message_that_is_handled_again_makes_the_same_calls(shop: Shop) -> None:
    for _ in range(2):
        run = CallRun("message-1")
        for to in ("ida", "bo", "ida"):
            await shop.desk.call("send_mail", {"to": to, "text": "x"}, agent_id="a", user_id="u", run=run)
    assert SENT == ["ida", "bo", "ida"]


async def test_a_message_that_is_handled_again_and_words_its_mail_anew_waits_for_a_person(shop: Shop) -> None:
    outcomes = []
    for text in ("Hello", "Good morning"):
        run = CallRun("message-1")
        mail = {"to": "ida", "text": text}
        outcomes.append(await shop.desk.call("send_mail", mail, agent_id="a", user_id="u", run=run))
    assert [one.status for one in outcomes] == ["succeeded", "waiting"]
    assert "handled before" in (outcomes[1].error or "")
    assert SENT == ["ida"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("refused", CallStatus.FAILED),
        ("down", CallStatus.SKIPPED),
        ("no answer", CallStatus.UNKNOWN),
        ("broken", CallStatus.UNKNOWN),
        ("slow", CallStatus.UNKNOWN),
    ],
)
async def test_what_may_have_happened_is_unknown_and_is_not_tried_again(
    shop: Shop, text: str, status: CallStatus
) -> None:
    for _ in range(2):
        outcome = await shop.desk.call("send_mail", {"to": "ida", "text": text}, agent_id="a", user_id="u", key="k")
        assert outcome.status is status
        assert outcome.error
    assert SENT == ["ida"]


async def test_what_is_not_listed_is_denied_and_logged(shop: Shop) -> None:
    shop.rules.listed["a"] = {"look_up"}
    for name in ("send_mail", "no_such_tool"):
        outcome = await shop.desk.call(name, {"to": "x", "text": "y"}, agent_id="a", user_id="u")
        assert outcome.status is CallStatus.DENIED
    assert [one.name for one in await shop.desk.offered(agent_id="a", user_id="u")] == ["look_up"]
    assert SENT == []
    logged, _ = await shop.ledger.page(statuses=[CallStatus.DENIED])
    assert {one.tool for one in logged} == {"send_mail", "no_such_tool"}


async def test_a_refused_call_is_denied(shop: Shop) -> None:
    shop.rules.given = Leave(effects=frozenset({Effect.READ}), why="a viewer may only read")
    outcome = await shop.desk.call("send_mail", {"to": "x", "text": "y"}, agent_id="a", user_id="u")
    assert (outcome.status, outcome.error) == (CallStatus.DENIED, "a viewer may only read")
    assert SENT == []


async def test_a_tool_has_its_pace(database: Database, clock: SimulatedClock, tmp_path: Path) -> None:
    @tool(effect="read", per_minute=2)
    async def peek(context: ToolContext) -> str:
        """Look at who asks."""
        return context.agent_id

    shop = open_shop(database, clock, tmp_path, peek)
    statuses = [(await shop.desk.call("peek", {}, agent_id="a", user_id=None)).status for _ in range(3)]
    assert statuses == ["succeeded", "succeeded", "denied"]
    assert (await shop.desk.call("peek", {}, agent_id="b", user_id=None)).succeeded
    clock.advance(timedelta(seconds=61))
    assert (await shop.desk.call("peek", {}, agent_id="a", user_id=None)).succeeded


async def test_no_secret_is_in_any_row(shop: Shop, database: Database) -> None:
    secret = "hunter2-hunter2"
    mail = {"to": "ida@brandt.example", "text": f"password: {secret}, Bearer {secret}abc1", "password": secret}
    await shop.desk.call("send_mail", mail, agent_id="a", user_id="u", key="k")
    (logged,), _ = await shop.ledger.page()
    assert secret not in str(logged)
    assert logged.parameters["to"] == "ida@brandt.example"
    assert logged.parameters["password"] == "***"
    await database.scrub()
    assert secret.encode() not in b"".join(file.read_bytes() for file in shop.home.glob("folkmoot.db*"))


async def test_a_long_answer_is_not_told(database: Database, clock: SimulatedClock, tmp_path: Path) -> None:
    @tool(effect="read")
    async def everything(context: ToolContext) -> str:
        """Say everything."""
        return context.agent_id * 300_000

    @tool(effect="read")
    async def nonsense(context: ToolContext) -> object:
        """Say what cannot be said."""
        return context

    shop = open_shop(database, clock, tmp_path, everything, nonsense)
    for name in ("everything", "nonsense"):
        assert (await shop.desk.call(name, {}, agent_id="a", user_id=None)).status is CallStatus.FAILED


def test_a_specification_says_what_a_model_needs() -> None:
    assert isinstance(look_up, ToolSpec)
    assert look_up.description == "Look a word up."
    assert look_up.parameters == {
        "additionalProperties": False,
        "properties": {
            "word": {"description": "What to look for.", "type": "string"},
            "limit": {"default": 3, "type": "integer"},
        },
        "required": ["word"],
        "type": "object",
    }
