"""The estimator follows what happens: portions of any size, forgetting, newcomers, changes of subject."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkmoot.skills import CapabilityEstimator, Declared, Evidence, TaskText
from folkmoot.skills.fitting import CAP, STEP, chosen, settled
from tests.skills.crew import START, TRADES, after, texts

CREW = ("ada", "bo", "cy")
TASKS = [TaskText(title=" ".join(trade[:3])) for trade in TRADES.values()] + [TaskText(title="meeting today")]


def answers(estimator: CapabilityEstimator, evidence: list[Evidence], people: tuple[str, ...] = CREW) -> list[float]:
    return [
        one.probability
        for task in TASKS
        for one in sorted(
            estimator.estimate(task, people, at=after(evidence), with_reasons=False), key=lambda one: one.person
        )
    ]


def fitted(evidence: list[Evidence], own_words: bool = False) -> CapabilityEstimator:
    estimator = CapabilityEstimator(own_words=own_words)
    estimator.fit(evidence)
    return estimator


@settings(max_examples=6, deadline=None)
@given(
    gone=st.sampled_from(CREW),
    each=st.integers(min_value=1, max_value=28),
    cut=st.integers(min_value=30, max_value=60),
    own_words=st.booleans(),
)
def test_after_forgetting_it_is_as_if_the_person_had_never_been_seen(
    gone: str, each: int, cut: int, own_words: bool
) -> None:
    evidence = texts(each=each)
    first, second = evidence[:cut], evidence[cut:]
    saw, never = fitted(first, own_words), fitted([item for item in first if item.person != gone], own_words)
    for item in second:
        saw.learn([item])
        if item.person != gone:
            never.learn([item])
    saw.declare([Declared(person=gone, capabilities={"database": 1.0})])
    saw.forget(gone)
    assert answers(saw, evidence) == pytest.approx(answers(never, evidence), abs=1e-9)
    assert gone not in saw.people()
    assert cited(saw, evidence) == cited(never, evidence)


def cited(estimator: CapabilityEstimator, evidence: list[Evidence]) -> set[tuple[str, str, str, tuple[str, ...]]]:
    return {
        (one.person, reason.kind, reason.detail, reason.evidence)
        for task in TASKS
        for one in estimator.estimate(task, CREW, at=after(evidence))
        for reason in one.reasons
    }


def test_texts_one_by_one_teach_the_same_as_all_at_once() -> None:
    evidence = texts(each=50)
    portions = fitted(evidence[:70])
    for item in evidence[70:]:
        portions.learn([item])
    assert answers(portions, evidence) == pytest.approx(answers(fitted(evidence), evidence), abs=1e-9)


def test_an_older_import_teaches_the_same_as_if_it_had_come_first() -> None:
    evidence = texts(each=30)
    late = fitted(evidence[40:])
    late.learn(evidence[:40])
    assert answers(late, evidence) == pytest.approx(answers(fitted(evidence), evidence), abs=1e-9)


def test_the_same_twice_is_once_and_a_correction_replaces() -> None:
    evidence = texts(each=20)
    estimator = fitted(evidence)
    estimator.learn(evidence[:5])
    assert answers(estimator, evidence) == answers(fitted(evidence), evidence)
    corrected = replace(evidence[0], text="button layout font")
    estimator.learn([corrected])
    assert answers(estimator, evidence) == pytest.approx(
        answers(fitted([corrected, *evidence[1:]]), evidence), abs=1e-9
    )


def test_equal_input_gives_equal_answers() -> None:
    evidence = texts()
    assert answers(fitted(evidence), evidence) == answers(fitted(list(evidence)), evidence)


def test_a_newcomer_is_learned_without_a_new_start() -> None:
    evidence = texts()
    estimator = fitted(evidence)
    now = after(evidence)
    task = TaskText(title="kubernetes cluster upgrade")
    people = (*CREW, "dee")
    for k in range(4):
        estimator.learn(
            [Evidence(id=f"dee-{k}", person="dee", text=f"kubernetes cluster node {k}", at=now + timedelta(hours=k))]
        )
    found = estimator.estimate(task, people, at=now + timedelta(days=1))
    assert found[0].person == "dee"
    assert found[0].basis == "texts"
    assert any(reason.kind == "words" and reason.detail == "kubernetes" for reason in found[0].reasons)


def test_a_subject_that_changes_hands_follows_the_hands() -> None:
    evidence = texts()
    estimator = fitted(evidence)
    now = after(evidence)
    task = TASKS[0]
    assert estimator.estimate(task, CREW, at=now)[0].person == "ada"
    for k in range(25):
        words = TRADES["ada"][k % 8], TRADES["ada"][(k + 3) % 8], TRADES["ada"][(k + 5) % 8]
        estimator.learn([Evidence(id=f"new-{k}", person="bo", text=" ".join(words), at=now + timedelta(days=k))])
    assert estimator.estimate(task, CREW, at=now + timedelta(days=26))[0].person == "bo"


def test_declarations_come_change_and_go() -> None:
    estimator = CapabilityEstimator()
    task = TaskText(title="x", required_skills=("welding",))
    alone = estimator.estimate(task, ["wes"], at=START)[0].probability
    estimator.declare([Declared(person="wes", capabilities={"welding": 0.9})])
    able = estimator.estimate(task, ["wes"], at=START)[0].probability
    estimator.declare([Declared(person="wes", capabilities={"welding": 0.2})])
    less = estimator.estimate(task, ["wes"], at=START)[0].probability
    assert able > less > alone
    estimator.withdraw("wes")
    assert estimator.estimate(task, ["wes"], at=START)[0].probability == alone


def test_asking_while_teaching_sees_whole_states_only() -> None:
    evidence = texts(each=50)
    estimator = fitted(evidence[:100])
    faults: list[BaseException] = []

    def teach() -> None:
        try:
            for item in evidence[100:]:
                estimator.learn([item])
        except BaseException as fault:  # noqa: BLE001  # carried to the test's own thread
            faults.append(fault)

    teacher = Thread(target=teach)
    teacher.start()
    while teacher.is_alive():
        for one in estimator.estimate(TASKS[0], CREW, at=after(evidence)):
            assert 0 <= one.probability <= 1
    teacher.join()
    assert faults == []


@given(st.integers(min_value=0, max_value=300_000))
def test_tuning_settles_on_growing_steps(number: int) -> None:
    step = settled(number)
    assert step <= number
    assert settled(step) == step
    assert number - step <= max(number * 0.25, 1)
    assert number - step <= STEP


def test_of_a_great_many_texts_everyone_keeps_some() -> None:
    many = [
        Evidence(id=str(k), person="rare" if k == 5 else f"p{k % 3}", text="", at=START + timedelta(minutes=k))
        for k in range(3 * CAP)
    ]
    kept = chosen(many, len(many))
    assert len(kept) <= CAP
    assert {item.person for item in kept} == {"rare", "p0", "p1", "p2"}
    assert [item.at for item in kept] == sorted(item.at for item in kept)
