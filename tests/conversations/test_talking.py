"""What is said is kept, answered by the right agent, and heard from any place to its end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot.conversations import Mark, Saying, UnknownConversationError
from folkmoot.conversations.errors import BadSayingError, UnknownChatMessageError
from folkmoot.conversations.model import Status
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.registry import UnknownAgentError
from folkmoot.storage import Database
from tests.conversations.house import BO, IDA, Talkhouse, Words, talkhouse
from tests.waiting import wait_until


@pytest.fixture
async def house(tmp_path: Path, database: Database) -> AsyncIterator[Talkhouse]:
    async with talkhouse(tmp_path, database) as house:
        yield house


async def test_a_message_is_answered_and_both_are_kept(house: Talkhouse) -> None:
    await house.agent("helios", keywords=["workout"])
    accepted = await house.desk.say(Saying(speaker=IDA, text="A workout, please."))
    answer = await house.desk.answered(accepted, viewer="ida")
    history = await house.desk.history(accepted.conversation_id, viewer="ida")
    assert [(one.role, one.content) for one in history.messages] == [
        ("user", "A workout, please."),
        ("assistant", "you said: A workout, please."),
    ]
    assert answer.status is Status.ANSWERED
    assert (answer.agent_id, answer.agent_name) == ("helios", "Helios")
    assert 0 <= answer.details["routing"]["confidence"] <= 1
    assert history.conversation.title == "A workout, please."
    assert history.conversation.last_agent == "helios"


async def test_the_agent_is_told_what_was_said_before(house: Talkhouse) -> None:
    told: list[object] = []

    async def note(message: AgentMessage, _delivery: Delivery) -> Reply:
        told.append(message.payload.data["history"])
        return {"answer": "noted"}

    await house.agent("ada", note)
    accepted = await house.desk.say(Saying(speaker=IDA, text="first"))
    await house.desk.answered(accepted, viewer="ida")
    await house.say("second", conversation_id=accepted.conversation_id)
    assert told == [[], [{"role": "user", "text": "first"}, {"role": "agent", "text": "noted"}]]


async def test_messages_of_one_conversation_are_answered_in_their_order(house: Talkhouse) -> None:
    order: list[str] = []

    async def slow_first(message: AgentMessage, _delivery: Delivery) -> Reply:
        text = message.payload.data["message"]
        await asyncio.sleep(0.2 if text == "one" else 0)
        order.append(text)
        return {"answer": text}

    await house.agent("ada", slow_first)
    first = await house.desk.say(Saying(speaker=IDA, text="one"))
    rest = [
        await house.desk.say(Saying(speaker=IDA, text=text, conversation_id=first.conversation_id))
        for text in ("two", "three")
    ]
    await asyncio.gather(*(house.desk.answered(one, viewer="ida") for one in (first, *rest)))
    assert order == ["one", "two", "three"]


async def test_pieces_come_as_they_are_said_and_make_up_the_answer(house: Talkhouse) -> None:
    words = Words(("Good ", "morning, ", "Ida."))
    await house.agent("ada", words)
    accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
    moments = []
    async for moment in house.desk.follow(accepted.answer_id, viewer="ida"):
        moments.append(moment)
        words.let(1)
    assert [one.kind for one in moments] == ["routed", "chunk", "chunk", "chunk", "settled"]
    assert "".join(one.text for one in moments) == "Good morning, Ida."
    assert moments[-1].message is not None
    assert moments[-1].message.content == "Good morning, Ida."


async def test_whoever_comes_back_hears_the_rest_and_nothing_twice(house: Talkhouse) -> None:
    words = Words(("one ", "two ", "three"))
    await house.agent("ada", words)
    accepted = await house.desk.say(Saying(speaker=IDA, text="Count"))
    words.let(2)
    heard = ""
    mark = Mark()
    async for moment in house.desk.follow(accepted.answer_id, viewer="ida"):
        heard, mark = heard + moment.text, moment.mark
        if len(heard) >= len("one "):
            break
    words.let_all()
    rest = await house.heard(accepted.answer_id, after=mark)
    assert heard + "".join(one.text for one in rest) == "one two three"
    assert not any(one.kind == "reset" for one in rest)
    again = await house.heard(accepted.answer_id, after=mark)  # long after it was over
    assert heard + "".join(one.text for one in again) == "one two three"


async def test_an_answer_is_made_when_nobody_waits_for_it(house: Talkhouse) -> None:
    await house.agent("ada")
    accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))

    async def answered() -> bool:
        return (await house.desk.message(accepted.answer_id, viewer="ida")).status is Status.ANSWERED

    await wait_until(answered)


async def test_a_cancelled_answer_keeps_its_words_so_far(house: Talkhouse) -> None:
    words = Words(("half ", "an ", "answer"))
    await house.agent("ada", words)
    accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
    words.let(1)
    await wait_until(lambda: words.said == [0])
    run = house.answering.running(accepted.answer_id)
    assert run is not None
    await wait_until(lambda: run.text == "half ")
    [stopped] = await house.desk.cancel(accepted.conversation_id, viewer="ida")
    assert (stopped.status, stopped.content) == (Status.CANCELLED, "half ")


async def test_a_failing_agent_is_a_visible_failure(house: Talkhouse) -> None:
    async def fail(_message: AgentMessage, _delivery: Delivery) -> Reply:
        return {"status": "error", "error": "my shelf is locked"}

    await house.agent("ada", fail)
    accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
    answer = await house.desk.answered(accepted, viewer="ida")
    assert answer.status is Status.FAILED
    assert answer.error is not None
    assert "my shelf is locked" in answer.error


async def test_with_nobody_there_the_failure_says_so(house: Talkhouse) -> None:
    accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
    answer = await house.desk.answered(accepted, viewer="ida")
    assert (answer.status, answer.details["error_code"]) == (Status.FAILED, "nobody_answers")


async def test_a_message_said_twice_is_one(house: Talkhouse) -> None:
    await house.agent("ada")
    saying = Saying(speaker=IDA, text="Hello", conversation_id="talk", client_key="mine-1")
    first = await house.desk.say(saying)
    await house.desk.answered(first, viewer="ida")
    second = await house.desk.say(saying)
    assert (second.answer_id, second.repeated) == (first.answer_id, True)
    assert (await house.desk.history("talk", viewer="ida")).total == 2


async def test_what_is_anothers_is_not_there(house: Talkhouse) -> None:
    await house.agent("ada")
    accepted = await house.desk.say(Saying(speaker=IDA, text="A secret", conversation_id="talk"))
    await house.desk.answered(accepted, viewer="ida")
    with pytest.raises(UnknownConversationError):
        await house.desk.say(Saying(speaker=BO, text="Let me in", conversation_id="talk"))
    with pytest.raises(UnknownConversationError):
        await house.desk.history("talk", viewer="bo")
    with pytest.raises(UnknownConversationError):
        await house.desk.delete("talk", viewer="bo")
    with pytest.raises(UnknownChatMessageError):
        await house.desk.message(accepted.answer_id, viewer="bo")
    assert (await house.desk.conversations(viewer="bo"))[1] == 0
    assert (await house.desk.history("talk", viewer="ida")).total == 2


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"text": "  "}, "empty"),
        ({"text": "x" * 10_001}, "10001 characters"),
        ({"text": "a\x00b"}, "NUL"),
        ({"text": "Hello", "conversation_id": "../etc"}, "conversation_id"),
    ],
)
async def test_what_cannot_be_taken_changes_nothing(house: Talkhouse, fields: dict[str, str], wrong: str) -> None:
    with pytest.raises(BadSayingError, match=wrong):
        await house.desk.say(Saying(speaker=IDA, **fields))  # type: ignore[arg-type]
    assert (await house.desk.conversations(viewer=None))[1] == 0


async def test_an_agent_that_nobody_knows_is_refused_before_anything_is_kept(house: Talkhouse) -> None:
    await house.agent("ada")
    with pytest.raises(UnknownAgentError, match="there are ada"):
        await house.desk.say(Saying(speaker=IDA, text="Hello", agent="nobody"))
    assert (await house.desk.conversations(viewer=None))[1] == 0


async def test_the_chosen_agent_answers(house: Talkhouse) -> None:
    await house.agent("helios", keywords=["workout"])
    await house.agent("ceres", keywords=["breakfast"])
    accepted = await house.desk.say(Saying(speaker=IDA, text="A workout!", agent="Ceres"))
    answer = await house.desk.answered(accepted, viewer="ida")
    assert (answer.agent_id, answer.details["routing"]["method"]) == ("ceres", "chosen")
    await house.desk.change(accepted.conversation_id, viewer="ida", agent="helios")
    second = await house.desk.say(Saying(speaker=IDA, text="breakfast?", conversation_id=accepted.conversation_id))
    assert (await house.desk.answered(second, viewer="ida")).agent_id == "helios"


async def test_a_deleted_conversation_is_gone_and_can_be_brought_back(house: Talkhouse) -> None:
    await house.agent("ada")
    await house.say("Hello", conversation_id="talk")
    await house.desk.delete("talk", viewer="ida")
    with pytest.raises(UnknownConversationError):
        await house.desk.history("talk", viewer="ida")
    with pytest.raises(UnknownConversationError):
        await house.desk.say(Saying(speaker=IDA, text="Are you there?", conversation_id="talk"))
    assert await house.desk.happened("ida", after=0) == []
    await house.desk.restore("talk", viewer="ida")
    assert (await house.desk.history("talk", viewer="ida")).total == 2


async def test_what_happens_to_a_user_is_numbered_without_gaps(house: Talkhouse) -> None:
    await house.agent("ada")
    said = [await house.desk.say(Saying(speaker=IDA, text=f"{number}")) for number in range(5)]
    await asyncio.gather(*(house.desk.answered(one, viewer="ida") for one in said))
    happened = await house.desk.happened("ida", after=0)
    assert [one.seq for one in happened] == list(range(1, 11))
    assert await house.desk.happened("ida", after=7) == happened[7:]


async def test_a_slow_listener_goes_on_from_the_row(tmp_path: Path, database: Database) -> None:
    words = Words(tuple(f"{number} " for number in range(40)))
    async with talkhouse(tmp_path, database, depth=3) as house:
        await house.agent("ada", words)
        accepted = await house.desk.say(Saying(speaker=IDA, text="Count"))
        pieces: list[str] = []
        async for moment in house.desk.follow(accepted.answer_id, viewer="ida"):
            if moment.kind == "routed":
                words.let_all()
                await wait_until(lambda: len(words.said) == 40)
            assert moment.kind != "reset"
            pieces.append(moment.text)
    assert "".join(pieces) == "".join(words.words)
    assert max(len(one) for one in pieces) > len("10 ")  # it fell behind, and caught up at once
