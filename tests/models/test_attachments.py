"""Files that go along with a question: images to models that see, texts under their names, and what is refused."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import pytest

from folkmoot.models import Answer, Attachment, ModelHub, ModelSettings
from folkmoot.models.attached import LARGEST_IMAGE, LONGEST_TEXT, MOST, prompt_with
from folkmoot.models.errors import AttachmentInvalidError, AttachmentTooLargeError
from tests.models.shelf import Shelf, hub_for
from tests.stub_model import StubModel

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="
)
IMAGE = Attachment(name="plan.png", media_type="image/png", data=PIXEL)
NOTES = Attachment(name="notes.md", media_type="text/markdown; charset=utf-8", data="Über den Plan: blau.".encode())


def parts(stub: StubModel) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stub.requests[-1]["messages"][-1]["content"]
    return found


async def test_an_image_is_shown_and_a_text_is_read_out(stub_model: StubModel, hub: ModelHub) -> None:
    handle = await hub.resolve("openai:stub-small")
    await hub.answer(handle, instructions="", prompt="What is it?", attachments=[IMAGE, NOTES])
    first, image, text = parts(stub_model)
    assert first == {"type": "text", "text": "What is it?"}
    assert image["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
    assert "'notes.md'" in text["text"]
    assert "Über den Plan: blau." in text["text"]


async def test_a_stream_takes_them_too(stub_model: StubModel, hub: ModelHub) -> None:
    handle = await hub.resolve("openai:stub-small")
    stub_model.say("Blue.")
    *_, whole = [one async for one in hub.stream(handle, instructions="", prompt="?", attachments=[IMAGE])]
    assert isinstance(whole, Answer)
    assert parts(stub_model)[1]["type"] == "image_url"


async def test_a_model_that_sees_nothing_is_told_of_the_image(stub_model: StubModel) -> None:
    hub = hub_for(ModelSettings(openai_base_url=stub_model.base_url, text_only=frozenset({"openai:blind"})))
    await hub.answer(await hub.resolve("openai:blind"), instructions="", prompt="What is it?", attachments=[IMAGE])
    sent = str(stub_model.requests[-1]["messages"][-1])
    assert "image_url" not in sent
    assert "'plan.png' is attached here, and you cannot see images" in sent
    await hub.close()


@pytest.mark.parametrize(("abilities", "sees"), [(["completion"], False), (["completion", "vision"], True)])
async def test_an_ollama_says_itself_whether_it_sees(
    stub_model: StubModel, abilities: list[str], *, sees: bool
) -> None:
    stub_model.abilities = abilities
    hub = hub_for(ModelSettings(ollama_host=stub_model.url))
    await hub.answer(await hub.resolve("ollama:stub-small"), instructions="", prompt="?", attachments=[IMAGE])
    assert ("image_url" in str(stub_model.requests[-1])) is sees
    await hub.close()


async def test_a_server_that_does_not_say_what_it_sees_holds_up_no_other(stub_model: StubModel) -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1") as silent:
        host = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        patience = timedelta(minutes=1)
        hub = hub_for(ModelSettings(openai_base_url=stub_model.base_url, ollama_host=host, probe_timeout=patience))
        slow = asyncio.create_task(hub.answer(await hub.resolve("ollama:any"), instructions="", prompt="?"))
        await asyncio.wait_for(asked.wait(), 30)
        await asyncio.wait_for(hub.answer(await hub.resolve("openai:stub-small"), instructions="", prompt="?"), 30)
        assert not slow.done()
        slow.cancel()
        await asyncio.wait([slow])
        await hub.close()


async def test_a_chain_shows_each_model_what_it_can_see(stub_model: StubModel) -> None:
    settings = ModelSettings(openai_base_url=stub_model.base_url, text_only=frozenset({"openai:blind"}), retries=0)
    hub = hub_for(settings)
    stub_model.fail(500)
    handle = await hub.resolve("openai:blind, openai:seeing")
    await hub.answer(handle, instructions="", prompt="?", attachments=[IMAGE])
    assert ["image_url" in str(one) for one in stub_model.requests] == [False, True]
    await hub.close()


async def test_the_offline_one_searches_with_the_question_alone_and_says_what_it_left_out(
    hub: ModelHub, shelf: Shelf
) -> None:
    answer = await hub.answer(
        await hub.resolve("offline"),
        instructions="",
        prompt="Why does the deploy fail?",
        tools=[shelf.tool()],
        attachments=[IMAGE, NOTES],
    )
    assert shelf.asked == ["deploy fail"]
    assert "I cannot look at images, so I left out: plan.png." in answer.text


@pytest.mark.parametrize(
    ("attachment", "error", "said"),
    [
        (Attachment(name="a.pdf", media_type="application/pdf", data=b"%PDF"), AttachmentInvalidError, "a.pdf"),
        (Attachment(name="a.png", media_type="image/png", data=b"<html>"), AttachmentInvalidError, "its bytes are not"),
        (Attachment(name="a.svg", media_type="image/svg+xml", data=b"<svg/>"), AttachmentInvalidError, "image/png"),
        (Attachment(name="a.txt", media_type="text/plain", data=b"\xff\xfe"), AttachmentInvalidError, "UTF-8"),
        (
            Attachment(name="a.png", media_type="image/png", data=PIXEL + bytes(LARGEST_IMAGE)),
            AttachmentTooLargeError,
            "make the image smaller",
        ),
    ],
)
async def test_what_no_model_takes_is_refused_before_it_is_asked(
    stub_model: StubModel, hub: ModelHub, attachment: Attachment, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await hub.answer(await hub.resolve("openai:stub-small"), instructions="", prompt="?", attachments=[attachment])
    assert stub_model.requests == []


def test_long_texts_are_cut_and_that_is_said() -> None:
    long = Attachment(name="log.txt", media_type="text/plain", data=b"x" * (LONGEST_TEXT + 5))
    content = prompt_with("?", [long] * 4)
    assert f"(The first {LONGEST_TEXT} of {LONGEST_TEXT + 5} characters.)" in str(content[1])
    assert "(The first 0 of" in str(content[4])
    with pytest.raises(AttachmentTooLargeError):
        prompt_with("?", [long] * (MOST + 1))
