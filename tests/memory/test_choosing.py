"""Which words are looked up, how texts are weighed, how rankings become one; and a question of common words alone."""

from typing import Any

from folkmoot.kernel import SimulatedClock
from folkmoot.memory import Filters, KnowledgeIndex, Passage
from folkmoot.memory.search import Weights, fused
from folkmoot.memory.search.choose import Choice, asked_words, chosen
from folkmoot.memory.search.weigh import weighed
from folkmoot.storage import Database


def test_rare_words_are_looked_up_and_common_ones_stand_by() -> None:
    counts = {"the": 9000, "plan": 3000, "lighthouse": 5, "company": 8000, "we": 7000}
    assert chosen(["the", "plan", "lighthouse"], counts, budget=4000) == Choice(("lighthouse", "plan"), ("the",))
    assert chosen(["the", "company", "we"], counts) == Choice((), ("we", "company", "the"))
    assert chosen(["unheard"], counts) == Choice(("unheard",), ())
    assert chosen(["plan", "lighthouse"], counts, budget=10) == Choice(("lighthouse",), ("plan",))


def test_words_are_asked_once_each_and_not_without_end() -> None:
    assert asked_words("Plan, plan & the PLAN's end!") == ["plan", "the", "s", "end"]
    assert asked_words("Wie viel Eiweiß?") == ["wie", "viel", "eiweiss", "eiweiß"]
    assert len(asked_words(" ".join(f"word{number}" for number in range(100)))) == 40


def test_what_holds_rare_words_and_their_forms_weighs_more() -> None:
    texts = {1: "we deploy the plan", 2: "the plan the plan", 3: "deploying fails again today", 4: "nothing of it"}
    found = weighed(texts, ["deploy", "plan"], {"deploy": 2, "plan": 900}, total=1000)
    assert [number for number, _ in found] == [1, 3, 2]
    assert all(value > 0 for _, value in found)


def test_what_both_ways_find_comes_first_and_weights_decide() -> None:
    assert [number for number, _ in fused([1, 2, 3], [3, 4])] == [3, 1, 2, 4]
    best, score = fused([7], [7])[0]
    assert (best, round(score, 6)) == (7, 1.0)
    assert fused([1], [2], weights=Weights(vectors=2.0))[0][0] == 2
    assert fused([], []) == []


async def test_a_question_of_common_words_alone_finds_what_has_all_of_them_in_its_scopes(
    any_database: Database, clock: SimulatedClock, monkeypatch: Any
) -> None:
    monkeypatch.setattr("folkmoot.memory.search.choose.BUDGET", 20)
    monkeypatch.setattr("folkmoot.memory.search.choose.chosen.__kwdefaults__", {"budget": 20})
    index = KnowledgeIndex(database=any_database, clock=clock)
    passages = [
        Passage(
            id=f"p{number:03}",
            scope="product" if number % 2 else "sales",
            source=f"{number}.md",
            text=f"company note {number}" if number % 10 else f"company plan {number}",
        )
        for number in range(60)
    ] + [
        Passage(id="both", scope="sales", source="both.md", text="the plan of the company"),
        Passage(id="hidden", scope="executive", source="hidden.md", text="quokka"),
        *[Passage(id=f"plan{number}", scope="sales", source="plan.md", text="some plan") for number in range(30)],
    ]
    async with any_database.write() as session:
        await index.add(session, passages)
    found = await index.search("company plan", scopes=["sales"], limit=20)
    assert {one.scope for one in found} == {"sales"}
    with_both = [one for one in found if "company" in one.text and "plan" in one.text]
    assert len(with_both) == 7
    assert found[:7] == with_both
    # A rare word that only others may see does not hide what the common ones find.
    assert await index.search("quokka company", scopes=["sales"])
    # Few texts are left by a filter: they are read, not looked up.
    only = await index.search("company plan", scopes=["sales"], filters=Filters(source="plan.md"), limit=50)
    assert len(only) == 30
