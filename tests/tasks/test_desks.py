"""What a look at the desks says of who came, came back or made a place a moment ago."""

from datetime import timedelta

from folkmoot.tasks.desks import Desks
from folkmoot.tasks.situation import Brief
from tests.tasks.house import House


async def test_nobody_is_said_to_be_away_from_an_older_look(house: House) -> None:
    desks = Desks(database=house.database, roster=house.roster, fresh=timedelta(hours=1))
    brief = Brief(task_id="task_1", title="Baking bread")
    await house.join("baker", baking=0.9)
    assert (await desks.of("baker", brief)).availability == "available"
    assert (await desks.of("pastry", brief)).availability == "offline"
    await house.join("pastry", baking=0.5)
    assert (await desks.of("pastry", brief)).availability == "available"
    await house.registry.set_availability("baker", "away")
    assert (await desks.of("baker", brief)).availability == "available", "one look serves all for a while"
