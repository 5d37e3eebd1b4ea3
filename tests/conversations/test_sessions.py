"""A query is kept before its flow runs, and what became of it is seen; the gallery shows what was published."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from folkmoot.conversations import Saying, UnknownConversationError
from folkmoot.conversations.errors import BadSayingError, UnknownChatMessageError, UnknownGalleryItemError
from folkmoot.conversations.model import Status
from folkmoot.conversations.studio import Gallery, SessionDesk
from folkmoot.kernel import SystemClock
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.providers import Offline, OpenAICompatible
from folkmoot.storage import Database
from folkmoot.workflows import BadFlowError, FlowDesk, FlowLimits
from tests.conversations.house import BO, IDA, Talkhouse, talkhouse
from tests.stub_model import StubModel
from tests.waiting import wait_until
from tests.workflows.flows import agent, document

TEAM = (agent("ada", "You list the steps."), agent("bo", "You write the text."))
FLOW = document("sequential", *TEAM)


@dataclass
class Studio:
    """Sessions, flows and the gallery over one house."""

    house: Talkhouse
    sessions: SessionDesk
    flows: FlowDesk
    gallery: Gallery

    async def begun(self, flow: dict[str, Any] = FLOW) -> str:
        return (await self.sessions.begin(IDA, flow)).session_id

    async def rows(self, session_id: str, owner: str = "ida") -> list[dict[str, Any]]:
        return await self.sessions.messages(session_id, owner=owner)


def studio_of(house: Talkhouse, hub: ModelHub) -> Studio:
    clock = SystemClock()
    sessions = SessionDesk(
        database=house.database, clock=clock, conversations=house.desk, answering=house.answering, alone=True
    )
    flows = FlowDesk(sessions=sessions, models=hub, clock=clock, limits=FlowLimits())
    house.answering.settled.append(flows.settled)
    return Studio(house, sessions, flows, Gallery(database=house.database, clock=clock))


@pytest.fixture
async def hub(stub_model: StubModel) -> AsyncIterator[ModelHub]:
    settings = ModelSettings(model="offline", openai_api_key="k", openai_base_url=stub_model.base_url, retries=0)
    hub = ModelHub(settings=settings, providers=[OpenAICompatible(settings), Offline()])
    yield hub
    await hub.close()


@pytest.fixture
async def studio(tmp_path: Path, database: Database, hub: ModelHub) -> AsyncIterator[Studio]:
    async with talkhouse(tmp_path, database) as house:
        studio = studio_of(house, hub)
        yield studio
        await studio.flows.stop()


async def test_a_query_and_its_combined_answer_are_one_row_each(studio: Studio) -> None:
    session_id = await studio.begun()
    question, answer = await studio.flows.ask(IDA, session_id, "An evening?")
    rows = await studio.rows(session_id)
    assert [(row["role"], row["msg_id"]) for row in rows] == [
        ("user", question.message_id),
        ("assistant", answer.message_id),
    ]
    assert {row["root_msg_id"] for row in rows} == {question.message_id}
    assert rows[1]["content"] == answer.content
    assert [one["sender"] for one in rows[1]["metadata"]["messages"]] == ["user_proxy", "ada", "bo"]
    assert (await studio.house.desk.conversation(session_id, viewer="ida")).title == "An evening?"
    happened = await studio.house.desk.happened("ida", after=0)
    assert [one.role for one in happened] == ["user", "assistant"], "a page or a socket hears of both"


async def test_a_document_is_kept_without_its_key(studio: Studio, database: Database) -> None:
    session_id = await studio.begun()
    await studio.flows.ask(IDA, session_id, "Again?", document("autonomous", *TEAM))
    one = await studio.sessions.session(session_id, owner="ida")
    assert one.flow_config["type"] == "autonomous"
    entry = one.flow_config["receiver"][0]["config"]["llm_config"]["config_list"][0]
    assert entry == {"model": "offline", "api_key": "***"}
    for file in Path(str(database.url.database)).parent.glob("folkmoot.db*"):
        assert b"sk-secret-of-a-test" not in await asyncio.to_thread(file.read_bytes)


async def test_the_next_query_tells_the_agents_of_the_one_before(studio: Studio, stub_model: StubModel) -> None:
    session_id = await studio.begun(document("sequential", agent("ada", model="openai:stub-small")))
    stub_model.say("On Friday.")
    stub_model.say("At seven.")
    await studio.flows.ask(IDA, session_id, "When is it?")
    await studio.flows.ask(IDA, session_id, "And at which hour?")
    told = str(stub_model.requests[-1]["messages"])
    assert "When is it?" in told
    assert "On Friday." in told


async def test_bad_input_keeps_nothing(studio: Studio) -> None:
    session_id = await studio.begun()
    with pytest.raises(BadFlowError):
        await studio.flows.ask(IDA, session_id, "Hello?", {"type": "sequential", "receiver": []})
    with pytest.raises(BadSayingError):
        await studio.flows.ask(IDA, session_id, " ")
    with pytest.raises(UnknownConversationError):
        await studio.flows.ask(BO, session_id, "Mine now?")
    assert await studio.rows(session_id) == []


async def test_what_fails_is_seen_in_the_history(studio: Studio, stub_model: StubModel) -> None:
    session_id = await studio.begun(document("sequential", agent("ada", model="openai:stub-small")))
    stub_model.fail(400)
    _, answer = await studio.flows.ask(IDA, session_id, "Hello?")
    assert answer.status is Status.FAILED
    row = (await studio.rows(session_id))[1]
    assert row["content"].startswith("This could not be answered: ")
    assert row["metadata"]["status"] == "failed"


async def test_the_query_is_kept_while_its_flow_runs_and_a_cancelled_flow_stops(
    studio: Studio, stub_model: StubModel
) -> None:
    session_id = await studio.begun(document("sequential", agent("ada", model="openai:stub-small")))
    stub_model.say("Never said.", delay=60)
    asking = asyncio.create_task(studio.flows.ask(IDA, session_id, "Hello?"))
    await wait_until(lambda: len(stub_model.requests) == 1)
    assert [row["role"] for row in await studio.rows(session_id)] == ["user"]
    await studio.house.desk.cancel(session_id, viewer="ida")
    _, answer = await asyncio.wait_for(asking, 10)
    assert answer.status is Status.CANCELLED
    assert (await studio.rows(session_id))[1]["content"] == "This was cancelled."


async def test_a_flow_goes_on_when_whoever_asked_has_gone(studio: Studio, stub_model: StubModel) -> None:
    session_id = await studio.begun(document("sequential", agent("ada", model="openai:stub-small")))
    stub_model.say("Said to nobody.", delay=0.3)
    asking = asyncio.create_task(studio.flows.ask(IDA, session_id, "Hello?"))
    await wait_until(lambda: len(stub_model.requests) == 1)
    asking.cancel()

    async def answered() -> bool:
        return len(await studio.rows(session_id)) == 2

    await wait_until(answered)
    assert (await studio.rows(session_id))[1]["content"] == "Said to nobody."


async def test_what_a_dead_process_left_has_failed_and_nobody_takes_it_over(
    tmp_path: Path, database: Database, hub: ModelHub, stub_model: StubModel
) -> None:
    (tmp_path / "one").mkdir()
    async with talkhouse(tmp_path / "one", database) as house:
        studio = studio_of(house, hub)
        session_id = await studio.begun(document("sequential", agent("ada", model="openai:stub-small")))
        stub_model.say("Never said.", delay=60)
        asking = asyncio.create_task(studio.flows.ask(IDA, session_id, "Hello?"))
        await wait_until(lambda: len(stub_model.requests) == 1)
        await studio.flows.stop()  # as if it had been killed: nothing is settled
        await asking
    (tmp_path / "two").mkdir()
    async with talkhouse(tmp_path / "two", database) as house:
        await house.agent("helios")
        studio = studio_of(house, hub)
        assert [row["role"] for row in await studio.rows(session_id)] == ["user"], "no agent of the house answers it"
        await studio.flows.start()
        row = (await studio.rows(session_id))[1]
        assert "the server ended while the agents were at it" in row["content"]
        assert row["metadata"]["status"] == "failed"


async def test_one_message_is_deleted_and_the_rest_still_hangs_together(studio: Studio) -> None:
    session_id = await studio.begun()
    for text in ("First?", "Second?"):
        await studio.flows.ask(IDA, session_id, text)
    rows = await studio.rows(session_id)
    await studio.sessions.delete_message(session_id, rows[2]["msg_id"], owner="ida")
    left = await studio.rows(session_id)
    assert [row["msg_id"] for row in left] == [rows[index]["msg_id"] for index in (0, 1, 3)]
    await studio.flows.ask(IDA, session_id, "Third?")
    assert len(await studio.rows(session_id)) == 5
    with pytest.raises(UnknownChatMessageError):
        await studio.sessions.delete_message(session_id, rows[2]["msg_id"], owner="ida")
    with pytest.raises(UnknownConversationError):
        await studio.sessions.delete_message(session_id, rows[0]["msg_id"], owner="bo")


async def test_clearing_takes_one_session_or_all_and_a_session_can_be_brought_back(studio: Studio) -> None:
    first, second = await studio.begun(), await studio.begun()
    await studio.flows.ask(IDA, first, "Hello?")
    await studio.sessions.clear(first, owner="ida")
    assert [one.session_id for one in await studio.sessions.sessions("ida")] == [second]
    assert await studio.rows(first) == []
    await studio.house.desk.restore(first, viewer="ida")
    assert len(await studio.rows(first)) == 2
    await studio.sessions.clear(None, owner="ida")
    assert await studio.sessions.sessions("ida") == []


async def test_a_session_is_published_as_it_is_and_begun_again_by_somebody_else(studio: Studio) -> None:
    session_id = await studio.begun()
    await studio.flows.ask(IDA, session_id, "An evening?")
    item = await studio.gallery.publish(session_id, owner="ida", tags=["spring", " spring ", "library"])
    assert item.tags == ["spring", "library"]
    await studio.flows.ask(IDA, session_id, "Not published?")
    kept = await studio.gallery.item(item.id)
    assert [row["content"] for row in kept.messages] == [row["content"] for row in item.messages]
    assert len(kept.messages) == 2
    assert "sk-secret-of-a-test" not in str(kept)
    theirs = await studio.gallery.start(item.id, BO)
    rows = await studio.rows(theirs.session_id, "bo")
    assert [row["content"] for row in rows] == [row["content"] for row in kept.messages]
    assert {row["msg_id"] for row in rows}.isdisjoint(row["msg_id"] for row in kept.messages)
    await studio.flows.ask(BO, theirs.session_id, "Go on?")
    assert len(await studio.rows(theirs.session_id, "bo")) == 4
    assert len(await studio.rows(session_id)) == 4


async def test_only_who_published_takes_an_item_back(studio: Studio) -> None:
    item = await studio.gallery.publish(await studio.begun(), owner="ida", tags=[])
    with pytest.raises(UnknownGalleryItemError):
        await studio.gallery.unpublish(item.id, viewer="bo")
    with pytest.raises(UnknownConversationError):
        await studio.gallery.publish(item.session["session_id"], owner="bo", tags=[])
    await studio.gallery.unpublish(item.id, viewer="ida")
    assert await studio.gallery.items(limit=10) == ([], 0)


async def test_an_ordinary_turn_in_a_session_is_taken_over_as_ever(
    tmp_path: Path, database: Database, hub: ModelHub
) -> None:
    (tmp_path / "one").mkdir()
    async with talkhouse(tmp_path / "one", database) as house:
        session_id = await studio_of(house, hub).begun()
        gone = await house.desk.say(Saying(speaker=IDA, text="Hello?", conversation_id=session_id))
        await house.answering.stop()
    (tmp_path / "two").mkdir()

    async def with_helios(house: Talkhouse) -> None:
        await house.agent("helios")

    async with talkhouse(tmp_path / "two", database, agents=with_helios) as house:
        assert (await house.desk.answered(gone, viewer="ida")).status is Status.ANSWERED
