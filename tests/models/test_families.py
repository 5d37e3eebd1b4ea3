"""Anthropic and Google over real HTTP: words, streams, tools, typed answers, images, usage, and what goes wrong."""

import base64
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import BaseModel, Field

from folkmoot.models import Answer, Attachment, ModelHandle, ModelHub, ModelSettings, Turn
from folkmoot.models.errors import (
    ModelLimitedError,
    ModelNotConfiguredError,
    ModelRefusedError,
    ModelUnavailableError,
    UnknownModelError,
)
from tests.models.shelf import Shelf, hub_for
from tests.models.stub_anthropic import StubAnthropic
from tests.models.stub_family import StubFamily, serving
from tests.models.stub_google import StubGoogle

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="
)
STUBS = {"anthropic": StubAnthropic, "google": StubGoogle}


class Choice(BaseModel):
    """Who it is to be."""

    winner: str
    confidence: float = Field(ge=0, le=1)


@pytest.fixture(params=list(STUBS))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stub(family: str) -> Iterator[StubFamily]:
    stub = STUBS[family]()
    with serving(stub):
        yield stub
    assert stub.wrong == []


def settings_for(stub: StubFamily, *, key: str = StubFamily.key, retries: int = 2) -> ModelSettings:
    return ModelSettings(
        anthropic_api_key=key,
        anthropic_base_url=stub.url,
        google_api_key=key,
        google_base_url=stub.url,
        retries=retries,
    )


@pytest.fixture
async def hub(stub: StubFamily) -> AsyncIterator[ModelHub]:
    hub = hub_for(settings_for(stub))
    yield hub
    await hub.close()


@pytest.fixture
async def model(hub: ModelHub, family: str) -> ModelHandle:
    return await hub.resolve(f"{family}:{'claude-stub' if family == 'anthropic' else 'gemini-stub'}")


async def test_a_question_is_answered_with_its_usage(stub: StubFamily, hub: ModelHub, model: ModelHandle) -> None:
    stub.say("Mira does.")
    answer = await hub.answer(model, instructions="You are Jonas.", prompt="Who knows Rust?")
    assert answer.text == "Mira does."
    assert answer.by == model
    assert "stub" in answer.model
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert "You are Jonas." in str(stub.requests[0])


async def test_earlier_turns_go_along(stub: StubFamily, hub: ModelHub, model: ModelHandle) -> None:
    history = [Turn(role="user", text="Hello"), Turn(role="agent", text="Good day")]
    await hub.answer(model, instructions="Be brief.", prompt="And now?", history=history)
    assert str(stub.requests[0]).index("Hello") < str(stub.requests[0]).index("Good day")


async def test_a_stream_comes_in_pieces(stub: StubFamily, hub: ModelHub, model: ModelHandle) -> None:
    stub.say("one two three four five", pause=0.08)
    pieces = [piece async for piece in hub.stream(model, instructions="", prompt="Count")]
    whole = pieces.pop()
    assert isinstance(whole, Answer)
    assert "".join(str(piece) for piece in pieces) == whole.text == "one two three four five "
    assert len(pieces) >= 3
    assert whole.usage.output_tokens > 0
    assert whole.by == model


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_tool_is_called(
    stub: StubFamily, hub: ModelHub, model: ModelHandle, shelf: Shelf, *, streamed: bool
) -> None:
    stub.call("search_knowledge", query="deploy")
    stub.say("The path has a blank.")
    asked = {"instructions": "", "prompt": "Why does it fail?", "tools": [shelf.tool()]}
    if streamed:
        *_, answer = [piece async for piece in hub.stream(model, **asked)]  # type: ignore[arg-type]  # one dict for both
    else:
        answer = await hub.answer(model, **asked)  # type: ignore[arg-type]  # as above
    assert isinstance(answer, Answer)
    assert shelf.asked == ["deploy"]
    assert answer.text.strip() == "The path has a blank."
    assert [source.source for source in answer.sources] == ["whatsapp", "git"]
    assert "The deploy fails" in str(stub.requests[1])


async def test_a_decision_is_typed_and_a_wrong_one_sent_back(
    stub: StubFamily, hub: ModelHub, model: ModelHandle
) -> None:
    stub.call("*", winner="mira", confidence=7)
    stub.call("*", winner="mira", confidence=0.7)
    choice = await hub.decide(model, instructions="Choose.", prompt="Who?", output=Choice)
    assert choice == Choice(winner="mira", confidence=0.7)
    assert "less than or equal to 1" in str(stub.requests[1])


