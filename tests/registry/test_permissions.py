"""Who may see whom, and who may send to whom: as each agent says."""

import asyncio
from datetime import timedelta

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.registry import AgentInfo, Registry
from folkmoot.registry.permissions import Permissions, allows
from tests.registry.rigs import Rig, agent

HALF_A_SECOND = timedelta(seconds=0.5)


@pytest.mark.parametrize(
    ("selectors", "who"),
    [
        (("everybody",), {"ann", "ben", "user_1"}),
        (("people",), {"user_1"}),
        (("ann",), {"ann"}),
        (("role:CSO",), {"ann"}),
        (("department:sales",), {"ann", "ben"}),
        (("capability:CRM",), {"ann"}),
        (("type:manager",), {"ben"}),
        (("role:cmo", "people"), {"user_1"}),
        ((), set()),
    ],
)
def test_selectors_mean(selectors: tuple[str, ...], who: set[str]) -> None:
    ann = agent("ann", role="cso", department="Sales", capabilities={"crm": 0.4, "seo": 0})
    ben = agent("ben", type="manager", department="sales", capabilities={"crm": 0})
    askers: dict[str, AgentInfo | None] = {"ann": ann, "ben": ben, "user_1": None}
    assert {asker for asker, info in askers.items() if allows(selectors, asker, info)} == who


@pytest.mark.parametrize("bad", ["", " ann", "role:", "role: ", "department", "type:robot"])
def test_what_selects_nobody_is_refused(bad: str) -> None:
    for field in ("visible_to", "reachable_by"):
        with pytest.raises(ValueError, match=r"selects nobody|no type of agent"):
            agent("a", **{field: [bad]})


async def test_whom_one_may_not_see_is_not_found(registry: Registry) -> None:
    await registry.register(agent("hidden", role="cso", visible_to=["type:manager"]))
    await registry.register(agent("open", role="cso"))
    await registry.register(agent("boss", type="manager"))

    async def found(viewer: str | None) -> list[str]:
        return [one.agent_id for one in await registry.discover(role="cso", viewer=viewer)]

    assert await found("open") == ["open"]
    assert await found("user_1") == ["open"]
    assert await found("boss") == await found("hidden") == await found(None) == ["hidden", "open"]


async def test_a_group_means_whom_the_sender_may_address(registry: Registry) -> None:
    await registry.register(agent("closed", role="cso", reachable_by=["type:manager"]))
    await registry.register(agent("open", role="cso", max_capacity=1))
    await registry.set_workload("open", 1)
    assert await registry.fitting("role:cso") == ["closed", "open"]
    assert await registry.fitting("role:cso", sender="user_1") == ["open"]
    assert await registry.fitting("role:cso", sender="closed") == ["closed", "open"]


async def test_who_may_address_whom(registry: Registry) -> None:
    await registry.register(agent("closed", reachable_by=["role:cso", "people"]))
    await registry.register(agent("seller", role="CSO"))
    await registry.register(agent("writer", role="content"))
    assert await registry.may_address("seller", "closed")
    assert await registry.may_address("user_1", "closed")
    assert not await registry.may_address("writer", "closed")
    assert await registry.may_address("closed", "closed")
    assert await registry.may_address("closed", "writer")
    assert await registry.may_address("writer", "nobody-yet")
    await registry.update("writer", {"role": "cso"})
    assert await registry.may_address("writer", "closed")
    await registry.update("closed", {"reachable_by": []})
    assert not await registry.may_address("writer", "closed")
    await registry.deregister("closed")
    assert await registry.may_address("writer", "closed")


async def test_a_change_elsewhere_holds_within_a_second(rig: Rig, clock: SimulatedClock) -> None:
    here, there = rig.registry, rig.another()
    await here.register(agent("closed"))
    assert await there.may_address("user_1", "closed")
    await here.update("closed", {"reachable_by": ["type:manager"]})
    await here.register(agent("boss", type="manager"))
    clock.advance(HALF_A_SECOND)
    assert not await there.may_address("user_1", "closed")
    assert await there.may_address("boss", "closed")
    await here.update("boss", {"type": "specialist"})
    clock.advance(HALF_A_SECOND)
    assert not await there.may_address("boss", "closed")


async def test_permissions_are_of_the_definition_and_come_back_as_they_were(registry: Registry) -> None:
    record = await registry.register(agent("a", visible_to=["role:cso"], reachable_by=["people", "ann"]))
    assert (record.visible_to, record.reachable_by) == (("role:cso",), ("people", "ann"))
    assert await registry.get("a") == record
    assert (await registry.register(agent("a"))).reachable_by == ("everybody",)
    assert await registry.may_address("ben", "a")


async def test_a_look_that_takes_long_does_not_undo_a_change_that_was_made_meanwhile(clock: SimulatedClock) -> None:
    looking = asyncio.Event()
    now: list[AgentInfo] = []

    async def read() -> list[AgentInfo]:
        then = list(now)
        await looking.wait()
        return then

    async def find(_agent_id: str) -> None:
        return None

    permissions = Permissions(restricted=read, find=find, clock=clock)
    asked = asyncio.create_task(permissions.may_address("ada", "ben"))
    await asyncio.sleep(0)
    now.append(AgentInfo(agent_id="ben", name="Ben", reachable_by=("type:manager",)))
    permissions.forget()
    permissions.learn(now, since=permissions.look())
    assert not await permissions.may_address("ada", "ben")
    looking.set()
    await asked
    assert not await permissions.may_address("ada", "ben")
