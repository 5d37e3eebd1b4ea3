"""What is asked on a bridge is answered there, and stands in a conversation."""

from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.bridge import UnknownBridgeError
from folkmoot.bridge.errors import BadOutgoingError
from tests.bridge.outside import Outside, bridged, count, counted, entry
from tests.conversations.house import Talkhouse
from tests.waiting import wait_until

SOON = timedelta(seconds=5)


async def test_a_json_frame_is_answered_on_the_same_socket(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)):
        await server.say({"type": "message", "message": "Shall I run?", "id": "q-1", "user_id": "bob"})
        [said] = await server.answered()
    assert said["message"] == "you said: Shall I run?"
    assert (said["from"], said["type"], said["agent"], said["agent_id"]) == (
        "folkmoot",
        "agent_response",
        "Helios",
        "helios",
    )
    assert (said["in_reply_to"], said["user_id"], said["hops"]) == ("q-1", "bob", 1)
    assert said["id"]
    assert said["timestamp"].endswith("Z")
    assert server.paths == ["/ws/external-socket-user"]


@pytest.mark.parametrize(
    "frame",
    [
        "Shall I run?",
        '"Shall I run?"',
        b"Shall I run?",
        {"content": "Shall I run?"},
        {"type": "chat", "data": {"text": "Shall I run?"}},
        {"message": {"role": "user", "content": "Shall I run?"}},
        {"text": " Shall I run?\x00 "},
    ],
)
async def test_servers_speak_in_many_ways(
    house: Talkhouse, server: Outside, frame: dict[str, object] | str | bytes
) -> None:
    async with bridged(house, entry(server)):
        await server.say(frame)
        [said] = await server.answered()
    assert said["message"] == "you said: Shall I run?"


async def test_what_is_said_stands_in_a_conversation_of_the_bridge_s_user(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)):
        await server.say("one")
        await server.answered()
        await server.say("two")
        await server.answered(2)
        await server.say({"message": "three", "session_id": "elsewhere"})
        await server.answered(3)
    talks, total = await house.desk.conversations(viewer="external-socket-user")
    assert total == 2, "a thread of the other side is a conversation of its own"
    assert {talk.kind for talk in talks} == {"bridge"}
    assert {talk.account_id for talk in talks} == {"bridge:partner"}
    history = await house.desk.history(talks[-1].conversation_id, viewer="external-socket-user")
    assert [one.content for one in history.messages] == ["one", "you said: one", "two", "you said: two"]


async def test_a_redelivered_frame_is_answered_once(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)) as desk:
        for _ in range(3):
            await server.say({"id": 7, "message": "Shall I run?"})
        await counted(desk, "repeated", 2)
        await server.say({"id": 7, "message": "A server that numbers from one began anew"})
        answers = await server.answered(2)
    assert [one["in_reply_to"] for one in answers] == ["7", "7"]
    assert len(answers) == 2


async def test_a_named_agent_answers_and_an_unknown_name_is_no_reason_to_be_silent(
    house: Talkhouse, server: Outside
) -> None:
    await house.agent("ceres")
    async with bridged(house, entry(server)):
        await server.say({"message": "What shall I eat?", "agent": "ceres"})
        await server.answered()
        await server.say({"message": "And drink?", "agent": "nobody here"})
        answers = await server.answered(2)
    assert answers[0]["agent_id"] == "ceres"
    async with bridged(house, entry(server, name="fixed", agent="ceres")):
        await server.connected()
        await server.say({"message": "Shall I run?", "agent": "helios"})
        assert (await server.answered(3))[2]["agent_id"] == "ceres", "the file goes before the frame"


async def test_what_cannot_be_taken_is_answered_with_the_reason(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)):
        await server.say({"id": "long", "message": "x" * 20_000})
        await wait_until(lambda: len(server.frames) == 1)
    [said] = server.frames
    assert (said["type"], said["in_reply_to"], said["code"]) == ("error", "long", "bad_chat_message")
    assert "20000 characters" in said["message"]


