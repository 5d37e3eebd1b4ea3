"""Asking a model over real HTTP: words, tools, typed answers, streams, and everything that goes wrong."""

import asyncio
import contextlib
import json
import time
from datetime import timedelta

import pytest
from pydantic import BaseModel, Field

from folkmoot.models import Answer, Limits, ModelHandle, ModelHub, ModelSettings, OfflineModelError, Turn
from folkmoot.models.errors import (
    ModelAnswerInvalidError,
    ModelBudgetExceededError,
    ModelLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnknownModelError,
)
from tests.models.shelf import Shelf, hub_for
from tests.stub_model import StubModel


class Choice(BaseModel):
    """Who it is to be."""

    winner: str
    confidence: float = Field(ge=0, le=1)


@pytest.fixture
async def openai(hub: ModelHub) -> ModelHandle:
    return await hub.resolve("openai:stub-small")


@pytest.fixture
async def ollama(hub: ModelHub) -> ModelHandle:
    return await hub.resolve("ollama:stub-small")


async def test_a_question_is_answered_with_its_usage(stub_model: StubModel, hub: ModelHub, openai: ModelHandle) -> None:
    stub_model.say("Mira does.")
    answer = await hub.answer(openai, instructions="You are Jonas.", prompt="Who knows Rust?")
    assert (answer.text, answer.model, answer.usage.requests) == ("Mira does.", "stub-small", 1)
    assert answer.usage.output_tokens == 2
    sent = stub_model.requests[0]["messages"]
    assert [one["role"] for one in sent] == ["system", "user"]
    assert sent[0]["content"] == "You are Jonas."


async def test_earlier_turns_go_along(stub_model: StubModel, hub: ModelHub, openai: ModelHandle) -> None:
    history = [Turn(role="user", text="Hello"), Turn(role="agent", text="Good day")]
    await hub.answer(openai, instructions="Be brief.", prompt="And now?", history=history)
    said = [one["content"] for one in stub_model.requests[0]["messages"] if one["role"] != "system"]
    assert said == ["Hello", "Good day", "And now?"]


async def test_a_tool_is_called_and_its_results_are_the_sources(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle, shelf: Shelf
) -> None:
    stub_model.call("search_knowledge", query="deploy")
    stub_model.say("The path has a blank.")
    answer = await hub.answer(openai, instructions="", prompt="Why does it fail?", tools=[shelf.tool()])
    assert shelf.asked == ["deploy"]
    assert [source.source for source in answer.sources] == ["whatsapp", "git"]
    assert answer.usage.requests == 2
    assert "The deploy fails" in str(stub_model.requests[1]["messages"][-1])


async def test_an_error_of_a_tool_is_not_disguised(stub_model: StubModel, hub: ModelHub, openai: ModelHandle) -> None:
    async def broken(query: str) -> str:
        """Break."""
        raise LookupError(query)

    stub_model.call("broken", query="x")
    with pytest.raises(LookupError):
        await hub.answer(openai, instructions="", prompt="Go", tools=[broken])


async def test_pieces_come_before_the_whole(stub_model: StubModel, hub: ModelHub, openai: ModelHandle) -> None:
    stub_model.say("one two three four", pause=0.08)
    started = time.monotonic()
    pieces: list[str | Answer] = []
    first_after = 0.0
    async for piece in hub.stream(openai, instructions="", prompt="Count"):
        first_after = first_after or time.monotonic() - started
        pieces.append(piece)
    whole = pieces.pop()
    assert isinstance(whole, Answer)
    assert "".join(str(piece) for piece in pieces) == whole.text == "one two three four "
    assert len(pieces) >= 3
    assert first_after < time.monotonic() - started
    assert whole.usage.output_tokens == 4


async def test_a_stream_calls_tools_too(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle, shelf: Shelf
) -> None:
    stub_model.call("search_knowledge", query="deploy script")
    stub_model.say("In March.")
    pieces = [piece async for piece in hub.stream(openai, instructions="", prompt="When?", tools=[shelf.tool()])]
    assert isinstance(pieces[-1], Answer)
    assert (pieces[-1].text, len(pieces[-1].sources)) == ("In March. ", 2)


