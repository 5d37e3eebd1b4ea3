"""What an estimate promises: the right person first, chances that add up, reasons that cite, and no one lost."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from folkmoot.skills import CapabilityEstimator, Declared, Estimate, Evidence, InvalidEvidenceError, TaskText
from tests.skills.crew import START, after, texts

CREW = ("ada", "bo", "cy")
SLOW_QUERY = TaskText(title="Slow query after the schema migration", text="An index is missing in postgres")


def fitted(evidence: list[Evidence], *declared: Declared) -> CapabilityEstimator:
    estimator = CapabilityEstimator()
    estimator.fit(evidence, declared)
    return estimator


def chances(found: list[Estimate]) -> dict[str, float]:
    return {one.person: one.probability for one in found}


def test_whoever_wrote_of_it_comes_first() -> None:
    evidence = texts()
    found = fitted(evidence).estimate(SLOW_QUERY, CREW, at=after(evidence))
    assert [one.rank for one in found] == [1, 2, 3]
    assert found[0].person == "ada"
    assert found[0].probability > 0.8
    assert found[0].basis == "texts"
    assert found[0].support > found[1].support
    assert sum(chances(found).values()) <= 1 + 1e-12


def test_every_reason_cites_texts_of_that_person_and_word_reasons_cite_texts_with_the_word() -> None:
    evidence = texts()
    known = {item.id: item for item in evidence}
    found = fitted(evidence).estimate(replace(SLOW_QUERY, labels=("src/ada/part",)), CREW, at=after(evidence))
    assert {reason.kind for reason in found[0].reasons} >= {"words", "similar", "paths"}
    for one in found:
        for reason in one.reasons:
            assert reason.evidence
            assert all(known[cited].person == one.person for cited in reason.evidence)
            if reason.kind == "words":
                assert all(reason.detail in known[cited].text for cited in reason.evidence)
            if reason.kind == "similar":
                assert reason.detail == known[reason.evidence[0]].text


def test_without_the_cited_texts_reasons_and_chance_change() -> None:
    evidence = texts()
    before = fitted(evidence).estimate(SLOW_QUERY, CREW, at=after(evidence))[0]
    cited = {one for reason in before.reasons for one in reason.evidence}
    rest = [item for item in evidence if item.id not in cited]
    later = fitted(rest).estimate(SLOW_QUERY, CREW, at=after(evidence))
    ada = next(one for one in later if one.person == "ada")
    assert ada.support < before.support
    assert not cited & {one for reason in ada.reasons for one in reason.evidence}


def test_whoever_has_no_texts_is_estimated_from_what_is_declared() -> None:
    lawyer = Declared(person="lex", capabilities={"contract_law": 0.9, "privacy": 0.8}, role="lawyer")
    gardener = Declared(person="ivy", capabilities={"pruning": 0.9})
    estimator = fitted([], lawyer, gardener)
    found = estimator.estimate(
        TaskText(title="Check the privacy notice", required_skills=("privacy",)), ["ivy", "lex", "who"], at=START
    )
    assert found[0].person == "lex"
    assert found[0].probability > 2 * found[1].probability
    assert [(reason.kind, reason.detail) for reason in found[0].reasons] == [("declared", "privacy")]
    assert {one.person: one.basis for one in found} == {"lex": "declared", "ivy": "declared", "who": "nothing"}


def test_a_declared_expert_stands_beside_people_with_texts() -> None:
    evidence = texts()
    estimator = fitted(evidence, Declared(person="lex", capabilities={"privacy": 1.0}))
    asked = (*CREW, "lex")
    privacy = TaskText(title="Write the privacy notice", required_skills=("privacy",))
    assert estimator.estimate(privacy, asked, at=after(evidence))[0].person == "lex"
    assert estimator.estimate(SLOW_QUERY, asked, at=after(evidence))[0].person == "ada"


def test_nobody_is_favoured_where_nothing_is_known() -> None:
    found = CapabilityEstimator().estimate(SLOW_QUERY, ["b", "a"], at=START)
    assert chances(found) == {"a": pytest.approx(1 / 3), "b": pytest.approx(1 / 3)}
    assert [one.person for one in found] == ["a", "b"]
    assert CapabilityEstimator().estimate(SLOW_QUERY, [], at=START) == []


def test_one_person_alone_is_not_thereby_the_right_one() -> None:
    evidence = texts(("ada",), each=30)
    estimator = fitted(evidence)
    apt = estimator.estimate(SLOW_QUERY, ["ada"], at=after(evidence))[0]
    inapt = estimator.estimate(TaskText(title="Bake bread"), ["ada"], at=after(evidence))[0]
    assert apt.probability > inapt.probability
    assert inapt.probability < 0.8


def test_a_decline_speaks_against() -> None:
    evidence = texts()
    estimator = fitted(evidence)
    now = after(evidence)
    before = chances(estimator.estimate(SLOW_QUERY, CREW, at=now))["ada"]
    declined = Evidence(
        id="declined", person="ada", text=f"{SLOW_QUERY.title} {SLOW_QUERY.text}", at=now, kind="task", weight=-1.0
    )
    estimator.learn([declined])
    assert chances(estimator.estimate(SLOW_QUERY, CREW, at=now))["ada"] < before


@pytest.mark.parametrize(
    "bad",
    [
        Evidence(id="x", person="ada", text="t", at=START.replace(tzinfo=None)),
        Evidence(id="", person="ada", text="t", at=START),
        Evidence(id="x", person="", text="t", at=START),
        Evidence(id="x", person="ada", text="t", at=START, weight=float("nan")),
    ],
)
def test_an_unusable_text_is_refused_and_nothing_changes(bad: Evidence) -> None:
    evidence = texts(each=10)
    estimator = fitted(evidence)
    before = estimator.estimate(SLOW_QUERY, CREW, at=after(evidence))
    with pytest.raises(InvalidEvidenceError):
        estimator.learn([Evidence(id="fine", person="bo", text="postgres", at=after(evidence)), bad])
    with pytest.raises(InvalidEvidenceError):
        estimator.fit([bad])
    assert estimator.estimate(SLOW_QUERY, CREW, at=after(evidence)) == before


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(InvalidEvidenceError, match="zone"):
        CapabilityEstimator().estimate(SLOW_QUERY, ["a"], at=datetime(2026, 1, 1))  # noqa: DTZ001  # the case


def test_odd_texts_do_no_harm() -> None:
    odd = ["", "\n\n", "👍", "#", "x" * 50_000, "\x00", "日本語 の テスト", "ok"]
    evidence = [
        Evidence(id=str(k), person="ada" if k % 2 else "bo", text=text, at=START + timedelta(days=k))
        for k, text in enumerate(odd)
    ]
    for own_words in (False, True):
        estimator = CapabilityEstimator(own_words=own_words)
        estimator.fit(evidence)
        found = estimator.estimate(TaskText(title=""), ("ada", "bo"), at=START)
        assert all(0 < one.probability < 1 for one in found)
