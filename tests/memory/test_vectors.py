"""Searching by meaning: what is found, what is never sent, what happens when the model is away."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from folkmoot.memory import Filters
from folkmoot.memory.vectors import Progress
from tests.memory.conftest import Library
from tests.memory.stub_embeddings import StubEmbeddings


async def test_what_means_the_same_is_found_without_a_word_in_common(library: Library) -> None:
    await library.add("The company car is parked outside.", "Earnings are transferred on Fridays.", "A cat sat.")
    assert await library.texts("automobile") == []
    progress = await library.embedding.catch_up()
    assert (progress.embedded, progress.total, progress.fault) == (3, 3, "")
    found = await library.index.look_up("automobile", scopes=["product"])
    assert [one.text for one in found.results] == ["The company car is parked outside."]
    assert found.method == "fused"
    assert 0 < found.results[0].score <= 1
    # What both ways find goes before what one of them finds.
    assert (await library.texts("payroll earnings"))[0] == "Earnings are transferred on Fridays."


async def test_no_other_scope_is_near_enough(library: Library) -> None:
    await library.add("The salary of the board is high.", scope="executive")
    await library.add("The wage is paid on Friday.", scope="product")
    await library.embedding.catch_up()
    assert await library.texts("pay", "product") == ["The wage is paid on Friday."]
    assert await library.texts("pay", "seo") == []
    assert len(await library.texts("pay", "product", "executive")) == 2


async def test_filters_hold_for_meaning_too(library: Library) -> None:
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    await library.add("a car", source="a.md", at=monday, origin="doc_1", media_type="text/markdown")
    await library.add("a car too", source="b.pdf", at=monday + timedelta(days=1), origin="doc_2")
    await library.embedding.catch_up()

    async def sources(**filters: Any) -> list[str]:
        found = await library.index.search("automobile", scopes=["product"], filters=Filters(**filters))
        return [one.source for one in found]

    assert await sources(source="b.pdf") == ["b.pdf"]
    assert await sources(document="doc_1") == ["a.md"]
    assert await sources(media_type="text/markdown") == ["a.md"]
    assert await sources(since=monday + timedelta(hours=1)) == ["b.pdf"]
    assert await sources(until=monday + timedelta(hours=1)) == ["a.md"]
    assert not await sources(source="c")


async def test_only_what_is_new_is_embedded_and_progress_is_told(library: Library, embeddings: StubEmbeddings) -> None:
    told: list[Progress] = []

    async def tell(progress: Progress) -> None:
        told.append(progress)

    await library.add(*[f"text {number}" for number in range(10)])
    await library.embedding.catch_up(tell)
    assert [one.embedded for one in told] == [4, 8, 10]
    await library.add("one more", source="new.md")
    await library.embedding.catch_up()
    assert len(embeddings.texts) == 11
    calls = embeddings.calls
    await library.embedding.catch_up()
    assert embeddings.calls == calls


async def test_what_is_deleted_is_found_no_more_and_leaves_no_vector(library: Library) -> None:
    await library.add("a car", source="a.md", origin="doc_1")
    await library.add("a vehicle", source="b.md", origin="doc_2")
    await library.embedding.catch_up()
    async with library.database.write() as session:
        await library.index.remove_origin(session, "doc_1")
    assert await library.texts("automobile") == ["a vehicle"]
    await library.embedding.catch_up()
    assert await library.vectors.counted() == 1


async def test_what_moves_to_another_scope_is_found_there_alone(library: Library) -> None:
    await library.add("a car", origin="doc_1")
    await library.embedding.catch_up()
    async with library.database.write() as session:
        assert await library.index.move_origin(session, "doc_1", "sales") == 1
    await library.embedding.catch_up()
    assert await library.texts("automobile", "product") == []
    assert await library.texts("automobile", "sales") == ["a car"]


async def test_a_model_that_is_away_leaves_searching_by_words_and_says_so(
    library: Library, embeddings: StubEmbeddings
) -> None:
    await library.add("a car in the garage", "a garage")
    await library.embedding.catch_up()
    embeddings.status = 503
    found = await library.index.look_up("garage", scopes=["product"])
    assert len(found.results) == 2
    assert found.method == "lexical"
    assert "503" in found.notice
    # That answer was not kept: the next one is whole again.
    embeddings.status = 200
    assert (await library.index.look_up("garage", scopes=["product"])).method == "fused"


async def test_embedding_goes_on_when_the_model_comes_back(library: Library, embeddings: StubEmbeddings) -> None:
    await library.add("a car")
    embeddings.status = 500
    assert "500" in (await library.embedding.catch_up()).fault
    embeddings.status = 200
    assert (await library.embedding.catch_up()).embedded == 0  # it is left alone for a while
    library.clock.advance(timedelta(minutes=1))
    progress = await library.embedding.catch_up()
    assert (progress.embedded, progress.fault) == (1, "")


async def test_what_a_consent_covered_goes_with_it(library: Library) -> None:
    consent_id, scope = await library.consent("Zoe Vale", "import", "remote_model")
    await library.add("my car is fast", scope=scope, consent_id=consent_id)
    await library.embedding.catch_up()
    assert await library.texts("automobile", scope) == ["my car is fast"]
    assert (await library.ledger.revoke(consent_id)).cleared_at
    assert await library.texts("automobile", scope) == []
    assert await library.vectors.counted() == 0


async def test_a_persons_texts_go_to_a_model_elsewhere_only_with_consent(
    library: Library, embeddings: StubEmbeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(library.embedder), "remote", True)
    silent, silent_scope = await library.consent("Zoe Vale", "import", "chat")
    open_, open_scope = await library.consent("Ben Ode", "import", "chat", "remote_model")
    await library.add("zoe drives a car", scope=silent_scope, consent_id=silent)
    await library.add("ben drives a car", scope=open_scope, consent_id=open_)
    await library.add("the company car")
    progress = await library.embedding.catch_up()
    assert sorted(embeddings.texts) == ["ben drives a car", "the company car"]
    assert (progress.embedded, progress.total) == (2, 3)
    # Without it the words are still found.
    assert await library.texts("car", silent_scope) == ["zoe drives a car"]
    assert await library.texts("automobile", silent_scope) == []
    # Given later, the rest follows.
    await library.consent("Zoe Vale", "remote_model")
    await library.embedding.catch_up()
    assert "zoe drives a car" in embeddings.texts


async def test_withdrawing_remote_model_alone_takes_the_vectors_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(library.embedder), "remote", True)
    kept, scope = await library.consent("Zoe Vale", "import", "chat")
    remote, _ = await library.consent("Zoe Vale", "remote_model")
    await library.add("zoe drives a car", scope=scope, consent_id=kept)
    await library.embedding.catch_up()
    assert await library.texts("automobile", scope) == ["zoe drives a car"]
    await library.ledger.revoke(remote)
    await library.embedding.catch_up()
    assert await library.vectors.counted() == 0
    assert await library.texts("automobile", scope) == []
    assert await library.texts("car", scope) == ["zoe drives a car"]