async def test_a_stream_is_the_same_with_the_loop_from_the_beginning_and_without(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle, shelf: Shelf
) -> None:
    heard = []
    for limits in (None, Limits(tokens=100_000)):  # who counts tokens is counted by the loop
        asked = len(stub_model.requests)
        stub_model.call("search_knowledge", query="deploy script")
        stub_model.say("In March.")
        told = [Turn(role="user", text="Hello"), Turn(role="agent", text="Good day.")]
        asking = hub.stream(
            openai, instructions="Be brief.", prompt="When?", history=told, tools=[shelf.tool()], limits=limits
        )
        *_, whole = [piece async for piece in asking]
        assert isinstance(whole, Answer)
        sent = [
            [(one["role"], one.get("content"), "tool_calls" in one) for one in body["messages"]]
            for body in stub_model.requests[asked:]
        ]
        offered = [[one["function"] for one in body["tools"]] for body in stub_model.requests[asked:]]
        heard.append((whole.text, whole.usage, whole.sources, sent, offered))
    assert heard[0] == heard[1]


async def test_a_response_that_is_none_is_asked_for_again(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle
) -> None:
    stub_model.say("")
    stub_model.say("Here I am.")
    pieces = [piece async for piece in hub.stream(openai, instructions="", prompt="Are you there?")]
    assert isinstance(pieces[-1], Answer)
    assert (pieces[-1].text, pieces[-1].usage.requests) == ("Here I am. ", 2)


@pytest.mark.parametrize(
    ("reason", "error"), [("length", ModelAnswerInvalidError), ("content_filter", ModelRefusedError)]
)
async def test_a_response_without_words_that_would_come_again_is_not_asked_for_again(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle, reason: str, error: type[Exception]
) -> None:
    end = {"index": 0, "delta": {}, "finish_reason": reason}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "stub-small", "choices": [end]}
    stub_model.send_raw(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())
    with pytest.raises(error):
        _ = [piece async for piece in hub.stream(openai, instructions="Speak.", prompt="Well?")]
    assert len(stub_model.requests) == 1


async def test_a_tool_that_is_cancelled_within_ends_the_stream(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle
) -> None:
    async def given_up() -> str:
        """Wait for what somebody else has given up."""
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waiting.cancel()
        return await waiting

    stub_model.call("given_up")
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            _ = [piece async for piece in hub.stream(openai, instructions="", prompt="Go", tools=[given_up])]


async def test_a_consumer_may_leave_a_stream(stub_model: StubModel, hub: ModelHub, openai: ModelHandle) -> None:
    stub_model.say("one two three four five six", pause=0.1)
    stream = hub.stream(openai, instructions="", prompt="Count")
    assert await anext(stream)
    await stream.aclose()
    stub_model.say("Still here.")
    assert (await hub.answer(openai, instructions="", prompt="?")).text == "Still here."


@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_a_decision_is_typed(stub_model: StubModel, hub: ModelHub, provider: str) -> None:
    stub_model.decide(winner="mira", confidence=0.8)
    handle = await hub.resolve(f"{provider}:stub-small")
    choice = await hub.decide(handle, instructions="Choose.", prompt="Who?", output=Choice)
    assert choice == Choice(winner="mira", confidence=0.8)
    # An Ollama is held to the schema by its grammar; others get the schema as a tool.
    assert ("response_format" in stub_model.requests[0]) is (provider == "ollama")


async def test_a_wrong_decision_is_sent_back(stub_model: StubModel, hub: ModelHub, openai: ModelHandle) -> None:
    stub_model.decide(winner="mira", confidence=7)
    stub_model.decide(winner="mira", confidence=0.7)
    choice = await hub.decide(openai, instructions="", prompt="Who?", output=Choice)
    assert choice.confidence == 0.7
    assert "less than or equal to 1" in str(stub_model.requests[1]["messages"])


async def test_a_decision_that_stays_wrong_is_an_error(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle
) -> None:
    for _ in range(5):
        stub_model.decide(winner="mira", confidence=7)
    with pytest.raises(ModelAnswerInvalidError):
        await hub.decide(openai, instructions="", prompt="Who?", output=Choice)
    assert len(stub_model.requests) == 3


async def test_the_offline_model_decides_nothing(hub: ModelHub) -> None:
    with pytest.raises(OfflineModelError, match="estimate"):
        await hub.decide(await hub.resolve("offline"), instructions="", prompt="Who?", output=Choice)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_fault_is_tried_again(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle, status: int
) -> None:
    stub_model.fail(status, retry_after=0.01)
    stub_model.say("Now I can.")
    assert (await hub.answer(openai, instructions="", prompt="?")).text == "Now I can."
    assert len(stub_model.requests) == 2


