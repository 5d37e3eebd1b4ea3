"""Several models with commas: which is asked, when the next one is, and what may never be asked."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from folkmoot.kernel import SimulatedClock
from folkmoot.models import Answer, Limits, ModelHandle, ModelHub, ModelsError, ModelSettings, OfflineModelError
from folkmoot.models.errors import (
    ModelBudgetExceededError,
    ModelLimitedError,
    ModelNotConfiguredError,
    ModelRefusedError,
    ModelRestingError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnknownModelError,
)
from folkmoot.models.model import chain_of
from folkmoot.telemetry import Metrics
from tests.models.shelf import Shelf, hub_for
from tests.stub_model import Scripted, StubModel, serving

NOWHERE = "http://127.0.0.1:9"


class Choice(BaseModel):
    """Who it is to be."""

    winner: str


@pytest.fixture
def second() -> Iterator[StubModel]:
    """Another server, which the chain asks as an Ollama."""
    with serving(StubModel()) as stub:
        yield stub


def settings_for(first: StubModel, second: StubModel, **more: Any) -> ModelSettings:
    more.setdefault("retries", 0)
    return ModelSettings(openai_base_url=first.base_url, ollama_host=second.url, **more)


@pytest.fixture
async def hub(stub_model: StubModel, second: StubModel) -> AsyncIterator[ModelHub]:
    hub = hub_for(settings_for(stub_model, second))
    yield hub
    await hub.close()


async def asked(hub: ModelHub, name: str = "openai:one, ollama:two", **more: Any) -> Answer:
    return await hub.answer(await hub.resolve(name), instructions="", prompt="Who?", **more)


async def streamed(hub: ModelHub, name: str = "openai:one, ollama:two") -> list[str | Answer]:
    handle = await hub.resolve(name)
    return [piece async for piece in hub.stream(handle, instructions="", prompt="Who?")]


async def test_a_chain_is_written_with_commas_and_means_itself(hub: ModelHub) -> None:
    handle = await hub.resolve(" openai:one,ollama:two , openai:one, offline")
    assert handle.name == "openai:one, ollama:two, offline"
    assert [one.name for one in handle.members] == ["openai:one", "ollama:two", "offline"]
    assert (handle.provider, handle.offline, handle.remote) == ("openai", False, False)
    assert await hub.resolve(handle.name) == handle


@pytest.mark.parametrize("name", ["openai:one,", ",offline", "openai:one, nothing:two", ", ".join(["offline"] * 9)])
async def test_a_wrong_chain_is_refused(hub: ModelHub, name: str) -> None:
    with pytest.raises(UnknownModelError):
        hub.check(name)
    with pytest.raises(UnknownModelError):
        await hub.resolve(name)


async def test_what_has_no_key_is_left_out(hub: ModelHub) -> None:
    assert (await hub.resolve("anthropic:x, google:y, ollama:two")).name == "ollama:two"
    with pytest.raises(ModelNotConfiguredError, match="ANTHROPIC_API_KEY"):
        await hub.resolve("anthropic:x, google:y")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_the_next_is_asked_when_one_cannot_answer(
    hub: ModelHub, stub_model: StubModel, second: StubModel, status: int
) -> None:
    stub_model.fail(status)
    second.say("Mira.")
    answer = await asked(hub)
    assert (answer.text, answer.by and answer.by.name) == ("Mira.", "ollama:two")
    assert second.requests[0]["model"] == "two"
    stub_model.fail(status)
    second.say("Mira.")
    *pieces, whole = await streamed(hub)
    assert isinstance(whole, Answer)
    assert ("".join(map(str, pieces)), whole.by and whole.by.name) == ("Mira. ", "ollama:two")


@pytest.mark.parametrize(("status", "error"), [(400, ModelRefusedError), (401, ModelRefusedError)])
async def test_after_a_refusal_nobody_else_is_asked(
    hub: ModelHub, stub_model: StubModel, second: StubModel, status: int, error: type[Exception]
) -> None:
    stub_model.fail(status)
    with pytest.raises(error):
        await asked(hub)
    stub_model.fail(status)
    with pytest.raises(error):
        await streamed(hub)
    assert second.requests == []


async def test_limits_of_the_run_are_not_got_round(hub: ModelHub, stub_model: StubModel, second: StubModel) -> None:
    with pytest.raises(ModelBudgetExceededError):
        await asked(hub, limits=Limits(tokens=1))
    assert second.requests == []
    assert len(stub_model.requests) == 1


async def test_a_silent_model_is_given_up_for_the_next(stub_model: StubModel, second: StubModel) -> None:
    settings = settings_for(stub_model, second, timeout=timedelta(seconds=1.5), first_token=timedelta(seconds=1))
    hub = hub_for(settings)
    await hub.warm_up("openai:one, ollama:two")
    stub_model.say("too late", delay=3)
    second.say("In time.")
    assert (await asked(hub)).text == "In time."
    stub_model.say("too late", delay=3)
    second.say("In time.")
    *pieces, _ = await streamed(hub)
    assert "".join(map(str, pieces)) == "In time. "
    stub_model.say("too late", delay=3)
    with pytest.raises(ModelTimeoutError, match="openai:one"):
        await asked(hub, "openai:one")
    await hub.close()


async def test_a_stream_that_falls_silent_ends_and_is_not_begun_anew(stub_model: StubModel, second: StubModel) -> None:
    hub = hub_for(settings_for(stub_model, second, next_token=timedelta(seconds=0.3)))
    stub_model.say("one two three", pause=2)
    handle = await hub.resolve("openai:one, ollama:two")
    pieces: list[str | Answer] = []

    async def read() -> None:
        async for piece in hub.stream(handle, instructions="", prompt="Count"):
            pieces.append(piece)  # noqa: PERF401  # what came before the end is looked at

    with pytest.raises(ModelTimeoutError, match="openai:one"):
        await read()
    assert pieces == ["one "]
    assert second.requests == []
    await hub.close()


async def test_when_nobody_answers_each_is_named(hub: ModelHub, stub_model: StubModel, second: StubModel) -> None:
    stub_model.fail(500, message="first is broken")
    second.fail(503, message="second is away")
    with pytest.raises(ModelUnavailableError, match=r"(?s)openai:one.*first is broken.*ollama:two.*second is away"):
        await asked(hub)
    stub_model.fail(429, retry_after=0.01)
    second.fail(429, retry_after=0.02)
    with pytest.raises(ModelLimitedError) as limited:
        await streamed(hub)
    assert limited.value.fields["retry_after_seconds"] == 0.01


async def test_the_chain_may_end_offline(hub: ModelHub, stub_model: StubModel, shelf: Shelf) -> None:
    stub_model.fail(500)
    answer = await asked(hub, "openai:one, offline", tools=[shelf.tool()])
    assert answer.by is not None
    assert answer.by.offline
    assert "working offline" in answer.text


async def test_tools_are_carried_out_once_though_another_model_goes_on(
    hub: ModelHub, stub_model: StubModel, second: StubModel, shelf: Shelf
) -> None:
    stub_model.call("search_knowledge", query="deploy")
    stub_model.fail(500)
    second.say("The path has a blank.")
    answer = await asked(hub, tools=[shelf.tool()])
    assert (answer.text, shelf.asked) == ("The path has a blank.", ["deploy"])
    assert answer.sources


async def test_decisions_are_made_by_each_in_its_own_way(
    hub: ModelHub, stub_model: StubModel, second: StubModel
) -> None:
    stub_model.fail(500)
    second.decide(winner="mira")
    handle = await hub.resolve("openai:one, ollama:two, offline")
    assert await hub.decide(handle, instructions="", prompt="Who?", output=Choice) == Choice(winner="mira")
    assert "tools" in stub_model.requests[0]
    assert "response_format" in second.requests[0]
    stub_model.fail(500)
    with pytest.raises(ModelUnavailableError):  # and not the offline one's refusal to decide
        await hub.decide(await hub.resolve("openai:one, offline"), instructions="", prompt="?", output=Choice)
    with pytest.raises(OfflineModelError):
        await hub.decide(await hub.resolve("offline"), instructions="", prompt="?", output=Choice)


async def test_a_model_that_fails_is_left_alone_and_tried_again(
    stub_model: StubModel, second: StubModel, clock: SimulatedClock
) -> None:
    settings = settings_for(stub_model, second, breaker_threshold=2, breaker_rest=timedelta(seconds=30))
    metrics = Metrics()
    hub = hub_for(settings, clock=clock, metrics=metrics)
    for _ in range(2):
        stub_model.fail(500)
    for _ in range(3):
        assert (await asked(hub)).text == "You said: Who?"
    assert (len(stub_model.requests), len(second.requests)) == (2, 3)
    report = next(one for one in hub.reports() if one.handle.name == "openai:one")
    assert (report.breaker, report.rests_for, report.failed, report.fallbacks) == ("open", timedelta(seconds=30), 2, 3)
    with pytest.raises(ModelRestingError, match="openai:one") as resting:
        await asked(hub, "openai:one")
    assert resting.value.fields["retry_after_seconds"] == 30
    shown = metrics.exposition().decode()
    assert 'folkmoot_model_breaker{model="openai:one"} 2.0' in shown
    assert 'folkmoot_model_fallbacks_total{model="openai:one",reason="resting"} 1.0' in shown
    assert 'folkmoot_model_fallbacks_total{model="openai:one",reason="unavailable"} 2.0' in shown
    clock.advance(timedelta(seconds=30))
    stub_model.say("Well again.")
    assert (await asked(hub)).text == "Well again."
    assert 'folkmoot_model_breaker{model="openai:one"} 0.0' in metrics.exposition().decode()
    await hub.close()


async def test_a_server_that_asks_for_a_long_pause_gets_it(
    stub_model: StubModel, second: StubModel, clock: SimulatedClock
) -> None:
    hub = hub_for(settings_for(stub_model, second, retries=2), clock=clock)
    stub_model.fail(429, retry_after=90)
    second.say("I can.")
    assert (await asked(hub)).text == "I can."
    await asked(hub)
    assert len(stub_model.requests) == 1
    clock.advance(timedelta(seconds=90))
    await asked(hub)
    assert len(stub_model.requests) == 2
    await hub.close()


async def test_a_provider_s_limit_sends_to_the_next(stub_model: StubModel, second: StubModel) -> None:
    hub = hub_for(settings_for(stub_model, second, per_minute={"openai": 1}, limit_wait=timedelta(0)))
    assert (await asked(hub)).by == await hub.resolve("openai:one")
    assert (await asked(hub)).by == await hub.resolve("ollama:two")
    with pytest.raises(ModelLimitedError, match="openai takes no more requests now"):
        await asked(hub, "openai:one")
    state = next(one for one in await hub.states() if one.provider == "openai")
    assert state.limits is not None
    assert (state.limits.per_minute, state.limits.last_minute) == (1, 1)
    await hub.close()


@pytest.mark.parametrize("in_pieces", [False, True])
async def test_a_server_within_the_network_cannot_send_a_question_out_of_it(
    hub: ModelHub, stub_model: StubModel, second: StubModel, *, in_pieces: bool
) -> None:
    elsewhere = {"location": f"{second.base_url}/chat/completions"}
    stub_model._script.append(Scripted(status=307, raw=b"", headers=elsewhere))
    with pytest.raises(ModelsError):
        await (streamed(hub, "openai:one") if in_pieces else asked(hub, "openai:one"))
    assert second.requests == []


def handle(name: str, *, remote: bool = False, offline: bool = False) -> ModelHandle:
    provider, _, model = name.partition(":")
    return ModelHandle(name=name, provider=provider, model=model, offline=offline, remote=remote)


def test_a_chain_is_remote_if_any_of_it_is_whatever_it_is_made_with() -> None:
    near, far, quoting = handle("ollama:a"), handle("openai:b", remote=True), handle("offline", offline=True)
    chain = chain_of([near, far, quoting])
    assert chain is not None
    assert chain.remote
    lied = ModelHandle(name="x", provider="ollama", model="a", offline=False, remote=False, chain=(near, far))
    assert lied.remote
    nearby = chain.nearby()
    assert nearby is not None
    assert (nearby.name, nearby.remote) == ("ollama:a, offline", False)
    assert chain_of([far]) == far
    assert far.nearby() is None
    assert near.nearby() == near
    deciding = chain.deciding()
    assert deciding is not None
    assert deciding.name == "ollama:a, openai:b"
    assert quoting.deciding() is None
