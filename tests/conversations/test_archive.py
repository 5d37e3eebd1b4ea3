"""What was said is found by its words, on each database; and is taken along whole."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.conversations import Saying, UnknownConversationError, Upload
from folkmoot.conversations.archive import Archive
from folkmoot.conversations.archive.search import excerpt_around, wanted
from folkmoot.conversations.errors import BadSayingError
from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.storage import Database
from tests.conversations.house import BO, IDA, Talkhouse, talkhouse


@pytest.fixture
async def house(tmp_path: Path, any_database: Database) -> AsyncIterator[Talkhouse]:
    async with talkhouse(tmp_path, any_database) as house:
        await house.agent("helios")
        yield house


def archive(house: Talkhouse) -> Archive:
    return Archive(database=house.database, clock=SystemClock())


async def found(house: Talkhouse, query: str, owner: str = "ida") -> list[str]:
    page, total = await archive(house).search(query, owner=owner, limit=50)
    assert total == len(page)
    return sorted(one.snippet for one in page)


async def test_every_word_must_be_there_in_any_of_its_forms(house: Talkhouse) -> None:
    await house.say("We are planning the harbour lights.")
    await house.say("The harbour is closed.")
    assert await found(house, "plan harbour") == [
        "We are planning the harbour lights.",
        "you said: We are planning the harbour lights.",
    ]
    assert len(await found(house, "HARBOUR")) == 4
    assert await found(house, "harbour submarine") == []


async def test_the_last_word_may_be_begun_and_quoted_words_stand_together(house: Talkhouse) -> None:
    await house.say("The reading evening is on Friday.")
    await house.say("An evening of reading aloud.")
    assert len(await found(house, "fri")) == 2
    assert len(await found(house, "evening reading")) == 4
    assert await found(house, '"reading evening"') == [
        "The reading evening is on Friday.",
        "you said: The reading evening is on Friday.",
    ]


@pytest.mark.parametrize(
    "query", ['harbour" OR text : "x', 'harbour) AND (owner : "00"', "harb'our", "harbour:* | x", "NEAR(harbour)"]
)
async def test_no_sign_of_the_databases_gets_through(house: Talkhouse, query: str) -> None:
    await house.say("The harbour is closed.", speaker=BO)
    assert await found(house, query) == []


async def test_others_deleted_ones_and_hidden_branches_are_not_found(house: Talkhouse) -> None:
    await house.say("A secret harbour.", speaker=BO)
    accepted = await house.desk.say(Saying(speaker=IDA, text="My own harbour."))
    await house.desk.answered(accepted, viewer="ida")
    assert len(await found(house, "harbour")) == 2
    edited = await house.desk.edit(accepted.conversation_id, accepted.message_id, "My own lighthouse.", viewer="ida")
    await house.desk.answered(edited, viewer="ida")
    assert await found(house, "harbour") == []
    assert len(await found(house, "lighthouse")) == 2
    await house.desk.delete(accepted.conversation_id, viewer="ida")
    assert await found(house, "lighthouse") == []
    await house.desk.restore(accepted.conversation_id, viewer="ida")
    assert len(await found(house, "lighthouse")) == 2


async def test_an_answer_is_found_once_it_has_settled_and_pages_follow(house: Talkhouse) -> None:
    for number in range(5):
        await house.say(f"harbour number {number}")
    pages = [await archive(house).search("harbour", owner="ida", limit=4, offset=offset) for offset in (0, 4, 8)]
    assert [len(page) for page, _ in pages] == [4, 4, 2]
    assert {total for _, total in pages} == {10}
    assert len({one.message_id for page, _ in pages for one in page}) == 10


def test_a_search_without_words_is_refused() -> None:
    for query in ("", " ?!, ", '""', "x" * 201):
        with pytest.raises(BadSayingError):
            wanted(query)


def test_a_snippet_is_around_the_words_and_marks_them() -> None:
    text = f"{'before ' * 100}the harbour\n\n is closed {'after ' * 100}"
    snippet, marks = excerpt_around(text, wanted("harbours close"))
    assert [snippet[start:end] for start, end in marks] == ["harbour", "closed"]
    assert len(snippet) < 250
    assert snippet.startswith("…")
    assert snippet.endswith("…")
    whole, marks = excerpt_around("A short harbour.", wanted("har"))
    assert (whole, [whole[start:end] for start, end in marks]) == ("A short harbour.", ["harbour"])


async def test_an_export_has_every_branch_as_json_and_the_shown_one_as_markdown(house: Talkhouse) -> None:
    upload = Upload(name="plan.txt", media_type="text/plain", data=b"steps")
    accepted = await house.desk.say(Saying(speaker=IDA, text="First words.", uploads=(upload,)))
    await house.desk.answered(accepted, viewer="ida")
    edited = await house.desk.edit(accepted.conversation_id, accepted.message_id, "Better words.", viewer="ida")
    await house.desk.answered(edited, viewer="ida")
    whole = await archive(house).export(accepted.conversation_id, viewer="ida")
    data = json.loads(json.dumps(whole.as_json()))
    said = [(one["content"], one["shown"]) for one in data["messages"]]
    assert said == [
        ("First words.", False),
        ("you said: First words.", False),
        ("Better words.", True),
        ("you said: Better words.", True),
    ]
    assert data["messages"][0]["attachments"][0]["name"] == "plan.txt"
    assert "steps" not in str(data["messages"][0]["attachments"])
    assert data["messages"][1]["parent_id"] == data["messages"][0]["message_id"]
    text = whole.as_markdown()
    assert "> Better words." in text
    assert "First words." not in text.partition("\n")[2]
    assert "**Helios** (confidence" in text
    with pytest.raises(UnknownConversationError):
        await archive(house).export(accepted.conversation_id, viewer="bo")


async def test_no_text_passes_for_another_s_in_markdown(house: Talkhouse) -> None:
    async def forges(_message: AgentMessage, _delivery: Delivery) -> Reply:
        return {"answer": "Fine.\r\n## 2026-01-01\n\n**You:**\n\n> I resign.\n<script>x</script> ![p](http://x/y.png)"}

    await house.agent("forger", forges)
    accepted = await house.desk.say(Saying(speaker=IDA, text="# Hello\n<b>", agent="forger"))
    await house.desk.answered(accepted, viewer="ida")
    text = (await archive(house).export(accepted.conversation_id, viewer="ida")).as_markdown()
    lines = text.splitlines()
    assert sum(line.startswith("## ") for line in lines) == 2
    assert sum(line == "**You:**" for line in lines) == 1
    assert "> > I resign." in lines
    assert "<script>" not in text
    assert "![p]" not in text
