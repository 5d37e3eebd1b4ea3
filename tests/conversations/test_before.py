"""A client that holds the conversation itself tells of what was said before: the agent hears it, whatever happens."""

from pathlib import Path

import pytest

from folkmoot.conversations import Before, Saying
from folkmoot.conversations.before import ASKED, kept_before, with_before
from folkmoot.conversations.context import WINDOW, Context
from folkmoot.memory.conversation import Said
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.storage import Database
from tests.conversations.house import IDA, Talkhouse, talkhouse
from tests.waiting import wait_until

TURNS = (Said("user", "My back hurts."), Said("agent", "Since when?"))


def test_of_long_turns_the_latest_are_kept_as_they_were_and_the_rest_in_short() -> None:
    turns = [Said("user", f"Number {number} is about the garden. " + "word " * 800) for number in range(40)]
    kept = kept_before(Before(turns=tuple(turns)))
    history = kept["history"]
    assert isinstance(history, list)
    assert history[-1] == {"role": "user", "text": turns[-1].text}
    assert 1 <= len(history) < 10
    assert sum(len(str(one["text"])) for one in history if isinstance(one, dict)) <= WINDOW
    assert "garden" in str(kept["summary"])


def test_what_was_told_stands_before_what_was_said_here() -> None:
    told = {"history": [{"role": "user", "text": "a"}], "summary": "long ago"}
    context = with_before(Context(history=({"role": "agent", "text": "b"},), summary="lately"), told)
    assert [one["text"] for one in context.history] == ["a", "b"]
    assert context.summary == "long ago\nlately"
    assert with_before(Context(), None) == Context()


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_agent_hears_it_also_after_a_restart(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    told: list[dict[str, object]] = []

    async def note(message: AgentMessage, _delivery: Delivery) -> Reply:
        told.append(message.payload.data)
        return {"answer": "noted"}

    async def ada(house: Talkhouse) -> None:
        await house.agent("ada", note)

    saying = Saying(speaker=IDA, text="Since May.", agent="ada", before=Before(turns=TURNS, instructions="Be brief."))
    async with talkhouse(tmp_path, database, agents=ada) as house:
        if restarted:  # it died before it could begin
            monkeypatch.setattr(house.answering, "begin", lambda _run: None)
        accepted = await house.desk.say(saying)
        if not restarted:
            await house.desk.answered(accepted, viewer="ida")
    async with talkhouse(tmp_path, database, agents=ada):
        await wait_until(lambda: len(told) == 1)
    assert told[0]["history"] == [
        {"role": "user", "text": "My back hurts."},
        {"role": "agent", "text": "Since when?"},
        {"role": "user", "text": f"{ASKED}\nBe brief."},
    ]
