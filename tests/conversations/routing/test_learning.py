"""What users teach by picking another agent, and what they cannot."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from folkmoot.conversations.decisions import decision_of, routing_of
from folkmoot.conversations.routing import Router, Utterance
from folkmoot.conversations.routing.overrides import MOST_PER_USER, Override, OverridesInMemory, gate
from folkmoot.conversations.routing.replay import replay
from folkmoot.conversations.routing.store import OverridesInDatabase, forget
from folkmoot.storage import Database
from tests.conversations.routing.teams import PLANTS, SHOP

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
WANTED = "The pedelec makes a rattling noise uphill"


async def test_a_picked_agent_is_learned_and_answers_next_time() -> None:
    book = OverridesInMemory()
    router = Router(overrides=book)
    before = await router.route(WANTED, candidates=SHOP, fallback="penny")
    await router.learn(WANTED, chosen="spoke", instead_of=before.agent_id, candidates=SHOP, user_id="ann")
    assert [one.learned for one in book.kept] == [True]
    after = await router.route("My pedelec rattles", candidates=SHOP, fallback="penny")
    assert (after.agent_id, after.method) == ("spoke", "classifier")


async def test_whoever_teaches_nonsense_makes_nothing_worse() -> None:
    """What the gardener is asked is said, again and again, to be the accountant's."""
    book = OverridesInMemory()
    router = Router(overrides=book)
    for text in ("My roses have black spots again.", *PLANTS.examples[:5]):
        await router.learn(text, chosen="penny", instead_of="fern", candidates=SHOP, user_id="mallory")
    assert not all(one.learned for one in book.kept)
    learned = [Utterance(text=one.text, agent_id=one.chosen) for one in book.kept if one.learned]
    verdict = gate(SHOP, learned, Utterance(text="", agent_id="fern"))
    assert sum(verdict.own_after) >= sum(verdict.own_plain)
    assert all(after >= 0.85 * plain for plain, after in zip(verdict.own_plain, verdict.own_after, strict=True))


def test_the_gate_lets_pass_what_helps_and_not_what_contradicts() -> None:
    assert gate(SHOP, (), Utterance(text=WANTED, agent_id="spoke")).passed
    contradicting = [Utterance(text=text, agent_id="penny") for text in PLANTS.examples]
    verdict = gate(SHOP, contradicting[:-1], contradicting[-1])
    assert not verdict.passed
    assert verdict.own_after[0] < verdict.own_plain[0]


async def test_nothing_is_learned_of_nothing_or_of_somebody_unknown() -> None:
    book = OverridesInMemory()
    router = Router(overrides=book)
    await router.learn("  ", chosen="spoke", instead_of=None, candidates=SHOP)
    await router.learn(WANTED, chosen="who?", instead_of=None, candidates=SHOP)
    assert book.kept == []


def an_override(number: int, user: str, *, conversation: str = "c1", learned: bool = True) -> Override:
    return Override(
        override_id=f"o{number:04}{user}",
        text=f"text {number}",
        chosen="spoke",
        instead_of=None,
        learned=learned,
        user_id=user,
        conversation_id=conversation,
        at=NOW + timedelta(minutes=number),
    )


async def test_a_users_overrides_are_bounded(database: Database) -> None:
    for book in (OverridesInMemory(), OverridesInDatabase(database=database)):
        for number in range(MOST_PER_USER + 3):
            await book.keep(an_override(number, "ann"))
        await book.keep(an_override(0, "ben"))
        await book.keep(an_override(1, "ben", learned=False))
        kept = await book.learned()
        assert len([one for one in kept if one.user_id == "ann"]) == MOST_PER_USER
        assert "text 0" not in {one.text for one in kept if one.user_id == "ann"}
        assert [one.text for one in kept if one.user_id == "ben"] == ["text 0"]


async def test_a_kept_decision_is_decided_again_and_compared_with_now() -> None:
    router = Router()
    decision = await router.route(WANTED, candidates=SHOP, sticky="fern", fallback="penny")
    kept = decision_of(json.loads(json.dumps(routing_of(decision))))
    assert kept == decision
    told = await replay(WANTED, kept, router=router, candidates=SHOP)
    assert told.same
    assert not told.differs

    await router.learn(WANTED, chosen="spoke", instead_of="fern", candidates=SHOP)
    asked = await replay("My tyre is flat", kept, router=router, candidates=SHOP)
    assert asked.differs, "this message is another agent's"
    forged = replace(decision, agent_id="vega", alternatives=())
    assert not (await replay(WANTED, forged, router=router, candidates=())).same


@pytest.mark.parametrize("learned", [True, False])
async def test_forgetting_a_conversation_unlearns(database: Database, learned: bool) -> None:
    book = OverridesInDatabase(database=database)
    await book.keep(an_override(1, "ann", learned=learned))
    await book.keep(an_override(2, "ann", conversation="c2"))
    async with database.write() as session:
        assert await forget(session, "c1") is learned
    assert [one.override_id for one in await book.learned()] == ["o0002ann"]


async def test_refreshing_unlearns_what_was_forgotten() -> None:
    book = OverridesInMemory()
    router = Router(overrides=book)
    before = await router.route("My pedelec rattles", candidates=SHOP)
    await router.learn(WANTED, chosen="spoke", instead_of=None, candidates=SHOP)
    taught = await router.find("My pedelec rattles", candidates=SHOP)
    book.kept.clear()
    await router.refresh()
    after = await router.find("My pedelec rattles", candidates=SHOP)
    assert taught.score > after.score
    assert after.score == pytest.approx(float(str(before.evidence["score"])))
