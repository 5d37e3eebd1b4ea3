"""A task that calls for two skills which nobody has together goes to one, and the other helps."""

from tests.tasks.house import House


async def test_the_owner_asks_for_the_skill_it_lacks(house: House) -> None:
    await house.join("writer", documentation=0.9)
    await house.join("operator", kubernetes=0.8)

    task = await house.shared_out(
        "Guide to our cluster", required_skills=("documentation", "kubernetes"), estimated_hours=6
    )

    assert task.assignment is not None
    assert {task.assignment.owner, *task.assignment.helpers} == {"writer", "operator"}
    report = await house.desk.report(task.task_id)
    offer, answer = [one for one in report.negotiation.rounds[1].messages if one.intent != "position"]
    assert offer.intent == "offer_share"
    assert (offer.speaker, offer.to) == (task.assignment.owner, task.assignment.helpers[0])
    assert (answer.intent, answer.to) == ("share_accepted", task.assignment.owner)


async def test_who_has_no_room_declines_to_help_and_the_owner_takes_it_alone(house: House) -> None:
    await house.join("writer", documentation=0.9)
    await house.join("operator", places=1, kubernetes=0.2)
    await house.hold("operator", estimated_hours=8)

    task = await house.shared_out("Guide to our cluster", required_skills=("documentation", "kubernetes"))

    assert task.assignment is not None
    assert (task.assignment.owner, task.assignment.helpers) == ("writer", ())
