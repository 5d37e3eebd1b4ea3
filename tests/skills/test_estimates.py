"""The estimator behind the rooms' door: one fit for many lessons, one estimate for many askers, who leaves is out."""

import asyncio
from datetime import timedelta

import pytest

from folkmoot.skills import CapabilityEstimator, Declared, Evidence, InvalidEvidenceError, TaskText
from folkmoot.skills.estimates import Estimates
from tests.skills.crew import START, after, texts

CREW = ("ada", "bo", "cy")
TASK = TaskText(title="Slow query after the schema migration", text="An index is missing in postgres")


async def test_a_burst_of_lessons_costs_one_fit_and_teaches_the_same() -> None:
    evidence = texts()
    estimator = CapabilityEstimator()
    estimates = Estimates(estimator=estimator)
    for person in CREW:
        await estimates.learn([item for item in evidence if item.person == person])
        await estimates.forget(person)
        await estimates.declare([Declared(person=person, capabilities={"database": 0.1})])
        await estimates.learn([item for item in evidence if item.person == person])
    assert estimator.fits == 0
    found = await estimates.estimate(TASK, CREW, at=after(evidence))
    assert estimator.fits == 1
    whole = CapabilityEstimator()
    whole.fit(evidence, [Declared(person=person, capabilities={"database": 0.1}) for person in CREW])
    for one in whole.estimate(TASK, CREW, at=after(evidence)):
        assert found[one.person].probability == pytest.approx(one.probability, abs=1e-9)


async def test_a_later_text_is_taken_in_without_a_fit() -> None:
    evidence = texts(each=42)
    estimator = CapabilityEstimator()
    estimates = Estimates(estimator=estimator)
    await estimates.fit(evidence)
    before = await estimates.estimate(TASK, CREW, at=after(evidence))
    new = Evidence(id="new", person="bo", text=f"{TASK.title} {TASK.text}", at=after(evidence, 0.5))
    await estimates.learn([new])
    found = await estimates.estimate(TASK, CREW, at=after(evidence))
    assert found["bo"].probability > before["bo"].probability
    assert estimator.fits == 1


async def test_whoever_asks_the_same_shares_one_estimate_until_something_changes() -> None:
    evidence = texts(each=15)
    estimates = Estimates(estimator=CapabilityEstimator())
    await estimates.fit(evidence)
    now = after(evidence)
    answers = await asyncio.gather(
        *(estimates.estimate(TASK, people, at=now) for people in (CREW, tuple(reversed(CREW))) * 25)
    )
    assert estimates.made == 1
    assert all(answer is answers[0] for answer in answers)
    await estimates.learn([])
    await estimates.estimate(TASK, CREW, at=now)
    assert estimates.made == 1
    await estimates.declare([Declared(person="bo", capabilities={"postgres": 1.0})])
    await estimates.estimate(TASK, CREW, at=now)
    assert estimates.made == 2


async def test_who_stops_waiting_takes_nothing_from_the_others() -> None:
    evidence = texts(each=15)
    estimates = Estimates(estimator=CapabilityEstimator())
    await estimates.fit(evidence)
    asked = [asyncio.create_task(estimates.estimate(TASK, CREW, at=after(evidence))) for _ in range(2)]
    await asyncio.sleep(0)
    asked[0].cancel()
    assert set(await asked[1]) == set(CREW)
    assert estimates.made == 1


async def test_who_leaves_is_no_longer_declared_and_who_is_forgotten_is_unknown() -> None:
    evidence = texts(each=15)
    estimates = Estimates(estimator=CapabilityEstimator())
    await estimates.fit(evidence, [Declared(person="dee", capabilities={"postgres": 1.0})])
    now = after(evidence)
    asked = (*CREW, "dee")
    before = await estimates.estimate(TASK, asked, at=now)
    await estimates.withdraw("dee")
    later = await estimates.estimate(TASK, asked, at=now)
    assert (before["dee"].basis, later["dee"].basis) == ("declared", "nothing")
    assert later["dee"].probability < before["dee"].probability
    await estimates.forget("ada")
    gone = await estimates.estimate(TASK, asked, at=now)
    assert gone["ada"].basis == "nothing"
    assert gone["ada"].reasons == ()


async def test_unusable_evidence_is_refused_at_once_and_the_rest_goes_on() -> None:
    evidence = texts(each=15)
    estimates = Estimates(estimator=CapabilityEstimator())
    await estimates.fit(evidence)
    bad = Evidence(id="x", person="ada", text="t", at=START.replace(tzinfo=None))
    with pytest.raises(InvalidEvidenceError):
        await estimates.learn([bad])
    with pytest.raises(InvalidEvidenceError):
        await estimates.estimate(TASK, CREW, at=START.replace(tzinfo=None))
    assert set(await estimates.estimate(TASK, CREW, at=after(evidence))) == set(CREW)


async def test_what_is_learned_while_a_fit_runs_is_in_the_next_estimate() -> None:
    evidence = texts(each=60)
    estimates = Estimates(estimator=CapabilityEstimator())
    await estimates.learn(evidence)
    now = after(evidence) + timedelta(days=1)
    first = asyncio.create_task(estimates.estimate(TASK, (*CREW, "dee"), at=now))
    await asyncio.sleep(0)
    await estimates.learn([Evidence(id="dee", person="dee", text=f"{TASK.title} {TASK.text}", at=START)])
    await first
    found = await estimates.estimate(TASK, (*CREW, "dee"), at=now)
    assert found["dee"].basis == "texts"
    await estimates.forget("dee")
    assert (await estimates.estimate(TASK, (*CREW, "dee"), at=now))["dee"].basis == "nothing"
