"""A registry that was told nothing, or has forgotten, is told again how much each agent has in hand."""

from pathlib import Path

from folkmoot.tasks.recount import Recount
from tests.tasks.house import open_house


async def test_workloads_are_set_right(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for name in ("ann", "ben", "cleo"):
            await house.join(name)
        await house.hold("ann", count=2)
        await house.hold("cleo")
        recount = Recount(database=house.database, roster=house.roster)
        assert await recount.recount() == 0
        await house.registry.set_workload("ann", 5)
        await house.registry.set_workload("ben", 1)
        assert await recount.recount() == 2
        loads = {one.agent_id: one.current_workload for one in await house.registry.discover()}
        assert loads == {"ann": 2, "ben": 0, "cleo": 1}
        assert await recount.recount() == 0