async def test_a_failed_answer_says_so_and_not_why(house: Talkhouse, server: Outside) -> None:
    await house.host.remove("helios")
    async with bridged(house, entry(server)):
        await server.say({"id": "q", "message": "Is anybody there?"})
        await wait_until(lambda: len(server.frames) == 1)
    [said] = server.frames
    assert (said["type"], said["in_reply_to"]) == ("error", "q")
    assert "ask again later" in said["message"]


async def test_something_is_sent_by_hand_and_stands_in_the_conversation(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)) as desk:
        await server.connected()
        await wait_until(lambda: _connected(desk))
        done = await desk.send("Lunch is ready.", agent="General", patience=SOON)
        [said] = await server.answered()
        with pytest.raises(BadOutgoingError, match="1 to 10000"):
            await desk.send("  ", agent="General", patience=SOON)
        with pytest.raises(UnknownBridgeError, match="there are partner"):
            await desk.send("Hello", agent="General", bridge="other", patience=SOON)
    assert (done.sent, done.bridge, done.problem) == (True, "partner", None)
    assert (said["message"], said["agent"], said["id"]) == ("Lunch is ready.", "General", done.frame_id)
    [talk], _ = await house.desk.conversations(viewer="external-socket-user")
    history = await house.desk.history(talk.conversation_id, viewer="external-socket-user")
    assert [(one.role, one.content, one.agent_name) for one in history.messages] == [
        ("assistant", "Lunch is ready.", "General")
    ]


async def test_without_a_bridge_nothing_can_be_sent(house: Talkhouse) -> None:
    async with bridged(house) as desk:
        with pytest.raises(UnknownBridgeError, match="EXTERNAL_WS_URL"):
            await desk.send("Hello", agent="General", patience=SOON)
        assert await desk.states() == []


async def test_a_deleted_conversation_is_begun_anew(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)):
        await server.say("one")
        await server.answered()
        [talk], _ = await house.desk.conversations(viewer="external-socket-user")
        await house.desk.delete(talk.conversation_id, viewer=None)
        await server.say("two")
        await server.answered(2)
        [other], _ = await house.desk.conversations(viewer="external-socket-user")
    assert other.conversation_id == f"{talk.conversation_id}-2"


async def test_headers_are_read_where_the_entry_says_whenever_it_connects(
    house: Talkhouse, server: Outside, tmp_path: Path
) -> None:
    secret = tmp_path / "token"
    headers = {"X-Plain": "yes", "Authorization": {"file": str(secret)}}
    async with bridged(house, entry(server, headers=headers)) as desk:
        await wait_until(lambda: _problem(desk, "cannot be read from the file"))
        secret.write_text("Bearer from-a-file\n")
        await server.connected()
    assert server.authorizations == ["Bearer from-a-file"]
    found = {"TOKEN": "Bearer from-a-variable"}
    other = entry(server, headers={"Authorization": {"env": "TOKEN"}})
    async with bridged(house, other, secrets=found.get):
        await server.connected()
    assert server.authorizations[-1] == "Bearer from-a-variable"


async def test_bridges_follow_the_workplace_file(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)) as desk:
        await server.connected()
        await desk.use([entry(server, name="second", user_id="ann b")])
        await server.connected(2)
        assert server.paths[-1] == "/ws/ann%20b"
        assert [one.name for one in await desk.states()] == ["partner", "second"]
        await desk.use([])
        await wait_until(lambda: len(server.lines) == 1)
        assert [one.name for one in await desk.states()] == ["partner"]
        assert await count(desk, "connects") == 1, "what did not change stayed connected"


async def _connected(desk: object) -> bool:
    return all(one.connected for one in await desk.states())  # type: ignore[attr-defined]


async def _problem(desk: object, part: str) -> bool:
    return any(part in (one.problem or "") for one in await desk.states())  # type: ignore[attr-defined]
