"""Phase 1: who is asked, who answers, and what becomes of who does not."""

import asyncio
from datetime import timedelta
from pathlib import Path

from folkmoot.messaging import Delivery, Reply
from folkmoot.registry import AgentInfo
from folkmoot.tasks.distribute import Straight
from folkmoot.tasks.model import TaskState
from tests.tasks.house import House, open_house


async def test_a_silent_agent_is_an_abstention_and_no_hang(tmp_path: Path) -> None:
    async with open_house(tmp_path, patience=timedelta(seconds=2)) as house:
        await house.join("alice", writing=0.9)
        await house.join("mute", writing=1.0)
        await house.seats["mute"].cancel()
        forever = asyncio.Event()

        async def silence(_: Delivery) -> Reply:
            await forever.wait()
            return None

        await house.broker.subscribe("mute", silence)
        task = await house.shared_out("Writing a letter")
        report = await house.desk.report(task.task_id)
        forever.set()
    answers = {one.agent: one for one in report.consultation}
    assert answers["mute"].can_do is None
    assert answers["mute"].abstained == "gave no answer within 2 s"
    assert task.owner == "alice"


async def test_gibberish_and_failure_are_abstentions_with_the_reason(tmp_path: Path) -> None:
    async with open_house(tmp_path, patience=timedelta(seconds=2)) as house:
        for name in ("babbler", "crasher", "alice"):
            await house.join(name, writing=0.9)
        for name in ("babbler", "crasher"):
            await house.seats[name].cancel()

        async def babble(_: Delivery) -> Reply:
            return {"can_do": "perhaps", "confidence": 7}

        async def crash(_: Delivery) -> Reply:
            raise RuntimeError("out of order")

        await house.broker.subscribe("babbler", babble)
        await house.broker.subscribe("crasher", crash)
        task = await house.shared_out("Writing a letter")
        answers = {one.agent: one for one in (await house.desk.report(task.task_id)).consultation}
    assert task.owner == "alice"
    assert "cannot be read" in (answers["babbler"].abstained or "")
    assert answers["crasher"].abstained


async def test_an_agent_that_is_offline_is_not_waited_for(house: House) -> None:
    await house.join("alice", writing=0.9)
    await house.join("gone", writing=1.0)
    await house.registry.depart(["gone"])
    task = await house.shared_out("Writing a letter")
    answers = {one.agent: one for one in (await house.desk.report(task.task_id)).consultation}
    assert answers["gone"].abstained == "is offline and was not asked"
    assert task.owner == "alice"


async def test_of_a_large_team_only_the_likeliest_are_asked(tmp_path: Path) -> None:
    async with open_house(tmp_path, ask_at_most=3) as house:
        for index in range(8):
            await house.join_with(f"agent-{index}", {"surgery": 0.9} if index in {5, 6, 7} else {"cooking": 0.5})
        task = await house.shared_out("Surgery tomorrow")
        report = await house.desk.report(task.task_id)
    assert {one.agent for one in report.consultation} == {"agent-5", "agent-6", "agent-7"}


async def test_fifty_consulted_agents_cost_one_estimate(tmp_path: Path) -> None:
    async with open_house(tmp_path, ask_at_most=50) as house:
        for index in range(50):
            await house.join_with(f"agent-{index:02}", {f"skill{index}": 0.5})
        made = house.estimates.made
        task = await house.shared_out("Needs skill7")
        report = await house.desk.report(task.task_id)
        assert len(report.consultation) == 50
        assert house.estimates.made == made + 1


async def test_an_answer_that_is_kept_is_not_asked_for_again(house: House) -> None:
    await house.join("alice", writing=0.9)
    await house.join("bob", writing=0.8)
    task = await house.shared_out("Writing a letter")
    asked = len(await house.broker.messages(agent_id="manager", limit=100))

    await house.distribute.run(Straight(), {"task_id": task.task_id, "attempt": task.attempt})

    assert len(await house.broker.messages(agent_id="manager", limit=100)) == asked


async def test_nobody_fits_says_why_and_what_would_help(house: House) -> None:
    await house.join("alice", writing=0.9)
    await house.join("bob", places=0, welding=0.9)
    await house.join("carol", welding=0.9)
    until = house.clock.now() + timedelta(days=3)
    await house.registry.set_availability("carol", "away", until=until)

    task = await house.shared_out("Welding the gate", required_skills=("welding", "forging"))

    assert task.status is TaskState.UNASSIGNED
    assert task.shortfall is not None
    why, help_ = " ".join(task.shortfall.reasons), " ".join(task.shortfall.would_help)
    assert "I am away until Thu 8 Jan" in why
    assert "All my 0 places are taken" in why
    assert "Raise the capacity of Bob" in help_
    assert "forging" in help_
    assert task.shortfall.missing_skills == ("forging",)
    assert (await house.event_types(task.task_id))[-1] == "task_unassigned"


async def test_whoever_is_registered_as_the_manager_asks(house: House) -> None:
    await house.registry.register(AgentInfo(agent_id="boss", name="Boss", type="manager"))
    await house.join("alice", writing=0.9)
    task = await house.shared_out("Writing a letter")
    assert task.owner == "alice"
    senders = {one.message.sender_id for one in await house.broker.messages(agent_id="alice")}
    assert senders & {"boss", "manager"} == {"boss"}


async def test_a_house_without_workers_says_so(house: House) -> None:
    task = await house.shared_out("Anything")
    assert task.status is TaskState.UNASSIGNED
    assert task.shortfall is not None
    assert "nobody who takes work" in task.shortfall.reasons[0]