async def test_an_image_and_a_text_go_along(stub: StubFamily, hub: ModelHub, model: ModelHandle) -> None:
    attached = [
        Attachment(name="plan.png", media_type="image/png", data=PIXEL),
        Attachment(name="notes.txt", media_type="text/plain", data=b"Blue is meant."),
    ]
    await hub.answer(model, instructions="", prompt="What is it?", attachments=attached)
    sent = str(stub.requests[0])
    assert base64.b64encode(PIXEL).decode()[:40].rstrip("=") in sent.replace("-", "+").replace("_", "/")
    assert "Blue is meant." in sent
    assert "notes.txt" in sent


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_a_passing_fault_is_tried_again(stub: StubFamily, hub: ModelHub, model: ModelHandle, status: int) -> None:
    stub.fail(status, retry_after=0.01)
    stub.say("Now I can.")
    assert (await hub.answer(model, instructions="", prompt="?")).text == "Now I can."
    assert len(stub.requests) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, ModelLimitedError),
        (500, ModelUnavailableError),
        (401, ModelRefusedError),
        (400, ModelRefusedError),
        (404, UnknownModelError),
    ],
)
async def test_a_lasting_fault_has_its_name(stub: StubFamily, family: str, status: int, error: type[Exception]) -> None:
    hub = hub_for(settings_for(stub, retries=0))
    model = await hub.resolve(f"{family}:x-stub")
    for _ in range(2):
        stub.fail(status, message="because of the stub", retry_after=0.01)
    with pytest.raises(error, match="because of the stub"):
        await hub.answer(model, instructions="", prompt="?")
    with pytest.raises(error, match="because of the stub"):
        [piece async for piece in hub.stream(model, instructions="", prompt="?")]
    await hub.close()


async def test_a_stream_that_breaks_off_is_an_error(
    stub: StubFamily, hub: ModelHub, model: ModelHandle, family: str
) -> None:
    # Two words come before the break; Anthropic says three things before the first.
    stub.say("one two three four", pause=0.06, breaks_after=5 if family == "anthropic" else 2)
    pieces: list[str | Answer] = []

    async def read() -> None:
        async for piece in hub.stream(model, instructions="", prompt="?"):
            pieces.append(piece)  # noqa: PERF401  # what came before the break is looked at

    with pytest.raises(ModelUnavailableError):
        await read()
    assert "".join(map(str, pieces)).startswith("one ")
    assert not any(isinstance(piece, Answer) for piece in pieces)


async def test_a_wrong_key_is_refused_and_not_shown(stub: StubFamily, family: str) -> None:
    hub = hub_for(settings_for(stub, key="a-wrong-key"))
    with pytest.raises(ModelRefusedError) as refused:
        await hub.answer(await hub.resolve(f"{family}:x"), instructions="", prompt="?")
    assert "a-wrong-key" not in str(refused.value)
    await hub.close()


async def test_its_models_are_listed(hub: ModelHub, family: str) -> None:
    state = next(one for one in await hub.states(listing=True) if one.provider == family)
    assert (state.status, [name.partition("-")[2] for name in state.models]) == ("ok", ["stub"])


async def test_without_a_key_it_says_what_to_set(family: str) -> None:
    with pytest.raises(ModelNotConfiguredError, match=f"{family.upper()}_API_KEY"):
        await hub_for(ModelSettings()).resolve(f"{family}:x")


async def test_the_service_itself_is_remote_and_a_gateway_here_is_not(stub: StubFamily, family: str) -> None:
    far = hub_for(ModelSettings(anthropic_api_key="k", google_api_key="k"))
    assert (await far.resolve(family)).remote
    assert not (await hub_for(settings_for(stub)).resolve(f"{family}:x")).remote


async def test_a_missing_library_is_named_with_its_extra(
    stub: StubFamily, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "anthropic" if family == "anthropic" else "google.genai", None)
    hub = hub_for(settings_for(stub))
    with pytest.raises(ModelNotConfiguredError, match=rf"pip install 'folkmoot\[{family}\]'"):
        await hub.resolve(f"{family}:x")
    assert (await hub.resolve(f"{family}:x, offline")).name == "offline"
