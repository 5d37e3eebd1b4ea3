"""What a task may say of itself, and where it may go."""

import itertools
import math

import pytest
from pydantic import ValidationError

from folkmoot.tasks.errors import CyclicDependencyError, IllegalMoveError
from folkmoot.tasks.model import LEGAL_MOVES, NewTask, TaskState, check_move
from folkmoot.tasks.order import creation_order

ALL = list(itertools.product(TaskState, TaskState))


@pytest.mark.parametrize(("old", "new"), [pair for pair in ALL if pair[1] not in LEGAL_MOVES[pair[0]]])
def test_an_illegal_move_is_refused_and_says_what_is_legal(old: TaskState, new: TaskState) -> None:
    with pytest.raises(IllegalMoveError) as refused:
        check_move("task_1", old, new)
    assert all(word in refused.value.message for word in LEGAL_MOVES[old])


@pytest.mark.parametrize(("old", "new"), [pair for pair in ALL if pair[1] in LEGAL_MOVES[pair[0]]])
def test_a_legal_move_is_allowed(old: TaskState, new: TaskState) -> None:
    check_move("task_1", old, new)


def test_what_has_ended_stays_ended() -> None:
    assert not LEGAL_MOVES[TaskState.COMPLETED]
    assert not LEGAL_MOVES[TaskState.CANCELLED]


@pytest.mark.parametrize(("said", "meant"), [("high", 8), ("Urgent", 10), (" low ", 3), ("7", 7), (4, 4)])
def test_a_priority_may_be_a_word(said: object, meant: int) -> None:
    assert NewTask.model_validate({"title": "T", "priority": said}).priority == meant


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "  "},
        {"title": "T", "priority": 11},
        {"title": "T", "priority": True},
        {"title": "T", "priority": "soon"},
        {"title": "T", "estimated_hours": 0},
        {"title": "T", "estimated_hours": math.inf},
        {"title": "T", "estimated_hours": math.nan},
        {"title": "T", "deadline": "2026-01-05T09:00:00"},
        {"title": "T\x00"},
        {"title": "T", "metadata": {"a": ["\x00"]}},
        {"title": "T", "metadata": {"a": math.inf}},
        {"title": "T", "colour": "red"},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NewTask.model_validate(wrong)


def test_tasks_that_name_each_other_are_created_in_order() -> None:
    drafts = {
        "ship": NewTask(title="Ship", dependencies=("test",)),
        "test": NewTask(title="Test", dependencies=("build", "task_elsewhere")),
        "build": NewTask(title="Build"),
    }
    assert creation_order(drafts) == ["build", "test", "ship"]


def test_a_circle_of_tasks_is_named() -> None:
    drafts = {"a": NewTask(title="A", dependencies=("b",)), "b": NewTask(title="B", dependencies=("a",))}
    with pytest.raises(CyclicDependencyError, match="wait for each other"):
        creation_order(drafts)
