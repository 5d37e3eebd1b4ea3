"""The kinds that come with the house: twins say what they are, and speak only under consent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from folkmoot.agents import AgentHost
from folkmoot.agents.behalf import ON_BEHALF_OF
from folkmoot.consent import Purpose
from folkmoot.memory import Passage
from folkmoot.messaging import AgentMessage, Reply
from folkmoot.messaging.errors import HandlingFailedError
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.providers import Offline, OpenAICompatible
from folkmoot.registry import AgentInfo
from tests.agents.house import PATIENCE, House, definition
from tests.stub_model import StubModel
from tests.waiting import wait_until

MIRA = "Mira Okafor"
DEPLOY = "The deploy fails because the path has a blank."


@asynccontextmanager
async def with_model(house: House, stub: StubModel, *, remote: bool) -> AsyncIterator[AgentHost]:
    """A running host whose model is the stub, which is told to be elsewhere if `remote`."""

    class Placed(OpenAICompatible):
        def remote(self, model: str) -> bool:  # noqa: ARG002  # the promise of `Provider`
            return remote

    settings = ModelSettings(model="openai:stub-small", openai_base_url=stub.base_url)
    hub = ModelHub(settings=settings, providers=[Placed(settings), Offline()])
    host = AgentHost(context=replace(house.context, models=hub))
    await host.start()
    yield host
    await host.stop()
    await hub.close()


async def test_a_twin_answers_from_its_persons_messages_and_says_what_it_is(host: AgentHost, house: House) -> None:
    await house.remember(MIRA, DEPLOY, await house.grant(MIRA, Purpose.IMPORT, Purpose.CHAT))
    await host.add(definition("mira", person=MIRA))
    reply = await house.ask("mira", "request_knowledge", query="Why does the deploy fail?")
    assert reply["answer"].startswith(f"I am the AI twin of {MIRA}, offline now.")
    assert f"“{DEPLOY}” (whatsapp)" in reply["answer"]
    assert reply["sources"][0]["text"] == DEPLOY
    assert reply["sources"][0]["id"]
    assert (reply["model"], reply["offline"]) == ("offline", True)


async def test_without_a_consent_to_chat_a_twin_is_silent(host: AgentHost, house: House) -> None:
    await house.remember(MIRA, DEPLOY, await house.grant(MIRA, Purpose.IMPORT, Purpose.PROFILE))
    await host.add(definition("mira", person=MIRA))
    with pytest.raises(HandlingFailedError, match="no live consent covers 'chat'"):
        await house.ask("mira", "chat", message="Why does the deploy fail?")


async def test_a_twin_speaks_only_from_platforms_that_may_chat(host: AgentHost, house: House) -> None:
    silent = await house.grant(MIRA, Purpose.IMPORT, platform="linkedin")
    imported = await house.grant(MIRA, Purpose.IMPORT)
    await house.grant(MIRA, Purpose.CHAT)  # given later, for the platform: what was imported before may now be used
    await house.remember(MIRA, "The deploy is a secret of LinkedIn.", silent, source="linkedin")
    await house.remember(MIRA, DEPLOY, imported)
    await host.add(definition("mira", person=MIRA))
    reply = await house.ask("mira", "chat", message="deploy")
    assert [source["text"] for source in reply["sources"]] == [DEPLOY]


async def test_a_revoked_consent_silences_at_once(host: AgentHost, house: House) -> None:
    consent = await house.grant(MIRA, Purpose.IMPORT, Purpose.CHAT)
    await house.remember(MIRA, DEPLOY, consent)
    await host.add(definition("mira", person=MIRA))
    assert (await house.ask("mira", "chat", message="deploy"))["sources"]
    await house.ledger.revoke(consent)
    with pytest.raises(HandlingFailedError, match="no live consent"):
        await house.ask("mira", "chat", message="deploy")


async def test_a_remote_model_sees_nothing_without_consent(house: House, stub_model: StubModel) -> None:
    await house.remember(MIRA, DEPLOY, await house.grant(MIRA, Purpose.IMPORT, Purpose.CHAT))
    async with with_model(house, stub_model, remote=True) as host:
        await host.add(definition("mira", person=MIRA))
        reply = await house.ask("mira", "chat", message="Why does the deploy fail?")
        assert stub_model.requests == []
        assert "no consent covers 'remote_model'" in reply["notice"]
        assert reply["offline"]


async def test_a_remote_model_is_used_with_consent_and_still_disclosed(house: House, stub_model: StubModel) -> None:
    hidden = await house.grant(MIRA, Purpose.IMPORT, Purpose.CHAT, platform="linkedin")
    await house.remember(MIRA, "The deploy is known to LinkedIn.", hidden, source="linkedin")
    shown = await house.grant(MIRA, Purpose.IMPORT, Purpose.CHAT, Purpose.REMOTE_MODEL)
    await house.remember(MIRA, DEPLOY, shown)
    async with with_model(house, stub_model, remote=True) as host:
        await host.add(definition("mira", person=MIRA, persona="Mira speaks briefly."))
        stub_model.call("search_knowledge", query="deploy")
        stub_model.say("I am Mira. A blank.")
        reply = await house.ask("mira", "chat", message="Why?", history=[{"role": "user", "text": "Hello"}])
        assert reply["answer"] == f"I am the AI twin of {MIRA}.\n\nI am Mira. A blank."
        assert (reply["model"], reply["offline"], reply["notice"]) == ("openai:stub-small", False, "")
        sent = str(stub_model.requests)
        assert DEPLOY in sent
        assert "LinkedIn" not in sent
        assert "Mira speaks briefly." in sent


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_twin_never_slips_to_a_remote_model_through_a_chain(
    house: House, stub_model: StubModel, *, streamed: bool
) -> None:
    """The near model fails and a far one stands next: without consent the far one is not asked, with it it is."""
    imported = await house.grant(MIRA, Purpose.IMPORT, Purpose.CHAT)
    await house.remember(MIRA, DEPLOY, imported)

    class Far(OpenAICompatible):
        name = "anthropic"  # a name of another provider, on the same stub

        def remote(self, model: str) -> bool:  # noqa: ARG002  # the promise of `Provider`
            return True

    settings = ModelSettings(
        model="openai:near, anthropic:far, offline", openai_base_url=stub_model.base_url, retries=0
    )
    hub = ModelHub(settings=settings, providers=[OpenAICompatible(settings), Far(settings), Offline()])
    host = AgentHost(context=replace(house.context, models=hub))
    await host.start()
    await host.add(definition("mira", person=MIRA))
    stub_model.fail(500)
    reply = await house.ask("mira", "chat", message="Why does the deploy fail?", stream=streamed)
    assert [one["model"] for one in stub_model.requests] == ["near"]
    assert (reply["model"], reply["offline"]) == ("offline", True)
    assert "anthropic:far runs elsewhere" in reply["notice"]
    assert "so I ask openai:near, offline" in reply["notice"]
    await house.grant(MIRA, Purpose.CHAT, Purpose.REMOTE_MODEL)
    stub_model.fail(500)
    stub_model.say("A blank.")
    reply = await house.ask("mira", "chat", message="Why does the deploy fail?", stream=streamed)
    assert [one["model"] for one in stub_model.requests] == ["near", "near", "far"]
    assert (reply["model"], reply["notice"]) == ("anthropic:far", "")
    await host.stop()
    await hub.close()


async def test_an_answer_streams_with_the_disclosure_first(house: House, stub_model: StubModel) -> None:
    await house.grant(MIRA, Purpose.CHAT)
    async with with_model(house, stub_model, remote=False) as host:
        await host.add(definition("mira", person=MIRA))
        stub_model.say("one two three", pause=0.08)
        parts: list[Any] = [
            part
            async for part in house.broker.request_stream(
                house.letter("mira", "chat", message="Count", stream=True), timeout=PATIENCE
            )
        ]
        reply = parts.pop()
        assert parts[0] == {"chunk": f"I am the AI twin of {MIRA}.\n\n", "at": 0, "attempt": 1}
        assert [part["at"] for part in parts] == [
            sum(len(one["chunk"]) for one in parts[:number]) for number in range(len(parts))
        ]
        assert "".join(part["chunk"] for part in parts) == reply.payload.data["answer"]
        assert len(parts) > 2


async def test_a_specialist_answers_within_its_scopes(host: AgentHost, house: House) -> None:
    async with house.database.write() as session:
        await house.knowledge.add(
            session,
            [
                Passage(id="1", scope="marketing", source="plan.md", text="The campaign starts in May."),
                Passage(id="2", scope="executive", source="board.md", text="The campaign costs a million."),
            ],
        )
    await host.add(definition("seo", role="SEO", memory_scopes=["marketing"]))
    reply = await house.ask("seo", "chat", message="When does the campaign start?")
    assert [source["source"] for source in reply["sources"]] == ["plan.md"]
    assert reply["disclosure"] == ""


async def test_an_agent_uses_its_own_model_and_limits(house: House, stub_model: StubModel) -> None:
    async with with_model(house, stub_model, remote=False) as host:
        await host.add(definition("cheap", model="offline"))
        await host.add(definition("bounded", limits={"tokens": 1}))
        assert (await house.ask("cheap", "chat", message="Hello?"))["offline"]
        await house.broker.publish(house.letter("bounded", "chat", message="Hello?"))


@pytest.mark.parametrize("data", [{}, {"message": "  "}, {"message": 5}, {"message": "x", "history": "y"}])
async def test_a_message_without_a_question_is_refused(host: AgentHost, house: House, data: dict[str, Any]) -> None:
    await host.add(definition("spec"))
    with pytest.raises(HandlingFailedError, match=r"needs text in 'message'|history\[0\] must be"):
        await house.ask("spec", "chat", **data)


async def test_a_user_proxys_turn_is_a_persons(house: House) -> None:
    class Desk:
        async def ask(self, agent: AgentInfo, message: AgentMessage) -> Reply:
            return {"answer": f"{agent.name} says yes to {message.payload.data['message']}"}

    host = AgentHost(context=replace(house.context, people=Desk()))
    await host.start()
    await host.add(definition("boss", name="Boss", type="user_proxy"))
    assert await house.ask("boss", "chat", message="lunch") == {"answer": "Boss says yes to lunch"}
    await host.stop()


async def test_a_manager_is_an_agent_like_all_others(host: AgentHost, house: House) -> None:
    await host.add(definition("chief", type="manager"))
    assert (await house.ask("chief", "health_check"))["status"] == "healthy"
    assert (await house.registry.get("chief")).type == "manager"


async def test_a_message_chooses_among_the_models_that_were_chosen_for_it(house: House, stub_model: StubModel) -> None:
    async with with_model(house, stub_model, remote=False) as host:
        await host.add(definition("ada"))
        await host.add(definition("cheap", model="offline"))
        stub_model.say("Hello.")
        assert (await house.ask("ada", "chat", message="Hello?", model="openai:stub-small"))["answer"] == "Hello."
        assert (await house.ask("ada", "chat", message="Hello?", model="offline"))["offline"]
        for agent, wanted in (("ada", "openai:stub-large"), ("cheap", "openai:stub-small")):
            with pytest.raises(HandlingFailedError, match=f"does not answer by '{wanted}'"):
                await house.ask(agent, "chat", message="Hello?", model=wanted)


async def test_an_answer_is_stopped_by_whoever_asked_and_by_the_house(house: House, stub_model: StubModel) -> None:
    async with with_model(house, stub_model, remote=False) as host:
        await host.add(definition("ada"))
        for stopped_by in ("ida", None):
            before = len(stub_model.requests)
            stub_model.say("Never heard.", delay=6)
            asked = _by("ida", house.letter("ada", "chat", message="Hello?"))
            waiting = asyncio.create_task(house.broker.request(asked, timeout=PATIENCE))
            await wait_until(lambda before=before: len(stub_model.requests) > before)  # type: ignore[misc]
            for user in ("bo", stopped_by):
                stop = _by(user, house.letter("ada", "custom:stop", message_id=asked.message_id))
                at_once = stop.model_copy(update={"sender_id": f"desk-{user}"})  # one sender's are taken in order
                reply = await house.broker.request(at_once, timeout=PATIENCE)
                assert reply.payload.data["stopped"] is (user != "bo")
            await asyncio.wait_for(waiting, 10)


def _by(user: str | None, message: AgentMessage) -> AgentMessage:
    context = {ON_BEHALF_OF: user} if user else {}
    return message.model_copy(update={"payload": message.payload.model_copy(update={"context": context})})