@pytest.mark.parametrize(
    ("status", "error", "requests"),
    [
        (429, ModelLimitedError, 3),
        (500, ModelUnavailableError, 3),
        (401, ModelRefusedError, 1),
        (403, ModelRefusedError, 1),
        (400, ModelRefusedError, 1),
        (404, UnknownModelError, 1),
    ],
)
async def test_a_lasting_fault_has_its_name(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle, status: int, error: type[Exception], requests: int
) -> None:
    for _ in range(4):
        stub_model.fail(status, message="because of the stub", retry_after=0.01)
    with pytest.raises(error, match="because of the stub"):
        await hub.answer(openai, instructions="", prompt="?")
    assert len(stub_model.requests) == requests


async def test_a_wrong_key_is_refused(stub_model: StubModel) -> None:
    stub_model.key = "sk-right"
    wrong = hub_for(ModelSettings(openai_base_url=stub_model.base_url, openai_api_key="sk-wrong"))
    with pytest.raises(ModelRefusedError, match="key") as refused:
        await wrong.answer(await wrong.resolve("openai:stub-small"), instructions="", prompt="?")
    assert "sk-wrong" not in str(refused.value)
    right = hub_for(ModelSettings(openai_base_url=stub_model.base_url, openai_api_key="sk-right"))
    assert (await right.resolve("openai")).name == "openai:stub-small"
    await wrong.close()
    await right.close()


async def test_a_silent_model_is_not_waited_for_for_ever(stub_model: StubModel) -> None:
    hub = hub_for(ModelSettings(openai_base_url=stub_model.base_url, timeout=timedelta(seconds=0.3), retries=0))
    handle = await hub.resolve("openai:stub-small")
    stub_model.say("warm up")
    with contextlib.suppress(ModelTimeoutError):  # the first call imports libraries, which is not what is measured
        await hub.answer(handle, instructions="", prompt="?")
    stub_model.say("too late", delay=4)
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        await hub.answer(handle, instructions="", prompt="?")
    assert time.monotonic() - started < 3.5
    await hub.close()


async def test_an_absent_server_is_unavailable() -> None:
    hub = hub_for(ModelSettings(openai_base_url="http://127.0.0.1:9/v1", retries=0))
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        await hub.answer(await hub.resolve("openai:any"), instructions="", prompt="?")
    await hub.close()


@pytest.mark.parametrize("raw", [b"not json at all", b"{}", b'{"choices": []}', b"[1, 2]"])
async def test_nonsense_from_the_server_is_a_fault_of_the_model(
    stub_model: StubModel, hub: ModelHub, openai: ModelHandle, raw: bytes
) -> None:
    for _ in range(4):
        stub_model.send_raw(raw)
    with pytest.raises((ModelAnswerInvalidError, ModelUnavailableError)):
        await hub.answer(openai, instructions="", prompt="?")


async def test_a_stream_that_breaks_off_is_an_error(stub_model: StubModel, hub: ModelHub, openai: ModelHandle) -> None:
    stub_model.say("one two three four", pause=0.06, breaks_after=2)
    pieces: list[str | Answer] = []

    async def read() -> None:
        async for piece in hub.stream(openai, instructions="", prompt="?"):
            pieces.append(piece)  # noqa: PERF401  # what came before the break is looked at

    with pytest.raises((ModelUnavailableError, ModelAnswerInvalidError)):
        await read()
    assert pieces
    assert not any(isinstance(piece, Answer) for piece in pieces)


async def test_limits_end_a_run(stub_model: StubModel, hub: ModelHub, openai: ModelHandle, shelf: Shelf) -> None:
    for _ in range(5):
        stub_model.call("search_knowledge", query="again")
    with pytest.raises(ModelBudgetExceededError):
        await hub.answer(openai, instructions="", prompt="?", tools=[shelf.tool()], limits=Limits(turns=2))
    assert len(stub_model.requests) == 2
    with pytest.raises(ModelBudgetExceededError):
        await hub.answer(openai, instructions="", prompt="word " * 50, limits=Limits(tokens=10))
