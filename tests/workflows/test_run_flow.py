"""Flows with real models: the offline one, and a language model over HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.kernel import SystemClock
from folkmoot.models import Caller, ModelHub, ModelSettings
from folkmoot.models.providers import Offline, OpenAICompatible
from folkmoot.workflows import FlowFailedError, FlowLimits, FlowResult, read_flow, run_flow
from folkmoot.workflows.errors import FlowTimeoutError
from tests.stub_model import StubModel
from tests.workflows.flows import agent, document

QUERY = "How do we announce the reading evening?"
TEAM = (
    agent("ada", "You list the steps of a plan."),
    agent("bo", "You write announcements for a library."),
    agent("cy", "You name one weakness."),
)
CALLER = Caller(user_id="ida", conversation_id="conv_1", workflow_id="flow_1")


@pytest.fixture
async def offline() -> AsyncIterator[ModelHub]:
    hub = ModelHub(settings=ModelSettings(model="offline"), providers=[Offline()])
    yield hub
    await hub.close()


@pytest.fixture
async def online(stub_model: StubModel) -> AsyncIterator[ModelHub]:
    settings = ModelSettings(model="offline", openai_api_key="k", openai_base_url=stub_model.base_url, retries=0)
    hub = ModelHub(settings=settings, providers=[OpenAICompatible(settings), Offline()])
    yield hub
    await hub.close()


async def flow(hub: ModelHub, wanted: dict[str, Any], **more: Any) -> FlowResult:
    return await run_flow(read_flow(wanted), QUERY, models=hub, clock=SystemClock(), caller=CALLER, **more)


async def test_offline_agents_quote_what_they_are_there_for_and_what_was_said(offline: ModelHub) -> None:
    result = await flow(offline, document("sequential", *TEAM))
    assert [one.sender for one in result.messages] == ["user_proxy", "ada", "bo", "cy"]
    assert "“You list the steps of a plan.”" in result.messages[1].content
    assert "“You write announcements for a library.” (what bo is there for)" in result.messages[2].content
    assert result.summary == result.messages[-1].content
    assert result.usage["requests"] == 6
    assert set(result.usage["agents"]) == {"ada", "bo", "cy"}
    assert result.usage["cost_usd"] == 0
    assert result.started_at <= result.ended_at


async def test_an_offline_agent_quotes_what_others_said_where_that_speaks_of_the_question(offline: ModelHub) -> None:
    wanted = read_flow(document("sequential", *TEAM))
    result = await run_flow(wanted, "What are the steps of a plan?", models=offline, clock=SystemClock(), caller=CALLER)
    assert "“You list the steps of a plan.” (ada in this conversation)" in result.messages[2].content


async def test_an_offline_agent_without_persona_says_that_it_has_nothing(offline: ModelHub) -> None:
    result = await flow(offline, document("autonomous", agent("ada")))
    assert "offline" in result.summary


async def test_all_answers_stand_in_the_combined_one_without_a_summary(offline: ModelHub) -> None:
    result = await flow(offline, document("autonomous", *TEAM, summary="none"))
    assert [name for name in ("**ada**", "**bo**", "**cy**") if name in result.summary] == [
        "**ada**",
        "**bo**",
        "**cy**",
    ]


async def test_an_offline_group_chat_gives_everybody_a_turn_and_ends(offline: ModelHub) -> None:
    result = await flow(offline, document("groupchat", *TEAM))
    spoke = [one.sender for one in result.messages[1:]]
    assert sorted(spoke) == ["ada", "bo", "cy"]
    assert spoke[0] == "bo", "the announcement is his"
    assert {one.recipient for one in result.messages} == {"table"}


async def test_a_language_model_is_told_its_persona_and_what_was_said(online: ModelHub, stub_model: StubModel) -> None:
    stub_model.say("First we book the room.")
    stub_model.say("Come to our reading evening!")
    team = (agent("ada", "You plan.", model="stub-small"), agent("bo", "You write.", model="openai:stub-small"))
    result = await flow(online, document("sequential", *team))
    assert result.summary == "Come to our reading evening!"
    told = str(stub_model.requests[-1]["messages"])
    assert "You write." in told
    assert "First we book the room." in told
    assert QUERY in told
    assert "sk-secret-of-a-test" not in str(stub_model.requests)
    assert result.usage["models"] == ["openai:stub-small"]


async def test_a_language_model_chooses_who_speaks_and_when_it_ends(online: ModelHub, stub_model: StubModel) -> None:
    stub_model.decide(speaker="cy")
    stub_model.say("Nobody knows the date.")
    stub_model.decide(speaker="ada")
    stub_model.say("It is on Friday.")
    stub_model.decide(speaker="nobody")
    team = [agent(name, model="openai:stub-small") for name in ("ada", "bo", "cy")]
    result = await flow(online, document("groupchat", *team, model="openai:stub-small"))
    assert [one.sender for one in result.messages[1:]] == ["cy", "ada"]
    assert result.summary == "It is on Friday."


async def test_an_unknown_model_is_replaced_by_the_workplace_s_own_and_noted(offline: ModelHub) -> None:
    result = await flow(offline, document("sequential", agent("ada", "You plan.", model="gpt-17")))
    assert result.notes == ("ada: the document's model 'gpt-17' cannot be asked here; offline answered",)
    assert result.messages[1].model == "offline"


async def test_one_that_fails_is_noted_and_the_others_go_on(online: ModelHub, stub_model: StubModel) -> None:
    stub_model.fail(400)
    team = (agent("ada", "You plan.", model="openai:stub-small"), agent("bo", "You write."))
    result = await flow(online, document("sequential", *team))
    assert [one.sender for one in result.messages[1:]] == ["bo"]
    assert result.notes[0].startswith("ada could not answer: ")


async def test_a_flow_in_which_nobody_answers_has_failed(online: ModelHub, stub_model: StubModel) -> None:
    stub_model.fail(400)
    with pytest.raises(FlowFailedError, match="ada could not answer"):
        await flow(online, document("sequential", agent("ada", model="openai:stub-small")))


async def test_a_flow_ends_when_its_tokens_are_used(offline: ModelHub) -> None:
    result = await flow(offline, document("sequential", *TEAM), limits=FlowLimits(tokens=1))
    assert [one.sender for one in result.messages[1:]] == ["ada"]
    assert "1 tokens" in result.notes[0]


async def test_a_flow_ends_when_its_time_is_over(online: ModelHub, stub_model: StubModel) -> None:
    stub_model.say("Too late.", delay=30)
    slow = document("sequential", agent("ada", model="openai:stub-small"))
    with pytest.raises(FlowTimeoutError, match="as long as a flow may take"):
        await flow(online, slow, limits=FlowLimits(time=timedelta(milliseconds=200)))


async def test_a_model_sums_up_what_was_said(online: ModelHub, stub_model: StubModel) -> None:
    stub_model.say("Book the room.")
    stub_model.say("Write the text.")
    stub_model.say("Book, then write.")
    team = [agent(name, model="openai:stub-small") for name in ("ada", "bo")]
    result = await flow(online, document("sequential", *team, summary="llm"))
    assert result.summary == "Book, then write."
    assert "Book the room." in str(stub_model.requests[-1]["messages"])
    assert result.usage["agents"]["summary"]["requests"] == 1
