"""Embedding models over real HTTP: what they are asked, what a wrong answer becomes; and the one that needs nothing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from folkmoot.models import ModelsError
from folkmoot.models.embeddings import OllamaEmbedder, OpenAIEmbedder
from folkmoot.models.errors import (
    ModelAnswerInvalidError,
    ModelNotConfiguredError,
    ModelRefusedError,
    ModelUnavailableError,
)
from folkmoot.models.local_embeddings import LocalEmbedder
from folkmoot.models.ngrams import NgramEmbedder
from tests.memory.stub_embeddings import StubEmbeddings, embedding_server

AT_ONCE: dict[str, Any] = {"retries": 1, "pause": timedelta(milliseconds=1)}


@pytest.fixture(scope="module")
def server() -> Iterator[StubEmbeddings]:
    with embedding_server() as stub:
        yield stub


@pytest.fixture
def embedding_stub(server: StubEmbeddings) -> StubEmbeddings:
    server.status, server.answer, server.key, server.calls = 200, None, None, 0
    return server


@pytest.mark.parametrize("protocol", ["openai", "ollama"])
async def test_vectors_come_in_the_order_of_the_texts_and_have_unit_length(
    embedding_stub: StubEmbeddings, protocol: str
) -> None:
    embedder = (
        OpenAIEmbedder("stub", base_url=embedding_stub.base_url)
        if protocol == "openai"
        else OllamaEmbedder("stub", host=embedding_stub.url)
    )
    rows = await embedder.embed(["a car", "a salary", "an automobile", ""])
    await embedder.close()
    assert rows.shape[0] == 4
    assert np.allclose(np.linalg.norm(rows[:3], axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[2] > 0.9
    assert rows[0] @ rows[1] < 0.3
    assert not embedder.remote
    assert embedder.name == f"{protocol}:stub"


async def test_the_key_is_sent_and_a_wrong_one_is_a_refusal(embedding_stub: StubEmbeddings) -> None:
    embedding_stub.key = "right"
    right = OpenAIEmbedder("stub", base_url=embedding_stub.base_url, key="right")
    assert len(await right.embed(["a"])) == 1
    wrong = OpenAIEmbedder("stub", base_url=embedding_stub.base_url, key="wrong")
    with pytest.raises(ModelRefusedError, match="check its name and key"):
        await wrong.embed(["a"])
    await right.close()
    await wrong.close()


@pytest.mark.parametrize(("status", "calls"), [(500, 2), (429, 2), (404, 1), (422, 1)])
async def test_what_may_pass_is_asked_again_and_the_rest_is_not(
    embedding_stub: StubEmbeddings, status: int, calls: int
) -> None:
    embedding_stub.status = status
    embedder = OpenAIEmbedder("stub", base_url=embedding_stub.base_url, **AT_ONCE)
    with pytest.raises(ModelsError, match=str(status)):
        await embedder.embed(["a"])
    await embedder.close()
    assert embedding_stub.calls == calls


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": ["x"]}]},
        {"data": [{"index": 0, "embedding": [1.0, None]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]},
        {"data": "no"},
        ["no"],
    ],
)
async def test_an_answer_that_is_no_vectors_is_told(embedding_stub: StubEmbeddings, answer: Any) -> None:
    embedding_stub.answer = answer
    embedder = OpenAIEmbedder("stub", base_url=embedding_stub.base_url, **AT_ONCE)
    with pytest.raises(ModelAnswerInvalidError):
        await embedder.embed(["a"])
    await embedder.close()


async def test_a_server_that_is_not_there_is_told() -> None:
    embedder = OpenAIEmbedder("stub", base_url="http://127.0.0.1:9/v1", **AT_ONCE)
    with pytest.raises(ModelUnavailableError, match="does not answer"):
        await embedder.embed(["a"])
    await embedder.close()


def test_what_leaves_the_network_is_remote() -> None:
    assert OpenAIEmbedder("text-embedding-3-small", key="k").remote
    assert not OpenAIEmbedder("own", base_url="http://10.0.0.4:8000/v1").remote
    assert OllamaEmbedder("large-cloud", host="127.0.0.1").remote
    assert not OllamaEmbedder("nomic-embed-text", host="127.0.0.1").remote


async def test_the_built_in_one_brings_forms_and_misspellings_together() -> None:
    embedder = NgramEmbedder()
    rows = await embedder.embed(["invoice reminders", "invoicing and a reminder", "invoce remindr", "a cat sat down"])
    # Well above what a search takes for noise.
    assert rows[0] @ rows[1] > 1.5 * embedder.floor
    assert rows[0] @ rows[2] > 1.5 * embedder.floor
    assert abs(rows[0] @ rows[3]) < embedder.floor
    assert (await embedder.embed(["", "?!"])).sum() == 0
    assert (await embedder.embed([])).shape[0] == 0
    again = await NgramEmbedder().embed(["invoice reminders"])
    assert np.array_equal(rows[0], again[0])
    await embedder.close()


async def test_a_folder_without_a_model_and_a_machine_without_the_extra_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelNotConfiguredError, match=r"config\.json"):
        LocalEmbedder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    embedder = LocalEmbedder(tmp_path)
    with pytest.raises(ModelNotConfiguredError, match="extra 'local'"):
        await embedder.embed(["a"])
    await embedder.close()
