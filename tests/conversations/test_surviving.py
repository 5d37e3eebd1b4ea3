"""Servers die, and several work on one database: every accepted message has its answer, once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from folkmoot.conversations import Moment, Saying, turns
from folkmoot.conversations.accept import ROOM
from folkmoot.conversations.model import ChatMessage, Speaker, Status
from folkmoot.conversations.run import Run
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.storage import Base, Database
from tests.conversations.house import IDA, Words, talkhouse
from tests.waiting import wait_until


async def test_what_was_being_answered_is_answered_after_a_restart(tmp_path: Path, database: Database) -> None:
    words = Words(("It ", "is ", "noon."))
    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada", words)
        accepted = await house.desk.say(Saying(speaker=IDA, text="What time is it?"))
        words.let(2)
        await wait_until(lambda: len(words.said) == 2)
    again = Words(words.words)
    again.let_all()
    async with talkhouse(tmp_path, database, agents=lambda house: house.agent("ada", again)) as house:
        answer = await house.desk.answered(accepted, viewer="ida")
        history = await house.desk.history(accepted.conversation_id, viewer="ida")
    assert (answer.status, answer.content) == (Status.ANSWERED, "It is noon.")
    assert answer.attempt > 1
    assert history.total == 2


async def test_an_agent_whose_reply_is_known_is_not_asked_again(tmp_path: Path, database: Database) -> None:
    asked: list[str] = []

    async def note(message: AgentMessage, _delivery: Delivery) -> Reply:
        asked.append(message.message_id)
        return {"answer": "noted"}

    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada", note)
        broken = asyncio.Event()
        settle = house.answering._settle

        async def never(*_arguments: object, **_named: object) -> None:
            broken.set()
            await asyncio.Event().wait()

        house.answering._settle = never  # type: ignore[method-assign]  # as if it died before it could write
        accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
        await broken.wait()
        house.answering._settle = settle  # type: ignore[method-assign]  # see above
    async with talkhouse(tmp_path, database, agents=lambda house: house.agent("ada", note)) as house:
        answer = await house.desk.answered(accepted, viewer="ida")
    assert (answer.status, answer.content, answer.agent_id) == (Status.ANSWERED, "noted", "ada")
    assert asked == [accepted.answer_id]


async def test_an_answer_in_pieces_that_is_begun_anew_is_heard_once(tmp_path: Path, database: Database) -> None:
    tries: list[int] = []

    async def fails_once(_message: AgentMessage, delivery: Delivery) -> Reply:
        tries.append(delivery.attempt)
        await delivery.stream({"chunk": "Good ", "at": 0, "attempt": delivery.attempt})
        if delivery.attempt == 1:
            raise OSError("the first try fails")
        await delivery.stream({"chunk": "morning", "at": 5, "attempt": delivery.attempt})
        return {"answer": "Good morning"}

    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada", fails_once)
        accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
        moments = await house.heard(accepted.answer_id)
    assert tries == [1, 2]
    assert [one.kind for one in moments if one.kind != "routed"] == ["chunk", "reset", "chunk", "chunk", "settled"]
    assert _text(moments) == "Good morning"


async def test_a_piece_that_got_lost_is_made_good_by_the_reply(tmp_path: Path, database: Database) -> None:
    async def skips(_message: AgentMessage, delivery: Delivery) -> Reply:
        await delivery.stream({"chunk": "one ", "at": 0, "attempt": 1})
        await delivery.stream({"chunk": "three", "at": 8, "attempt": 1})
        return {"answer": "one two three"}

    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada", skips)
        accepted = await house.desk.say(Saying(speaker=IDA, text="Count"))
        moments = await house.heard(accepted.answer_id)
    assert [one.text for one in moments if one.kind == "chunk"] == ["one ", "two three"]
    assert not any(one.kind == "reset" for one in moments)


def _text(moments: list[Moment]) -> str:
    said = ""
    for one in moments:
        said = "" if one.kind == "reset" else said + one.text
    return said


@pytest.fixture
async def shared(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.mark.postgres
async def test_an_answer_is_heard_from_another_server(tmp_path: Path, shared: Database) -> None:
    words = Words(("one ", "two ", "three"))
    async with (
        talkhouse(tmp_path, shared, alone=False) as here,
        talkhouse(tmp_path, shared, alone=False, broker=here.broker) as there,
    ):
        await here.agent("ada", words)
        accepted = await here.desk.say(Saying(speaker=IDA, text="Count"))
        moments: list[Moment] = []

        async def hear() -> None:
            async for moment in there.desk.follow(accepted.answer_id, viewer=None):
                moments.append(moment)  # noqa: PERF401  # it is read as it grows

        hearing = asyncio.create_task(hear())
        words.let(2)
        await wait_until(lambda: _text(moments) != "")  # so that it is heard in pieces
        words.let_all()
        await hearing
    chunks = [one.text for one in moments if one.kind == "chunk"]
    assert "".join(chunks) == "one two three"
    assert len(chunks) > 1


@pytest.mark.postgres
async def test_a_room_on_one_server_hears_what_is_said_on_another(tmp_path: Path, shared: Database) -> None:
    async with (
        talkhouse(tmp_path, shared, alone=False) as here,
        talkhouse(tmp_path, shared, alone=False, broker=here.broker) as there,
    ):
        await here.agent("ada")
        heard: list[Moment] = []
        with there.lobby.listening("ida") as listener:
            await there.relay.look()  # it knows now where this room stands
            accepted = await here.desk.say(Saying(speaker=IDA, text="Hello"))
            while not heard or heard[-1].kind != "settled":
                moment = await asyncio.wait_for(listener.next(), 10)
                assert moment is not None
                heard.append(moment)
    said = [one.message for one in heard if one.kind in ("said", "settled")]
    assert [(one.role, one.content) for one in said if one] == [("user", "Hello"), ("assistant", "you said: Hello")]
    assert _text([one for one in heard if one.answer_id == accepted.answer_id]) == "you said: Hello"


@pytest.mark.postgres
async def test_what_a_dead_server_left_is_taken_over_by_another(
    tmp_path: Path, shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("folkmoot.conversations.answering.LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr("folkmoot.conversations.answering._RENEW_EVERY", 1)
    words = Words(("a ", "b"))
    async with talkhouse(tmp_path, shared, alone=False) as there:
        await there.agent("ada", words)
        async with talkhouse(tmp_path, shared, alone=False, broker=there.broker) as dying:
            accepted = await dying.desk.say(Saying(speaker=IDA, text="Hello"))
            words.let(1)
            await wait_until(lambda: words.said == [0])
        words.let_all()
        words.let_all()
        answer = await there.desk.answered(accepted, viewer="ida")
        assert (answer.status, answer.content) == (Status.ANSWERED, "a b")
        assert (await there.desk.history(accepted.conversation_id, viewer="ida")).total == 2


@pytest.mark.postgres
async def test_a_server_that_lives_keeps_its_answers(
    tmp_path: Path, shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("folkmoot.conversations.answering.LEASE", timedelta(seconds=3))
    monkeypatch.setattr("folkmoot.conversations.answering._RENEW_EVERY", 1)
    words = Words(("a ", "b"))
    async with (
        talkhouse(tmp_path, shared, alone=False) as here,
        talkhouse(tmp_path, shared, alone=False, broker=here.broker) as there,
    ):
        await here.agent("ada", words)
        accepted = await here.desk.say(Saying(speaker=IDA, text="Hello"))
        words.let(1)
        await asyncio.sleep(3.5)  # longer than the lease: it is renewed
        assert there.answering.running(accepted.answer_id) is None
        words.let_all()
        answer = await here.desk.answered(accepted, viewer="ida")
    assert (answer.content, answer.attempt) == ("a b", 1)


async def test_a_stop_that_comes_as_the_answer_is_kept_ends_whoever_listens(tmp_path: Path, database: Database) -> None:
    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada")
        run, stopped = database.run, asyncio.Event()

        async def kept_and_stopped(work: Any) -> Any:
            result = await run(work)
            if getattr(work, "func", None) is turns.settle and not stopped.is_set():
                stopped.set()
                raise asyncio.CancelledError  # as it comes to who waits for a transaction that takes place
            return result

        database.run = kept_and_stopped  # type: ignore[method-assign]  # see above
        begin = house.answering.begin

        def begun(run: Run) -> None:
            run.cancelled = True
            begin(run)

        house.answering.begin = begun  # type: ignore[method-assign]  # somebody pressed Stop
        accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
        async with asyncio.timeout(10):
            moments = await house.heard(accepted.answer_id)
    assert stopped.is_set()
    settled = [one.message for one in moments if one.kind == "settled"]
    assert [(one.status, one.content) for one in settled if one] == [(Status.ANSWERED, "you said: Hello")]


async def test_an_answer_that_a_fault_left_is_taken_up_again(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("folkmoot.conversations.answering.LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr("folkmoot.conversations.answering._RENEW_EVERY", 1)
    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada")
        begin = house.answering.begin

        def gone(run: Run) -> None:
            """Whoever said it went in the moment in which it was kept."""

        house.answering.begin = gone  # type: ignore[method-assign]  # see above
        accepted = await house.desk.say(Saying(speaker=IDA, text="Hello"))
        house.answering.begin = begin  # type: ignore[method-assign]  # see above
        async with asyncio.timeout(10):
            answer = await house.desk.answered(accepted, viewer="ida")
    assert (answer.status, answer.content) == (Status.ANSWERED, "you said: Hello")


async def test_an_older_attempt_is_not_kept_over_a_newer_one(tmp_path: Path, database: Database) -> None:
    words = Words(("one ", "two"))
    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada", words)
        accepted = await house.desk.say(Saying(speaker=IDA, text="Count"))
        await wait_until(lambda: house.answering.running(accepted.answer_id) is not None)
        older = await house.desk.message(accepted.answer_id, viewer=None)
        newer, owner = replace(older, attempt=2, content="anew"), house.answering.owner

        async def kept(owner: str, answer: ChatMessage) -> dict[str, Status]:
            return await database.run(partial(turns.keep_words, owner=owner, answers=[answer]))

        assert await kept(owner, newer) == {}
        assert await kept(owner, older) == {}
        assert await kept("another", replace(newer, content="not mine")) == {accepted.answer_id: Status.ANSWERING}
        assert (await house.desk.message(accepted.answer_id, viewer=None)).content == "anew"
        words.let_all()
        await house.desk.answered(accepted, viewer="ida")


@pytest.mark.postgres
async def test_a_stop_on_one_server_ends_the_answer_on_another(tmp_path: Path, shared: Database) -> None:
    words = Words(("one ", "two"))
    async with (
        talkhouse(tmp_path, shared, alone=False) as here,
        talkhouse(tmp_path, shared, alone=False, broker=here.broker) as there,
    ):
        await here.agent("ada", words)
        with here.lobby.listening("ida") as listener:
            await here.relay.look()
            accepted = await here.desk.say(Saying(speaker=IDA, text="Count"))
            words.let(1)
            await wait_until(lambda: words.said == [0])
            assert [one.status for one in await there.desk.cancel(accepted.conversation_id, viewer="ida")] == [
                Status.CANCELLED
            ]
            await wait_until(lambda: here.answering.running(accepted.answer_id) is None)
            await here.relay.look()
            await here.relay.look()
            here.lobby.tell(Moment(kind="said", user_id="ida", conversation_id="", answer_id="the end"))
            heard: list[str] = []
            while (moment := await listener.next()) is not None and moment.answer_id != "the end":
                heard.append(moment.kind)
        words.let_all()
        answer = await here.desk.message(accepted.answer_id, viewer="ida")
    assert answer.status is Status.CANCELLED
    assert heard.count("settled") == 1


async def test_a_conversation_that_another_begins_at_the_same_moment_is_gone_on_with(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talkhouse(tmp_path, database) as house:
        await house.agent("ada")
        saying = Saying(speaker=IDA, text="Hello", conversation_id="conv-same", client_key="key")
        first = await house.desk.say(saying)
        find, looks = turns.find, iter([None])  # the first look comes too early

        def looked(*arguments: Any, **named: Any) -> Any:
            return next(looks, find(*arguments, **named))

        monkeypatch.setattr("folkmoot.conversations.turns.find", looked)
        again = await house.desk.say(saying)
        assert next(looks, "taken") == "taken"
        other = await house.desk.say(Saying(speaker=IDA, text="Good day", conversation_id="conv-same"))
        assert (await house.desk.answered(other, viewer="ida")).content == "you said: Good day"
    assert (again.repeated, again.answer_id) == (True, first.answer_id)


@pytest.mark.postgres
async def test_the_first_lines_in_a_room_at_one_moment_are_one_conversation(tmp_path: Path, shared: Database) -> None:
    people = [Speaker(owner=f"person-{number}", account="ida") for number in range(12)]
    async with talkhouse(tmp_path, shared, alone=False) as house:
        await house.agent("ada")
        lines = [Saying(speaker=one, text=text, kind=ROOM) for one in people for text in ("one", "two", "three")]
        accepted = await asyncio.gather(*(house.desk.say(one) for one in lines))
        answers = [
            await house.desk.answered(one, viewer=line.speaker.owner) for one, line in zip(accepted, lines, strict=True)
        ]
    assert len({one.conversation_id for one in accepted}) == len(people)
    assert [one.content for one in answers] == [f"you said: {one.text}" for one in lines]


@pytest.mark.postgres
async def test_answers_settle_while_more_is_said(tmp_path: Path, shared: Database) -> None:
    async with talkhouse(tmp_path, shared, alone=False) as house:
        await house.agent("ada")
        first = await house.desk.say(Saying(speaker=IDA, text="0"))
        talk = first.conversation_id
        sayings = [Saying(speaker=IDA, text=str(number), conversation_id=talk) for number in range(1, 25)]
        accepted = await asyncio.gather(*(house.desk.say(one) for one in sayings))
        answers = [await house.desk.answered(one, viewer="ida") for one in [first, *accepted]]
    assert {one.status for one in answers} == {Status.ANSWERED}
