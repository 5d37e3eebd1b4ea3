"""The award: places are never given twice, and a task that finds none waits for one."""

import asyncio

from folkmoot.tasks.distribute import Straight
from folkmoot.tasks.model import NewTask, TaskState
from folkmoot.tasks.talk import Verdict
from tests.tasks.house import House
from tests.waiting import wait_until


async def test_two_tasks_for_one_free_agent_only_one_wins(house: House) -> None:
    await house.join("solo", places=1, welding=0.9)
    tasks = await asyncio.gather(*(house.desk.create(NewTask(title=f"Welding {n}")) for n in range(2)))
    await house.engine.over()
    found = [await house.desk.find(task.task_id) for task in tasks]
    assert sorted(task.status for task in found) == [TaskState.ASSIGNED, TaskState.UNASSIGNED]
    (loser,) = [task for task in found if task.status is TaskState.UNASSIGNED]
    assert loser.shortfall is not None
    assert loser.shortfall.for_want_of == "capacity"
    worker = await house.registry.get("solo")
    assert worker.current_workload == 1


async def test_the_loser_of_a_race_goes_to_the_next_best(house: House) -> None:
    await house.join("first", places=1, welding=0.9)
    await house.join("second", places=1, welding=0.8)
    verdict = Verdict(ranking=("first", "second"), reasoning="first is the best.")
    tasks = [await house._stored(NewTask(title=f"Welding {n}")) for n in range(3)]
    for task in tasks:
        async with house.database.write() as session:
            from folkmoot.tasks import store

            consulting = task.model_copy(update={"status": TaskState.CONSULTING})
            await store.save_task(session, consulting, at=house.clock.now())
    given = await asyncio.gather(*(house.award.give(task.task_id, 0, verdict) for task in tasks))
    assert sorted((task.owner or "nobody") for task in given) == ["first", "nobody", "second"]
    (second,) = [task for task in given if task.owner == "second"]
    assert second.assignment is not None
    assert second.assignment.reasoning.startswith("First came first, but had no place left")


async def test_an_award_is_told_to_owner_and_helper_once(house: House) -> None:
    await house.join("writer", documentation=0.9)
    await house.join("operator", kubernetes=0.8)
    task = await house.shared_out("Guide to our cluster", required_skills=("documentation", "kubernetes"))
    for agent in ("writer", "operator"):
        await house.distribute._send_award(task, agent, manager="manager")
    for agent in ("writer", "operator"):
        records = await house.broker.messages(agent_id=agent)
        awards = [one.message for one in records if one.message.intent == "award"]
        assert len(awards) == 1
        assert awards[0].payload.data["as"] == ("owner" if agent == task.owner else "helper")
    assert (await house.event_types(task.task_id)).count("task_assigned") == 1


async def test_who_took_the_task_by_hand_meanwhile_keeps_it(house: House) -> None:
    await house.join("slow", welding=0.9)
    await house.join("boss", writing=0.9)
    task = await house._stored(NewTask(title="Welding"))
    await house.hand.assign(task.task_id, "boss")
    assert await house.distribute.run(Straight(), {"task_id": task.task_id, "attempt": 0}) == "overtaken"
    given = await house.award.give(task.task_id, 0, Verdict(ranking=("slow",), reasoning="r"))
    assert given.owner == "boss"


async def test_a_place_that_gets_free_goes_to_the_most_urgent_that_found_none(house: House) -> None:
    await house.join("solo", places=1, welding=0.9)
    first = await house.shared_out("Welding the gate")
    low = await house.shared_out("Welding the fence", priority=2)
    high = await house.shared_out("Welding the boiler", priority=9)
    assert (low.status, high.status) == (TaskState.UNASSIGNED, TaskState.UNASSIGNED)

    await house.desk.set_status(first.task_id, TaskState.COMPLETED)

    async def assigned() -> bool:
        return (await house.desk.find(high.task_id)).owner == "solo"

    await wait_until(assigned)
    assert (await house.desk.find(low.task_id)).status is TaskState.UNASSIGNED


async def test_many_tasks_at_once_all_find_their_place_and_nobody_is_overbooked(house: House) -> None:
    for index in range(4):
        await house.join(f"smith-{index}", places=5, welding=0.9)
    tasks = await asyncio.gather(*(house.desk.create(NewTask(title=f"Welding {n}")) for n in range(24)))
    await house.engine.over()
    found = [await house.desk.find(task.task_id) for task in tasks]
    held = [len(one) for one in (await house.desk.in_hand()).values()]
    assert held == [5, 5, 5, 5]
    assert sum(task.status is TaskState.UNASSIGNED for task in found) == 4
