"""A search finds what fits and never shows another scope."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from folkmoot.consent import ConsentLedger
from folkmoot.events import EventLog
from folkmoot.kernel import SimulatedClock
from folkmoot.memory import Filters, InvalidPassageError, InvalidSearchError, KnowledgeIndex, Passage, twin_scope
from folkmoot.storage import Database


@pytest.fixture
def index(any_database: Database) -> KnowledgeIndex:
    return KnowledgeIndex(database=any_database)


@pytest.fixture
def add(any_database: Database, index: KnowledgeIndex) -> Any:
    async def add(*texts: str, scope: str = "product", source: str = "handbook.md", **more: Any) -> None:
        passages = [
            Passage(id=f"{scope}/{source}/{number}", scope=scope, source=source, text=said, position=number, **more)
            for number, said in enumerate(texts)
        ]
        async with any_database.write() as session:
            await index.add(session, passages)

    return add


async def test_the_passage_that_fits_best_comes_first_and_says_where_it_is_from(
    index: KnowledgeIndex, add: Any
) -> None:
    await add("A cat sat.", "Deploy the payment service with the deploy script.", "A deploy needs a review.")
    found = await index.search("how do I deploy the payment service?", scopes=["product"])
    assert [one.position for one in found][:2] == [1, 2]
    assert found[0].source == "handbook.md"
    assert found[0].scope == "product"
    assert 1 > found[0].score > found[1].score > 0


async def test_no_scope_but_those_asked_for_is_ever_seen(index: KnowledgeIndex, add: Any) -> None:
    await add("salaries of everyone", scope="executive")
    await add("salaries are paid on Friday", scope="product")
    assert {one.scope for one in await index.search("salaries", scopes=["product"])} == {"product"}
    assert {one.scope for one in await index.search("salaries", scopes=["product", "executive"])} == {
        "product",
        "executive",
    }
    assert not await index.search("salaries", scopes=[])
    assert not await index.search("salaries", scopes=["product' OR 1=1 --", "%"])


@pytest.mark.parametrize(
    "query",
    ['"', 'deploy"', "NEAR(deploy, 3)", "deploy AND", "text:deploy", "deploy*", "(deploy", "-deploy", "^deploy",
     "deploy' | !", "de'ploy don't deploy", "deploy:*A & <->", "\\ deploy \\", "deploy\x00", "DÉPLOY deploy"],
)  # fmt: skip
async def test_what_people_type_is_words_whatever_it_looks_like(index: KnowledgeIndex, add: Any, query: str) -> None:
    await add("we deploy on Friday")
    found = await index.search(query, scopes=["product"])
    assert len(found) == (1 if "deploy" in query else 0)


async def test_words_of_any_script_are_found(index: KnowledgeIndex, add: Any) -> None:
    await add("Die Übergabe ist fertig", "деплой в пятницу", "😀")
    assert len(await index.search("übergabe", scopes=["product"])) == 1
    assert len(await index.search("ДЕПЛОЙ", scopes=["product"])) == 1
    assert not await index.search("😀 ?!", scopes=["product"])


async def test_filters_narrow_by_source_and_time(index: KnowledgeIndex, add: Any) -> None:
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    await add("deploy one", source="a", at=monday)
    await add("deploy two", source="b", at=monday + timedelta(days=1))

    async def sources(**filters: Any) -> list[str]:
        return [one.source for one in await index.search("deploy", scopes=["product"], filters=Filters(**filters))]

    assert await sources(source="b") == ["b"]
    assert await sources(since=monday + timedelta(hours=1)) == ["b"]
    assert await sources(until=monday + timedelta(hours=1)) == ["a"]
    assert not await sources(source="b", until=monday)


@pytest.mark.parametrize("limit", [0, -1, 201])
async def test_a_limit_out_of_range_is_refused(index: KnowledgeIndex, limit: int) -> None:
    with pytest.raises(InvalidSearchError):
        await index.search("deploy", scopes=["product"], limit=limit)


async def test_a_limit_keeps_the_best(index: KnowledgeIndex, add: Any) -> None:
    await add(*[f"deploy {'deploy ' * (number % 3)}note {number}" for number in range(30)])
    assert len(await index.search("deploy", scopes=["product"], limit=7)) == 7


async def test_a_document_of_several_scopes_is_found_once_and_takes_nobodys_place(
    index: KnowledgeIndex, add: Any
) -> None:
    scopes = ["product", "marketing", "sales"]
    for scope in scopes:
        await add("deploy on Friday", "deploy on Friday", scope=scope)
    await add("we may deploy", scope="sales", source="notes.md")
    found = await index.search("deploy Friday", scopes=scopes)
    assert sorted((one.source, one.position) for one in found) == [
        ("handbook.md", 0),
        ("handbook.md", 1),
        ("notes.md", 0),
    ]
    assert [one.source for one in await index.search("deploy Friday", scopes=scopes, limit=3)][-1] == "notes.md"
    assert len(await index.search("deploy Friday", scopes=["marketing"])) == 2


async def test_a_twins_passage_without_consent_is_refused_by_the_room_and_by_the_database(
    index: KnowledgeIndex, any_database: Database
) -> None:
    async with any_database.write() as session:
        with pytest.raises(InvalidPassageError):
            await index.add(session, [Passage(id="m", scope=twin_scope("zoe vale"), source="whatsapp", text="hello")])
    with pytest.raises(IntegrityError):
        async with any_database.write() as session:
            await session.execute(
                text(
                    "INSERT INTO knowledge_passages (passage_id, scope, source, position, origin, text)"
                    " VALUES ('m', 'twin:zoe', 's', 0, '', 't')"
                )
            )


async def test_what_rested_on_a_consent_is_found_no_more_when_it_ends(
    index: KnowledgeIndex, add: Any, any_database: Database, clock: SimulatedClock
) -> None:
    ledger = ConsentLedger(database=any_database, clock=clock, events=EventLog(database=any_database, clock=clock))
    ledger.listen(index)
    given = await ledger.grant(
        "Zoe Vale",
        email="z@v.example",
        platform="whatsapp",
        purposes=["import"],
        expires_at=clock.now() + timedelta(days=1),
    )
    scope = twin_scope(given.consent.person)
    await add("I tune the quokka database", scope=scope, consent_id=given.consent_id)
    await add("quokka handbook")
    assert len(await index.search("quokka", scopes=[scope])) == 1
    assert (await ledger.revoke(given.consent_id)).cleared_at
    assert not await index.search("quokka", scopes=[scope])
    assert await index.count(scope) == 0
    assert len(await index.search("quokka", scopes=["product"])) == 1


async def test_an_origin_or_a_scope_can_be_removed(index: KnowledgeIndex, add: Any, any_database: Database) -> None:
    await add("deploy", source="a", origin="import_1")
    await add("deploy", source="b", origin="import_2")
    await add("deploy", scope="sales")
    async with any_database.write() as session:
        assert await index.remove_origin(session, "import_1") == 1
        assert await index.remove_scope(session, "sales") == 1
    assert [one.source for one in await index.search("deploy", scopes=["product", "sales"])] == ["b"]
