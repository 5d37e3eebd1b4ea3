"""Teams of whom only some have texts: texts sharpen what is known of their author and take nothing from the others.

The example company with every choice of people imported is the measure; what each task's right person is stands in its
`tasks.yaml`. With nobody imported only declarations speak, which are decoys in two of the eight tasks.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from folkmoot.skills import CapabilityEstimator, Declared, Estimate, Evidence, TaskText
from folkmoot.twins.importers import Kind, ReadOptions, open_export
from tests.skills.crew import START, TRADES, after, texts

ACME = Path(__file__).parents[2] / "examples" / "acme"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
WORDED = {Kind.TEXT, Kind.MEDIA, Kind.POLL}


def read(name: str) -> Any:
    return yaml.safe_load((ACME / name).read_text(encoding="utf-8"))


@cache
def team() -> tuple[Declared, ...]:
    return tuple(
        Declared(
            person=one["person"], capabilities=one["capabilities"], role=one["role"], description=one["description"]
        )
        for one in read("workplace.yaml")["agents"]
        if one["type"] == "twin"
    )


@cache
def tasks() -> tuple[tuple[TaskText, str], ...]:
    """Each task as it reaches the estimator, and its right person."""
    workplace = read("workplace.yaml")
    names = {one["agent_id"]: one.get("person", "") for one in workplace["agents"]}
    return tuple(
        (
            TaskText(
                title=task["title"],
                text=task["description"],
                task_type=task["task_type"],
                required_skills=(*task.get("required_skills", ()), *workplace["task_types"][task["task_type"]]),
            ),
            names[task["expected"]],
        )
        for task in read("tasks.yaml")["tasks"]
    )


@cache
def written() -> tuple[Evidence, ...]:
    return tuple(item for entry in read("workplace.yaml")["imports"] for item in export(entry))


def export(entry: dict[str, str]) -> Iterable[Evidence]:
    options = ReadOptions.of(timezone=entry["timezone"], date_order=entry.get("date_order"))
    for record in open_export(ACME / entry["file"], platform=entry["platform"], options=options).records():
        if record.author == entry["author"] and record.kind in WORDED and record.text.strip():
            assert record.ts is not None
            yield Evidence(
                id=f"{entry['file']}:{record.position}",
                person=entry["person"],
                text=record.text,
                at=record.ts,
                kind="commit" if entry["platform"] == "git" else "message",
                labels=record.paths,
            )


def with_texts_of(people: Iterable[str]) -> CapabilityEstimator:
    chosen = set(people)
    estimator = CapabilityEstimator()
    estimator.fit([item for item in written() if item.person in chosen], team())
    return estimator


def asked(estimator: CapabilityEstimator, task: TaskText) -> list[Estimate]:
    return estimator.estimate(task, [one.person for one in team()], at=NOW, with_reasons=False)


def subset_figures(size: int) -> tuple[float, float]:
    """Share of tasks whose right person comes first, and their mean loss in nats, over all choices of people."""
    hits: list[bool] = []
    losses: list[float] = []
    for chosen in combinations([one.person for one in team()], size):
        estimator = with_texts_of(chosen)
        for task, right in tasks():
            found = asked(estimator, task)
            hits.append(found[0].person == right)
            losses.append(-np.log(next(one.probability for one in found if one.person == right)))
    return float(np.mean(hits)), float(np.mean(losses))


def test_with_everybody_imported_every_task_goes_to_the_right_person() -> None:
    estimator = with_texts_of(one.person for one in team())
    assert [asked(estimator, task)[0].person for task, _ in tasks()] == [right for _, right in tasks()]


def test_one_persons_texts_win_their_own_tasks_and_no_others() -> None:
    estimator = with_texts_of(["Jonas Weidner"])
    first = [asked(estimator, task)[0].person for task, _ in tasks()]
    for (task, right), winner in zip(tasks(), first, strict=True):
        assert (winner == "Jonas Weidner") == (right == "Jonas Weidner"), task.title


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_more_people_are_imported_the_better() -> None:
    found = {size: subset_figures(size) for size in range(7)}
    for size, (first, loss) in found.items():
        print(f"{size} of 6 imported: first {100 * first:.1f} %, loss {loss:.3f} nats")  # the docs cite these
    losses = [found[size][1] for size in range(7)]
    assert losses == sorted(losses, reverse=True)
    assert found[1][0] >= found[0][0]
    assert found[2][0] > 0.8
    assert found[5][0] > 0.85
    assert found[6][0] == 1.0


PEOPLE = ("ada", "bo", "dee")


def lone(*declared: Declared) -> CapabilityEstimator:
    estimator = CapabilityEstimator()
    estimator.fit(texts(("ada",), each=100), declared)
    return estimator


def test_texts_on_the_task_beat_a_bare_declaration_and_texts_on_anything_else_lose_to_it() -> None:
    evidence = texts(("ada",), each=100)
    estimator = lone(Declared(person="bo", capabilities={"operations": 0.8}))
    fitting = TaskText(title=" ".join(TRADES["ada"]), required_skills=("operations", "debugging"))
    foreign = TaskText(title=" ".join(TRADES["cy"]), required_skills=("operations", "debugging"))
    assert estimator.estimate(fitting, PEOPLE, at=after(evidence))[0].person == "ada"
    found = {one.person: one.probability for one in estimator.estimate(foreign, PEOPLE, at=after(evidence))}
    assert found["bo"] > found["dee"] > found["ada"]


def test_texts_take_nothing_from_those_who_have_none_beyond_what_they_give_their_author() -> None:
    evidence = texts(("ada",), each=100)
    task = TaskText(title=" ".join(TRADES["cy"][:5]))
    crowd = ("bo", "dee", "eve")
    silent = {one.person: one.probability for one in CapabilityEstimator().estimate(task, ("ada", *crowd), at=START)}
    found = {one.person: one.probability for one in lone().estimate(task, ("ada", *crowd), at=after(evidence))}
    assert all(found[person] >= silent[person] for person in crowd)


def test_a_declaration_counts_in_full_beside_people_without_texts() -> None:
    evidence = texts(("ada",), each=100)
    task = TaskText(title="Welding", required_skills=("welding",))
    before = lone().estimate(task, PEOPLE, at=after(evidence))
    able = lone(Declared(person="ada", capabilities={"welding": 1.0})).estimate(task, PEOPLE, at=after(evidence))
    assert before[0].person != "ada"
    assert able[0].person == "ada"


def test_writing_at_length_is_no_advantage() -> None:
    evidence = texts(("ada",), each=60)
    windy = [
        Evidence(
            id=f"bo-{k}",
            person="bo",
            at=item.at,
            text="I would say that, as always, we should have had this before and that it is the same for all of us, "
            f"which is why we will be doing it again about the {TRADES['bo'][k % 8]}",
        )
        for k, item in enumerate(evidence)
    ]
    estimator = CapabilityEstimator()
    estimator.fit([*evidence, *windy])
    prose = "It is the same as before, and we should all be doing it again, which is why I say that the "
    found = estimator.estimate(
        TaskText(title="Please help", text=prose + TRADES["ada"][0]), ("ada", "bo"), at=after(evidence)
    )
    assert found[0].person == "ada"
