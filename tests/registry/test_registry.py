"""The registry: who exists, who is online, who may be given work; three things that do not mix."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.messaging import Directory
from folkmoot.registry import (
    AgentExistsError,
    AgentInfo,
    BadAgentError,
    Registry,
    UnknownAgentError,
)
from tests.registry.rigs import BEAT, Rig, Told, agent


async def told(events: Told, *types: str) -> list[tuple[str, Any]]:
    return [(event.subject, event.data.get("status")) for event in await events.read(types=types or None)]


async def test_what_is_registered_is_found_as_it_was(registry: Registry, clock: SimulatedClock) -> None:
    info = agent(
        "twin.alice",
        name="Alice",
        type="twin",
        role="CTO",
        department="Engineering",
        description="Builds things",
        person="Alice Ahn",
        capabilities={"python": 0.9, "sql": 0.0},
        supported_intents=("consult", "negotiate"),
        max_capacity=3,
        metadata={"color": "teal", "nested": [1, {"a": None}]},
        owner="workplace file",
    )
    record = await registry.register(info)
    assert record == await registry.get("twin.alice")
    assert AgentInfo(**{name: getattr(record, name) for name in AgentInfo.model_fields}) == info
    assert (record.presence, record.availability, record.current_workload, record.utilization) == (
        "online",
        "available",
        0,
        0.0,
    )
    assert record.registered_at == record.last_seen == clock.now()
    assert record.model_dump(mode="json")["utilization"] == 0.0


async def test_nobody_is_nobody(registry: Registry) -> None:
    for ask in (
        registry.get("x"),
        registry.update("x", {"role": "cso"}),
        registry.rename("x", "X"),
        registry.deregister("x"),
        registry.set_availability("x", "busy"),
    ):
        with pytest.raises(UnknownAgentError, match="'x'"):
            await ask
    assert await registry.heartbeat(["x"]) == {"x"}


async def test_registering_again_keeps_what_people_chose(registry: Registry, events: Told) -> None:
    await registry.register(agent("a", name="Ann", max_capacity=5))
    await registry.rename("a", "Anna")
    await registry.set_availability("a", "busy", max_capacity=2)
    quiet = await events.latest_id()
    record = await registry.register(agent("a", name="Ann", max_capacity=5))
    assert (record.name, record.max_capacity, record.availability) == ("Anna", 2, "busy")
    assert await events.read(after=quiet) == [], "nothing has changed, so nothing is told"
    # The definition itself has changed: it wins.
    record = await registry.register(agent("a", name="Antonia", max_capacity=7, role="cso"))
    assert (record.name, record.max_capacity, record.role) == ("Antonia", 7, "cso")
    with pytest.raises(AgentExistsError, match="'a'"):
        await registry.register(agent("a"), new=True)
    await registry.deregister("a")
    await registry.register(agent("a"), new=True)


async def test_updating_changes_what_is_given_and_bad_input_nothing(registry: Registry) -> None:
    await registry.register(agent("a", role="cmo", capabilities=["seo"]))
    await registry.rename("a", "Anna")
    changed = await registry.update("a", {"capabilities": {"seo": 0.5, "ads": 1}, "department": "marketing"})
    assert (changed.role, changed.department, changed.name) == ("cmo", "marketing", "Anna")
    assert changed.capabilities == {"seo": 0.5, "ads": 1.0}
    for bad in ({"capabilities": {"seo": 2}}, {"type": "robot"}, {"unknown": 1}, {"max_capacity": -1}):
        with pytest.raises(BadAgentError):
            await registry.update("a", bad)
    for name in ("", "  ", "x" * 201):
        with pytest.raises(BadAgentError, match="name"):
            await registry.rename("a", name)
    assert await registry.get("a") == changed
    assert (await registry.update("a", {"name": "Anton"})).name == "Anton"


async def test_discovery_narrows_by_everything_given(registry: Registry) -> None:
    await registry.register(agent("a", role="CSO", department="Sales", capabilities={"crm": 1}, type="manager"))
    await registry.register(agent("b", role="cso", department="sales", capabilities={"CRM": 0.2, "seo": 0}))
    await registry.register(agent("c", role="cmo", supported_intents=("consult",)), online=False)

    async def found(**filters: Any) -> list[str]:
        return [record.agent_id for record in await registry.discover(**filters)]

    assert await found() == ["a", "b", "c"]
    assert await found(role="cso") == ["a", "b"]
    assert await found(department="SALES", type="manager") == ["a"]
    assert await found(capability="crm") == ["a", "b"]
    assert await found(capability="seo") == []
    assert await found(intent="consult") == ["c"]
    assert await found(online_only=True) == ["a", "b"]
    assert await found(role="cso", capability="cr") == []


async def test_a_silent_agent_is_noticed_within_two_heartbeats_and_told_of_once(
    registry: Registry, clock: SimulatedClock, events: Told
) -> None:
    for agent_id in ("a", "b"):
        await registry.register(agent(agent_id))
    start = await events.latest_id()
    for tick in range(4):
        clock.advance(BEAT / 2)
        if tick % 2:
            await registry.heartbeat(["b"])
        await registry.notice()
    assert [(event.subject, event.data["status"]) for event in await events.read(after=start)] == [("a", "offline")]
    assert (await registry.get("a")).presence == "offline"
    assert (await registry.get("b")).presence == "online"
    await registry.notice()
    assert len(await events.read(after=start)) == 1
    assert await registry.heartbeat(["a", "b", "ghost"]) == {"ghost"}
    assert [(event.subject, event.data["status"]) for event in await events.read(after=start)] == [
        ("a", "offline"),
        ("a", "online"),
    ]


async def test_presence_is_the_truth_even_when_nobody_watches(registry: Registry, clock: SimulatedClock) -> None:
    """As after a crash of everything: the row still says online, the silence says otherwise."""
    await registry.register(agent("a"))
    clock.advance(2 * BEAT)
    assert (await registry.get("a")).presence == "offline"
    assert await registry.discover(online_only=True) == []


async def test_a_departing_agent_is_offline_at_once_and_stays_known(registry: Registry, events: Told) -> None:
    await registry.register(agent("a"))
    await registry.depart(["a", "ghost"])
    await registry.depart(["a"])
    assert (await registry.get("a")).presence == "offline"
    assert await told(events, "agent_status") == [("a", "online"), ("a", "offline")]


async def test_everything_survives_a_restart(registry: Registry, rig: Rig) -> None:
    await registry.register(agent("a", role="cso"))
    await registry.set_availability("a", "away")
    assert await rig.another().get("a") == await registry.get("a")


async def test_availability_ends_by_itself(registry: Registry, clock: SimulatedClock, events: Told) -> None:
    await registry.register(agent("a"))
    until = clock.now() + timedelta(hours=1)
    record = await registry.set_availability("a", "away", until=until)
    assert (record.availability, record.until) == ("away", until)
    clock.advance(timedelta(hours=1))
    assert (await registry.get("a")).availability == "available"
    assert (await registry.get("a")).until is None
    await registry.heartbeat(["a"])
    start = await events.latest_id()
    assert [one.agent_id for one in await registry.notice()] == ["a"]
    assert [event.data["availability_status"] for event in await events.read(after=start)] == ["available"]
    assert await registry.notice() == []


async def test_a_bad_availability_changes_nothing(registry: Registry, clock: SimulatedClock) -> None:
    await registry.register(agent("a"))
    before = await registry.get("a")
    with pytest.raises(BadAgentError, match="use one of available, busy, away, offline"):
        await registry.set_availability("a", "asleep")
    with pytest.raises(BadAgentError, match="max_capacity"):
        await registry.set_availability("a", "busy", max_capacity=-1)
    for until in (clock.now(), datetime(2030, 1, 1)):  # noqa: DTZ001  # a time without a zone is the case
        with pytest.raises(BadAgentError, match="until"):
            await registry.set_availability("a", "busy", until=until)
    assert await registry.get("a") == before


async def test_workload_is_set_with_the_task_that_makes_it(registry: Registry, rig: Rig, events: Told) -> None:
    await registry.register(agent("a", max_capacity=4))
    await registry.register(agent("idle", max_capacity=0))

    async def fail() -> None:
        async with rig.database.write() as session:
            await registry.set_workload("a", 9, session=session)
            raise RuntimeError("the task was not given after all")

    with pytest.raises(RuntimeError):
        await fail()
    assert (await registry.get("a")).current_workload == 0
    start = await events.latest_id()
    async with rig.database.write() as session:
        await registry.set_workload("a", 3, session=session)
    await rig.settle()
    record = await registry.get("a")
    assert (record.current_workload, record.utilization) == (3, 0.75)
    assert record.last_active is not None
    assert [event.data["current_workload"] for event in await events.read(after=start)] == [3]
    assert (await registry.get("idle")).utilization == 1.0
    async with rig.database.write() as session:
        await registry.set_workload("ghost", 1, session=session)
    await rig.settle()
    await registry.set_workload("idle", 1)
    assert (await registry.get("idle")).current_workload == 1


async def test_addresses_mean_online_agents_the_least_loaded_first(registry: Registry, rig: Rig) -> None:
    directory: Directory = registry
    for agent_id in ("a", "b", "c"):
        await registry.register(agent(agent_id, role="cso", department="sales", capabilities=["crm"], max_capacity=4))
    await registry.register(agent("off", role="cso"), online=False)
    await registry.register(agent("refusing", role="cso"))
    await registry.set_availability("refusing", "offline")
    await registry.register(agent("z", role="cmo"))
    async with rig.database.write() as session:
        await registry.set_workload("a", 2, session=session)
        await registry.set_workload("b", 1, session=session)
    await rig.settle()
    assert await directory.fitting("role:CSO") == ["c", "b", "a"]
    assert await directory.fitting("department:sales") == ["c", "b", "a"]
    assert await directory.fitting("capability:crm") == ["c", "b", "a"]
    everybody = await directory.fitting("everybody")
    assert (set(everybody[:2]), everybody[2:]) == ({"c", "z"}, ["b", "a"])
    for nobody in ("role:cfo", "role:", "a", "online_only:1", "", "type:manager"):
        assert await directory.fitting(nobody) == []


async def test_statistics_count_everybody(registry: Registry, rig: Rig) -> None:
    empty = await registry.get_registry_stats()
    assert (empty.total, empty.utilization, empty.oldest_heartbeat) == (0, 0.0, None)
    await registry.register(agent("a", role="cso", type="twin", max_capacity=4))
    await registry.register(agent("b", role="cso", max_capacity=6), online=False)
    async with rig.database.write() as session:
        await registry.set_workload("a", 5, session=session)
    await rig.settle()
    stats = await registry.get_registry_stats()
    assert (stats.total, stats.online, stats.offline) == (2, 1, 1)
    assert stats.by_role == {"cso": 2}
    assert stats.by_type == {"twin": 1, "specialist": 1}
    assert stats.by_availability == {"available": 2}
    assert (stats.workload, stats.capacity, stats.utilization) == (5, 10, 0.5)


async def test_what_happens_is_told(registry: Registry, events: Told) -> None:
    await registry.register(agent("a"))
    await registry.update("a", {"description": "now with words"})
    await registry.set_availability("a", "busy")
    await registry.set_availability("a", "busy")
    await registry.deregister("a")
    assert [event.type for event in await events.read(subject="a")] == [
        "agent_registered",
        "agent_status",
        "agent_updated",
        "agent_status",
        "agent_deregistered",
    ]


async def test_capabilities_may_be_a_list_and_ids_must_be_addresses() -> None:
    assert agent("a", capabilities=["seo", "ads"]).capabilities == {"seo": 1.0, "ads": 1.0}
    for bad in ("", "two words", "a/b", "x" * 201):
        with pytest.raises(ValueError, match="agent_id"):
            agent(bad)
