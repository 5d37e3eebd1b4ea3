"""An expert with a full desk concedes to somebody nearly as good who has room."""

from folkmoot.tasks.talk import Stance
from tests.tasks.house import House


async def test_the_expert_concedes_to_the_colleague_with_room(house: House) -> None:
    await house.join("expert", person="expert", places=5, photography=1.0)
    await house.join("colleague", person="colleague", places=5, photography=0.9)
    await house.hold("expert", count=4, estimated_hours=6)

    task = await house.shared_out("Photography for the spring catalogue", estimated_hours=3)

    assert task.owner == "colleague"
    report = await house.desk.report(task.task_id)
    expert = next(one for one in report.negotiation.rounds[-1].positions if one.agent == "expert")
    assert expert.stance is Stance.CONCEDE
    assert expert.toward == "colleague"
    assert "80%" in expert.message

    asked = {one.agent: one for one in report.consultation}
    (load,) = [one for one in asked["expert"].concerns if one.kind == "workload"]
    assert len([one for one in load.evidence if one.startswith("task_")]) == 4, "it names the tasks it holds"


async def test_with_an_empty_desk_the_expert_keeps_it(house: House) -> None:
    await house.join("expert", person="expert", photography=1.0)
    await house.join("colleague", person="colleague", photography=0.9)

    task = await house.shared_out("Photography for the spring catalogue", estimated_hours=3)

    assert task.owner == "expert"
