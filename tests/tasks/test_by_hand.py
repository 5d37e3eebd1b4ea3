"""What people do to tasks, and what follows from it."""

import asyncio
from pathlib import Path

import pytest

from folkmoot.tasks.errors import (
    IllegalMoveError,
    NotTheOwnerError,
    UnknownAssigneeError,
    UnknownDependencyError,
    UnknownTaskError,
)
from folkmoot.tasks.model import NewTask, TaskState
from tests.tasks.house import House, open_house
from tests.waiting import wait_until


@pytest.fixture
async def shop(house: House) -> House:
    """A house with a baker and a cook."""
    await house.join("baker", person="Ada Baker", baking=0.9)
    await house.join("cook", person="Carl Cook", cooking=0.9)
    return house


async def test_a_person_s_word_goes_before_the_negotiation(shop: House) -> None:
    task = await shop.shared_out("Baking bread")
    assert task.owner == "baker"

    given = await shop.desk.assign(task.task_id, "cook", reasoning="He asked for it.")

    assert (given.owner, given.status) == ("cook", TaskState.ASSIGNED)
    assert given.assignment is not None
    assert (given.assignment.reasoning, given.assignment.by) == ("He asked for it.", "hand")
    assert await shop.desk.in_hand() == {"cook": [task.task_id]}
    assert (await shop.registry.get("baker")).current_workload == 0
    assert (await shop.registry.get("cook")).current_workload == 1


async def test_nobody_unknown_and_no_manager_gets_a_task(shop: House) -> None:
    task = await shop.shared_out("Baking bread")
    for name in ("nobody", "manager"):
        with pytest.raises(UnknownAssigneeError):
            await shop.desk.assign(task.task_id, name)
    with pytest.raises(UnknownTaskError):
        await shop.desk.assign("task_none", "cook")
    assert (await shop.desk.find(task.task_id)).owner == "baker"


async def test_a_task_is_begun_and_completed_and_never_goes_back(shop: House) -> None:
    task = await shop.shared_out("Baking bread")
    begun = await shop.desk.set_status(task.task_id, TaskState.IN_PROGRESS, progress=0.5)
    assert begun.progress == 0.5
    done = await shop.desk.set_status(task.task_id, TaskState.COMPLETED)
    assert done.completed_at is not None
    assert (await shop.registry.get("baker")).current_workload == 0
    again = await shop.desk.set_status(task.task_id, TaskState.COMPLETED)
    assert again.version == done.version
    for backwards in (TaskState.PENDING, TaskState.IN_PROGRESS, TaskState.CONSULTING, TaskState.ASSIGNED):
        with pytest.raises(IllegalMoveError):
            await shop.desk.set_status(task.task_id, backwards)
    counts = await shop.desk.counts()
    assert counts[TaskState.COMPLETED] == 1


async def test_who_declines_is_not_asked_again(shop: House) -> None:
    await shop.join("pastry", person="Pia Pastry", baking=0.5)
    task = await shop.shared_out("Baking bread")
    assert task.owner == "baker"
    with pytest.raises(NotTheOwnerError):
        await shop.desk.decline(task.task_id, "cook")

    await shop.desk.decline(task.task_id, "baker", reason="My oven is broken.")
    await shop.engine.over()

    report = await shop.desk.report(task.task_id)
    assert report.task.owner == "pastry"
    assert report.task.attempt == 1
    assert "baker" not in {one.agent for one in report.consultation}
    assert (await shop.registry.get("baker")).current_workload == 0


async def test_when_the_last_one_declines_it_stays_unassigned_and_says_so(house: House) -> None:
    await house.join("baker", baking=0.9)
    task = await house.shared_out("Baking bread")
    await house.desk.decline(task.task_id, "baker")
    await house.engine.over()
    left = await house.desk.find(task.task_id)
    assert left.status is TaskState.UNASSIGNED
    assert left.shortfall is not None
    assert "baker declined it." in left.shortfall.reasons

    await house.join("pastry", baking=0.5)
    await house.desk.set_status(task.task_id, TaskState.PENDING)
    await house.engine.over()
    assert (await house.desk.find(task.task_id)).owner == "pastry"


async def test_a_task_waits_for_what_it_depends_on(shop: House) -> None:
    made = await shop.desk.create_all(
        {
            "eat": NewTask(title="Cooking with the bread", dependencies=("bake",)),
            "bake": NewTask(title="Baking bread"),
        }
    )
    await shop.engine.over()
    assert (await shop.desk.find(made["eat"].task_id)).status is TaskState.PENDING
    bread = await shop.desk.find(made["bake"].task_id)
    assert bread.status is TaskState.ASSIGNED

    await shop.desk.set_status(bread.task_id, TaskState.COMPLETED)
    await shop.engine.over()
    assert (await shop.desk.find(made["eat"].task_id)).status is TaskState.ASSIGNED


