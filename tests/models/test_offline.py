"""The offline model: the same loop and the same tool as every other, and nothing said that was not found."""

import ast
import subprocess
import sys

import pytest

from folkmoot.models import Answer, ModelHandle, ModelHub, Turn
from folkmoot.models.model import Source
from folkmoot.models.quoting import quoted_answer, subject_words
from tests.models.shelf import Shelf


@pytest.fixture
async def offline(hub: ModelHub) -> ModelHandle:
    return await hub.resolve("offline")


async def test_it_searches_with_the_users_words_and_quotes_with_sources(
    hub: ModelHub, offline: ModelHandle, shelf: Shelf
) -> None:
    answer = await hub.answer(
        offline, instructions="You are Mira.", prompt="Why does the deploy fail?", tools=[shelf.tool()]
    )
    assert shelf.asked == ["deploy fail"]
    assert "offline" in answer.text
    assert "“The deploy fails because the path has a blank.” (whatsapp)" in answer.text
    assert "“I rewrote the deploy script in March.” (git)" in answer.text
    assert [source.source for source in answer.sources] == ["whatsapp", "git"]
    assert answer.usage.tool_calls == 1


async def test_the_newest_question_is_the_one_that_is_searched_for(
    hub: ModelHub, offline: ModelHandle, shelf: Shelf
) -> None:
    history = [Turn(role="user", text="What about lunch?"), Turn(role="agent", text="No idea.")]
    await hub.answer(offline, instructions="", prompt="And the deploy?", history=history, tools=[shelf.tool()])
    assert shelf.asked == ["deploy"]


async def test_nothing_found_is_said_with_what_would_help(hub: ModelHub, offline: ModelHandle, shelf: Shelf) -> None:
    shelf.sources = []
    answer = await hub.answer(offline, instructions="", prompt="Who knows Kubernetes?", tools=[shelf.tool()])
    assert "found nothing about knows, kubernetes" in answer.text
    assert "MODEL" in answer.text
    assert not answer.sources


async def test_without_knowledge_it_says_that_it_cannot_answer(hub: ModelHub, offline: ModelHandle) -> None:
    assert "no knowledge to search" in (await hub.answer(offline, instructions="", prompt="Who?")).text


async def test_it_streams_what_it_would_have_said(hub: ModelHub, offline: ModelHandle, shelf: Shelf) -> None:
    asked = {"instructions": "", "prompt": "Why does the deploy fail?", "tools": [shelf.tool()]}
    pieces = [piece async for piece in hub.stream(offline, **asked)]  # type: ignore[arg-type]  # one dict for two calls
    whole = pieces.pop()
    assert isinstance(whole, Answer)
    assert "".join(str(piece) for piece in pieces) == whole.text
    assert whole.text == (await hub.answer(offline, **asked)).text  # type: ignore[arg-type]  # as above
    assert len(whole.sources) == 2


async def test_a_search_that_fails_is_not_swallowed(hub: ModelHub, offline: ModelHandle) -> None:
    async def search_knowledge(query: str) -> list[str]:
        """Search."""
        raise LookupError(query)

    with pytest.raises(LookupError):
        await hub.answer(offline, instructions="", prompt="Anything?", tools=[search_knowledge])


def test_every_quoted_word_stands_in_a_source() -> None:
    sources = [Source(text="Alpha beta. Gamma rays hurt! Delta?", source="x", score=1.0)]
    answer = quoted_answer("What about gamma?", sources)
    quotes = [part.split("”")[0] for part in answer.split("“")[2:]]  # the first is the question itself
    assert quotes == ["Gamma rays hurt! Delta?"]


def test_what_the_quotes_do_not_speak_of_is_said() -> None:
    answer = quoted_answer("Is the deploy on Kubernetes?", [Source(text="The deploy is fine.", source="x")])
    assert "Nothing in these quotes speaks of: kubernetes." in answer


@pytest.mark.parametrize("asked", ["fail", "failing", "deployed", "blanks"])
def test_another_form_of_a_word_is_not_called_missing(asked: str) -> None:
    answer = quoted_answer(f"script {asked}?", [Source(text="The deploy script fails on a blank.", source="x")])
    assert "Nothing in these quotes" not in answer


def test_a_long_text_is_cut_at_a_word() -> None:
    answer = quoted_answer("word", [Source(text="word " * 500, source="x")])
    assert len(answer) < 800
    assert "…”" in answer


def test_small_words_are_no_subject() -> None:
    assert subject_words("What is the state of the deploy?") == ["state", "deploy"]


def test_the_room_is_entered_without_pydantic_ai() -> None:
    script = (
        "import sys, folkmoot.models, folkmoot.models.providers\n"
        "print([name for name in ('pydantic_ai', 'openai', 'httpx') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert ast.literal_eval(shown) == []


def test_quotes_without_any_word_of_the_question_say_so() -> None:
    answer = quoted_answer("What is the capital of Peru?", [Source(text="The office is in Leipzig.", source="x")])
    assert "may not answer it" in answer


def test_a_heading_that_the_source_names_is_not_quoted_again() -> None:
    source = Source(text="Handbook › Hours\nWe open at nine.", source="handbook.md, Handbook › Hours, line 3")
    assert "“We open at nine.” (handbook.md, Handbook › Hours, line 3)" in quoted_answer("Which hours?", [source])
