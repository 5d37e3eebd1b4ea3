"""What goes to a model beside the question: files that came with it, and what the agent knows that bears on it."""

import json
from typing import Any

from folkmoot.agents import AgentHost
from folkmoot.agents.enclosed import both, enclosed, known
from folkmoot.memory import Passage
from folkmoot.messaging import AgentMessage, MessagePayload
from folkmoot.models import Source
from tests.agents.house import House, definition
from tests.agents.test_kinds import with_model
from tests.stub_model import StubModel

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\x00" * 16


class OneShelf:
    """One file of one owner."""

    async def load(self, attachment_id: str, *, owner: str | None) -> bytes | None:
        return PIXEL if (attachment_id, owner) == ("a1", "ida") else None


def letter(*files: dict[str, Any]) -> AgentMessage:
    payload = MessagePayload(data={"message": "What is this?", "attachments": list(files)})
    return AgentMessage(sender_id="x", recipient_id="y", intent="chat", payload=payload)


async def test_texts_and_pictures_go_along_and_only_to_their_owner() -> None:
    picture = {"id": "a1", "name": "kiln.png", "media_type": "image/png"}
    text = {"id": "a2", "name": "plan.md", "media_type": "text/markdown", "text": "# Plan"}
    found = await enclosed(letter(picture, text), OneShelf(), owner="ida")
    assert [(one.name, one.media_type, one.data) for one in found] == [
        ("kiln.png", "image/png", PIXEL),
        ("plan.md", "text/plain", b"# Plan"),
    ]
    [others] = await enclosed(letter(picture), OneShelf(), owner="bo")
    assert others.media_type == "text/plain"
    assert b"could not be fetched" in others.data
    [unread] = await enclosed(letter({"name": "a.zip", "media_type": "application/zip"}), None, owner="ida")
    assert b"could not be read" in unread.data


def test_what_is_known_is_numbered_and_each_source_is_named_once() -> None:
    one = Source(text="The kiln reaches 1,240 degrees.", source="kiln.md", score=1.0, id="1")
    assert known([]) == ""
    assert "[1] kiln.md: “The kiln reaches 1,240 degrees.”" in known([one])
    assert [found["source"] for found in both([one], [one])] == ["kiln.md"]


async def test_a_model_is_shown_what_the_agent_knows_and_the_answer_names_it(
    house: House, stub_model: StubModel
) -> None:
    async with house.database.write() as session:
        await house.knowledge.add(
            session,
            [
                Passage(id="1", scope="pottery", source="kiln.md", text="The kiln reaches 1,240 degrees."),
                Passage(id="2", scope="board", source="board.md", text="The kiln costs 9,000."),
            ],
        )
    async with with_model(house, stub_model, remote=False) as host:
        await hosted(host)
        stub_model.say("1,240 degrees, says kiln.md.")
        reply = await house.ask(
            "potter",
            "chat",
            message="How hot does the kiln get?",
            attachments=[{"name": "note.txt", "media_type": "text/plain", "text": "It is the blue one."}],
        )
    sent = json.dumps(stub_model.requests[-1], ensure_ascii=False)
    assert "The kiln reaches 1,240 degrees." in sent
    assert "9,000" not in sent  # another scope's
    assert "It is the blue one." in sent
    assert [one["source"] for one in reply["sources"]] == ["kiln.md"]


async def hosted(host: AgentHost) -> None:
    await host.add(definition("potter", role="Potter", memory_scopes=["pottery"]))