async def test_what_waits_through_others_for_a_cancelled_task_says_so_too(shop: House) -> None:
    made = await shop.desk.create_all(
        {
            "first": NewTask(title="Baking bread"),
            "second": NewTask(title="Selling bread", dependencies=("first",)),
            "third": NewTask(title="Counting money", dependencies=("second",)),
        }
    )
    await shop.engine.over()
    await shop.desk.set_status(made["first"].task_id, TaskState.CANCELLED)
    for key, through in (("second", "Baking bread"), ("third", "Selling bread")):
        left = await shop.desk.find(made[key].task_id)
        assert left.status is TaskState.UNASSIGNED
        assert left.shortfall is not None
        assert through in left.shortfall.reasons[0]
        assert "Baking bread" in left.shortfall.reasons[0]


async def test_what_waits_for_a_cancelled_task_says_so(shop: House) -> None:
    bread = await shop.shared_out("Baking bread")
    waiting = await shop.desk.create(NewTask(title="Cooking with it", dependencies=(bread.task_id,)))
    await shop.desk.set_status(bread.task_id, TaskState.CANCELLED)
    left = await shop.desk.find(waiting.task_id)
    assert left.status is TaskState.UNASSIGNED
    assert left.shortfall is not None
    assert "was cancelled" in left.shortfall.reasons[0]
    for wrong in (bread.task_id, "task_none"):
        with pytest.raises(UnknownDependencyError):
            await shop.desk.create(NewTask(title="More", dependencies=(wrong,)))


async def test_one_key_is_one_task(shop: House) -> None:
    made = await asyncio.gather(*(shop.desk.create(NewTask(title="Baking bread"), key="k1") for _ in range(3)))
    await shop.engine.over()
    assert len({task.task_id for task in made}) == 1
    assert (await shop.desk.tasks())[1] == 1


async def test_waiting_ends_with_the_award_or_with_patience(shop: House) -> None:
    task = await shop.desk.create(NewTask(title="Baking bread"))
    settled = await shop.desk.wait(task.task_id, seconds=20)
    assert settled.owner == "baker"
    blocked = await shop.desk.create(NewTask(title="Cooking", dependencies=(task.task_id,)))
    assert (await shop.desk.wait(blocked.task_id, seconds=0.1)).status is TaskState.PENDING


async def test_lists_are_filtered_and_paged_the_newest_first(shop: House) -> None:
    for index in range(3):
        await shop.shared_out(f"Baking loaf {index}", task_type="Bakery")
    await shop.shared_out("Cooking soup")
    assert [task.title for task in (await shop.desk.tasks(agent="cook"))[0]] == ["Cooking soup"]
    page, total = await shop.desk.tasks(task_type="Bakery", limit=2, offset=1)
    assert (total, [task.title for task in page]) == (3, ["Baking loaf 1", "Baking loaf 0"])
    assert (await shop.desk.tasks(status=TaskState.COMPLETED))[1] == 0


async def test_outcomes_are_learned_and_known_after_a_restart(shop: House) -> None:
    await shop.learn("ada baker", "kneaded dough all morning")
    await shop.learn("carl cook", "chopped onions all morning")
    task = await shop.shared_out("Quarterly ledger reconciliation")
    await shop.desk.assign(task.task_id, "cook", reasoning="Let him try.")
    await shop.desk.set_status(task.task_id, TaskState.COMPLETED)
    await shop.outcomes.learned()

    again = await shop.shared_out("Quarterly ledger reconciliation for spring")

    assert again.owner == "cook"
    known = await shop.outcomes.known()
    assert {(one.person, one.weight) for one in known} == {("carl cook", 1.0), ("carl cook", 0.3)}


async def test_forgetting_leaves_nothing_that_was_said(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.join("baker", person="Ada Baker", baking=0.9)
        await house.join("cook", person="Carl Cook", baking=0.8)
        task = await house.shared_out("Baking bread")
        await house.desk.set_status(task.task_id, TaskState.COMPLETED)
        assert await house.outcomes.forget(agent_id="baker", person="ada baker") > 2
        report = await house.desk.report(task.task_id)
        assert {one.agent for one in report.consultation} == {"cook"}
        said = [one for round_ in report.negotiation.rounds for one in round_.messages]
        assert {one.speaker for one in said} <= {"cook"}
        assert not [one for one in await house.outcomes.known() if one.person == "ada baker"]


async def test_what_an_earlier_process_left_is_shared_out(house: House) -> None:
    await house.join("baker", baking=0.9)
    left = await house._stored(NewTask(title="Baking bread"))
    assert await house.desk.resume() == 1
    await wait_until(lambda: _owned(house, left.task_id))


async def _owned(house: House, task_id: str) -> bool:
    return (await house.desk.find(task_id)).owner == "baker"
