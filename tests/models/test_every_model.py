"""What holds for every model, whoever provides it: the offline one, an OpenAI-compatible server, an Ollama."""

import asyncio

import pytest

from folkmoot.models import Answer, ModelHandle, ModelHub, Turn
from folkmoot.models.quoting import subject_words
from tests.models.shelf import Shelf
from tests.stub_model import StubModel

QUESTION = "Why does the deploy fail?"


@pytest.fixture(params=["offline", "openai:stub-small", "ollama:stub-small"])
async def model(request: pytest.FixtureRequest, hub: ModelHub, stub_model: StubModel) -> ModelHandle:
    """One model after the other; those on the stub look before they answer, as models do."""
    for _ in range(2):
        stub_model.call("search_knowledge", query=QUESTION)
        stub_model.say("The path has a blank, says whatsapp.")
    return await hub.resolve(request.param)


async def test_its_name_means_itself(hub: ModelHub, model: ModelHandle) -> None:
    assert await hub.resolve(model.name) == model


async def test_it_looks_in_what_is_known_and_names_its_sources(hub: ModelHub, model: ModelHandle, shelf: Shelf) -> None:
    answer = await hub.answer(model, instructions="You are Mira.", prompt=QUESTION, tools=[shelf.tool()])
    (asked,) = shelf.asked  # the offline model looks for the subject alone
    assert asked in {QUESTION, " ".join(subject_words(QUESTION))}
    assert "path has a blank" in answer.text
    assert [source.source for source in answer.sources] == ["whatsapp", "git"]
    assert answer.usage.requests == 2
    assert answer.usage.output_tokens > 0


async def test_its_stream_is_its_answer_in_pieces(hub: ModelHub, model: ModelHandle, shelf: Shelf) -> None:
    answer = await hub.answer(model, instructions="", prompt=QUESTION, tools=[shelf.tool()])
    streamed = [piece async for piece in hub.stream(model, instructions="", prompt=QUESTION, tools=[shelf.tool()])]
    whole = streamed.pop()
    assert isinstance(whole, Answer)
    assert "".join(str(piece) for piece in streamed) == whole.text
    assert whole.text.split() == answer.text.split()
    assert whole.sources == answer.sources


async def test_it_takes_a_history(hub: ModelHub, model: ModelHandle, shelf: Shelf) -> None:
    history = [Turn(role="user", text="Good morning"), Turn(role="agent", text="Good morning")]
    answer = await hub.answer(model, instructions="", prompt=QUESTION, history=history, tools=[shelf.tool()])
    assert answer.sources


async def test_many_are_answered_at_once(
    hub: ModelHub, model: ModelHandle, shelf: Shelf, stub_model: StubModel
) -> None:
    stub_model.forget()
    asking = (hub.answer(model, instructions="", prompt=f"Question {i}?", tools=[shelf.tool()]) for i in range(20))
    for index, answer in enumerate(await asyncio.gather(*asking)):
        assert f"Question {index}?" in answer.text
