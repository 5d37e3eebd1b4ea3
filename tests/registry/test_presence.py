"""Presence where several processes look: of what one says, the others know, and nobody says it twice."""

import asyncio
import random
from contextlib import aclosing

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.registry import AgentExistsError, Registry
from folkmoot.registry.on_redis.entry import new_entry
from folkmoot.registry.select import in_turn
from tests.registry.rigs import BEAT, Rig, Told, agent


async def test_several_servers_notice_a_silence_once(rig: Rig, clock: SimulatedClock, events: Told) -> None:
    others = [rig.another() for _ in range(3)]
    for number in range(5):
        await rig.registry.register(agent(f"a{number}"))
    start = await events.latest_id()
    clock.advance(BEAT * 1.5)
    changed = await asyncio.gather(*(one.notice() for one in (rig.registry, *others)))
    assert sorted(one.agent_id for some in changed for one in some) == [f"a{number}" for number in range(5)]
    assert [event.data["status"] for event in await events.read(after=start)] == ["offline"] * 5


async def test_whoever_comes_back_is_told_of_once(rig: Rig, clock: SimulatedClock, events: Told) -> None:
    await rig.registry.register(agent("a"))
    clock.advance(BEAT * 2)
    await rig.registry.notice()
    start = await events.latest_id()
    await rig.registry.heartbeat(["a"], active=["a"])
    await rig.another().heartbeat(["a"])
    assert [event.data["status"] for event in await events.read(after=start)] == ["online"]
    record = await rig.registry.get("a")
    assert record.last_active == record.last_seen == clock.now()


async def test_a_silence_is_seen_in_every_process(rig: Rig) -> None:
    await rig.registry.register(agent("a"))
    async with asyncio.timeout(10), aclosing(rig.another().follow_silences()) as changes:
        assert await anext(changes) == frozenset()
        await rig.registry.silence("a", reason="it errs", by="user_ann")
        assert await anext(changes) == {"a"}
        assert (await rig.another().get("a")).presence == "silenced"
        await rig.registry.deregister("a")
        assert await anext(changes) == frozenset()


async def test_changes_at_the_same_time_lose_nothing(rig: Rig) -> None:
    registries = [rig.registry, *(rig.another() for _ in range(3))]
    await rig.registry.register(agent("a", capabilities={}))

    async def learn(number: int) -> None:
        registry = registries[number % len(registries)]
        await registry.set_workload("a", number + 1)
        await registry.rename("a", f"Name {number}")
        await registry.heartbeat(["a"])

    await asyncio.gather(
        *(learn(number) for number in range(8)),
        rig.registry.update("a", {"department": "sales"}),
        rig.another().set_availability("a", "busy", max_capacity=9),
    )
    record = await rig.registry.get("a")
    assert (record.department, record.availability, record.max_capacity) == ("sales", "busy", 9)
    assert record.current_workload in range(1, 9)


async def test_of_two_that_claim_an_id_one_gets_it(rig: Rig) -> None:
    claims = [rig.registry.register(agent("a", name=str(number)), new=True) for number in range(2)]
    done = await asyncio.gather(*claims, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["AgentExistsError", "AgentRecord"], done
    with pytest.raises(AgentExistsError):
        await rig.another().register(agent("a"), new=True)


async def test_case_does_not_count_in_any_language(registry: Registry) -> None:
    await registry.register(agent("a", role="Ärztin", capabilities=["Straße"], supported_intents=("custom:Plan",)))
    for filters in ({"role": "ÄRZTIN"}, {"capability": "STRASSE"}, {"intent": "custom:plan"}):
        assert [one.agent_id for one in await registry.discover(**filters)] == ["a"], filters  # type: ignore[arg-type]  # texts all


async def test_agents_that_fit_equally_take_turns(registry: Registry) -> None:
    for agent_id in ("a", "b", "c", "busy"):
        await registry.register(agent(agent_id, role="cso"))
    await registry.set_workload("busy", 1)
    first = {(await registry.fitting("role:cso"))[0] for _ in range(60)}
    assert first == {"a", "b", "c"}


def test_a_seeded_chance_repeats_itself(clock: SimulatedClock) -> None:
    entries = [new_entry(agent(f"a{number}"), now=clock.now()) for number in range(9)]
    one, two = (in_turn(entries, now=clock.now(), chance=random.Random(7)) for _ in range(2))
    assert one == two != [entry.agent_id for entry in entries]
