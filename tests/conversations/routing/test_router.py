"""One interface over the stages: who is named, who answered before, who is there, and what is trained when."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from folkmoot.conversations.routing import NobodyToAnswerError, Router
from folkmoot.conversations.routing import router as router_module
from folkmoot.conversations.routing.train import Material, Trained, train
from tests.conversations.routing.teams import BIKES, MONEY, PLANTS, SHOP, STARS


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Who was trained for, in order."""
    seen: list[tuple[str, ...]] = []

    def counted(material: Material) -> Trained:
        seen.append(tuple(one.agent_id for one in material.candidates))
        return train(material)

    monkeypatch.setattr(router_module, "train", counted)
    return seen


@pytest.mark.parametrize(
    "text",
    [
        "@vega my tyre is flat",
        "Vega, my tyre is flat",
        "hey Vega my tyre is flat",
        "please ask the astronomer about my tyre",
        "VEGA: my tyre is flat",
        "Can I talk to Vega about my tyre?",
    ],
)
async def test_who_is_named_answers(text: str) -> None:
    decision = await Router().route(text, candidates=SHOP)
    assert (decision.agent_id, decision.method) == ("vega", "mention")
    assert "Vega" in decision.reasoning


@pytest.mark.parametrize(
    "text", ["My rear tyre is flat, said vegan Tom", "Mail me@vega.example what a flat bicycle tyre costs"]
)
async def test_a_name_within_something_else_is_no_mention(text: str) -> None:
    decision = await Router().route(text, candidates=SHOP)
    assert decision.agent_id == "spoke"
    assert decision.method != "mention"


async def test_two_names_or_a_name_of_two_are_no_mention() -> None:
    twins = (replace(PLANTS, aliases=("helper",)), replace(BIKES, aliases=("helper",)), MONEY)
    for text in ("@fern @spoke my rear tyre is flat", "@helper my rear tyre is flat"):
        decision = await Router().route(text, candidates=twins)
        assert decision.agent_id == "spoke"
        assert decision.method != "mention"


async def test_a_message_of_nothing_but_keywords_needs_no_classifier() -> None:
    decision = await Router().route("The invoices, please!", candidates=SHOP)
    assert (decision.agent_id, decision.method) == ("penny", "keywords")


async def test_who_answered_before_keeps_what_is_not_clearly_anothers() -> None:
    router = Router()
    for text in ("And tomorrow?", "thanks, and why is that so", "ok"):
        decision = await router.route(text, candidates=SHOP, sticky="fern", fallback="penny")
        assert (decision.agent_id, decision.method) == ("fern", "sticky"), text
        assert decision.confidence > 0.5


async def test_another_topic_changes_the_agent() -> None:
    router = Router()
    decision = await router.route("The chain of my bicycle fell off again", candidates=SHOP, sticky="fern")
    assert decision.agent_id == "spoke"
    assert "Fern" in decision.reasoning
    alone = await router.route("The chain of my bicycle fell off again", candidates=SHOP)
    assert decision.confidence < alone.confidence
    assert (await router.route("@spoke and you?", candidates=SHOP, sticky="fern")).agent_id == "spoke"


async def test_what_is_for_nobody_goes_to_the_fallback() -> None:
    router = Router()
    text = "Quantum chromodynamics lecture notes"
    assert (await router.route(text, candidates=SHOP, fallback="penny")).method == "fallback"
    decision = await router.route(text, candidates=SHOP, fallback="penny")
    assert decision.agent_id == "penny"
    known = await router.route("My rear tyre is flat", candidates=SHOP, fallback="penny")
    assert decision.in_scope_confidence < known.in_scope_confidence
    without = await router.route(text, candidates=SHOP, fallback="somebody who left", sticky="who left too")
    assert without.method == "fallback"
    assert without.agent_id in {one.agent_id for one in SHOP}


async def test_without_anybody_there_is_no_answer_and_alone_there_is_one() -> None:
    with pytest.raises(NobodyToAnswerError):
        await Router().route("hello", candidates=())
    bare = replace(BIKES, examples=(), keywords=(), description="")
    for only in (BIKES, bare):
        assert (await Router().route("My tyre is flat", candidates=(only,))).agent_id == "spoke"
    assert (await Router().route("My tyre is flat", candidates=(bare, replace(bare, agent_id="b")))).agent_id


@pytest.mark.parametrize(
    "text", ["", "   ", "?!", "\x00", "a" * 20_000, "你好，请问怎么浇花", "🌱🌱", "ﬂat tyre\x00 again"]
)
async def test_any_text_is_routed(text: str) -> None:
    decision = await Router().route(text, candidates=SHOP, fallback="penny")
    assert 0 <= decision.confidence <= 1
    assert decision.agent_id in {one.agent_id for one in SHOP}


async def test_those_who_are_away_are_left_out_without_training_anew(trainings: list[tuple[str, ...]]) -> None:
    router = Router()
    await router.prepare(SHOP)
    text = "My rear tyre is flat"
    assert (await router.route(text, candidates=SHOP)).agent_id == "spoke"
    for some in ((PLANTS, MONEY, STARS), (MONEY, PLANTS), (STARS,)):
        decision = await router.route(text, candidates=some)
        assert decision.agent_id in {one.agent_id for one in some}
        assert "spoke" not in {one.agent_id for one in decision.alternatives}
    assert len(trainings) == 1
    assert (await router.route(text, candidates=tuple(reversed(SHOP)))).agent_id == "spoke"
    assert len(trainings) == 1


async def test_an_unknown_set_is_trained_once_however_many_ask(trainings: list[tuple[str, ...]]) -> None:
    router = Router()
    decisions = await asyncio.gather(*(router.route("My tyre is flat", candidates=SHOP) for _ in range(8)))
    assert {one.agent_id for one in decisions} == {"spoke"}
    assert len(trainings) == 1
    changed = (*SHOP[1:], replace(PLANTS, examples=(*PLANTS.examples, "My tyre garden is flat")))
    await router.route("My tyre is flat", candidates=changed)
    assert len(trainings) == 2


async def test_a_new_alias_is_met_without_training(trainings: list[tuple[str, ...]]) -> None:
    router = Router()
    await router.prepare(SHOP)
    renamed = (*SHOP[:3], replace(STARS, aliases=("Dr Hubble",)))
    assert (await router.route("@Dr Hubble hello", candidates=renamed)).agent_id == "vega"
    assert len(trainings) == 1


async def test_many_are_classified_as_one_by_one() -> None:
    router = Router()
    texts = ["My tyre is flat", "roses", "", "Saturn tonight?", "zzz qqq", "the the the", "Flat, flat roses!"]
    together = await router.classify_all(texts, candidates=SHOP[:3])
    for text, found in zip(texts, together, strict=True):
        alone = await router.find(text, candidates=SHOP[:3], learn_share=False)
        taken = alone.best if alone.score >= alone.line else None
        assert found.agent_id == taken
        assert found.in_scope_confidence == pytest.approx(alone.in_scope, abs=1e-4)


async def test_the_share_of_strange_messages_moves_what_is_believed() -> None:
    router = Router()
    before = await router.route("Something about my garden chair", candidates=SHOP)
    await _all(router, ["Quantum chromodynamics", "Opera tickets", "zxcv qwer", "Cricket scores"] * 40)
    after = await router.route("Something about my garden chair", candidates=SHOP)
    assert after.in_scope_confidence < before.in_scope_confidence
    assert float(str(after.evidence["out_share"])) > float(str(before.evidence["out_share"]))


async def _all(router: Router, texts: Sequence[str]) -> None:
    for text in texts:
        await router.route(text, candidates=SHOP)
