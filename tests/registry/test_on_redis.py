"""What is Redis's own matter in its registry: replicas, workloads after a commit, one round trip, a lost server."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from folkmoot.events import News
from folkmoot.events.relay import Relay
from folkmoot.kernel import SimulatedClock
from folkmoot.link import Link, LinkDownError, Place
from folkmoot.registry import AgentRecord
from folkmoot.storage import Database
from tests.redis_server import RedisServer, free_port, running_redis
from tests.registry.rigs import BEAT, OnRedis, agent
from tests.waiting import wait_until


@pytest.fixture
async def rig(redis_url: str, database: Database, clock: SimulatedClock) -> AsyncIterator[OnRedis]:
    link = Link(Place.of(redis_url), patience=0.5)
    yield OnRedis(link, database, clock)
    await link.close()


async def presences(rig: OnRedis) -> list[Any]:
    return [event.data["status"] for event in await rig.events.read(types=["agent_status"], subject="a")]


async def test_an_agent_is_online_until_its_last_replica_departs(rig: OnRedis) -> None:
    one, two = rig.another(), rig.another()
    await one.register(agent("a"))
    await two.register(agent("a"))
    await one.depart(["a"])
    assert (await one.get("a")).presence == "online"
    await two.depart(["a"])
    assert (await one.get("a")).presence == "offline"
    assert await presences(rig) == ["online", "offline"]


async def test_a_replica_that_died_does_not_keep_an_agent_online(rig: OnRedis, clock: SimulatedClock) -> None:
    dead, living = rig.another(), rig.another()
    await dead.register(agent("a"))
    await living.register(agent("a"))
    for _ in range(3):
        clock.advance(BEAT)
        await living.heartbeat(["a"])
        assert await rig.registry.notice() == []
    await living.depart(["a"])
    assert (await rig.registry.get("a")).presence == "offline"


async def test_a_departed_replica_s_heartbeat_counts_no_more(rig: OnRedis, clock: SimulatedClock) -> None:
    quiet, leaving = rig.another(), rig.another()
    await quiet.register(agent("a"))
    clock.advance(BEAT)
    await leaving.register(agent("a"))
    await leaving.depart(["a"])
    clock.advance(BEAT)
    assert (await rig.registry.get("a")).presence == "offline", "the other was silent for two heartbeats"
    assert [one.agent_id for one in await rig.registry.notice()] == ["a"]


async def test_replicas_that_came_and_went_do_not_pile_up(rig: OnRedis, clock: SimulatedClock) -> None:
    for _ in range(40):
        clock.advance(BEAT * 3)
        replica = rig.another()
        await replica.register(agent("a"))
        await replica.heartbeat(["a"])
    assert await rig.link.client.hlen(rig.keys.registry("replicas:a")) <= 9


async def test_one_heartbeat_is_one_command_for_all_agents(rig: OnRedis) -> None:
    ids = [f"agent-{number}" for number in range(100)]
    for agent_id in ids:
        await rig.registry.register(agent(agent_id))
    await rig.registry.heartbeat(ids)

    async def commands() -> int:
        return int((await rig.link.client.info("commandstats"))["cmdstat_evalsha"]["calls"])

    before = await commands()
    assert await rig.registry.heartbeat([*ids, "ghost"], active=ids[:3]) == {"ghost"}
    assert await commands() - before == 1


async def test_a_workload_is_written_after_the_commit_and_never_without(rig: OnRedis) -> None:
    await rig.registry.register(agent("a"))
    async with rig.database.write() as session:
        await rig.registry.set_workload("a", 2, session=session)
        async with session.begin_nested():
            pass  # its end is no commit
        await asyncio.sleep(0)
        assert (await rig.registry.get("a")).current_workload == 0
        await rig.registry.set_workload("a", 3, session=session)
    await rig.settle()
    assert (await rig.registry.get("a")).current_workload == 3


async def test_a_workload_waits_for_a_redis_that_is_away(rig: OnRedis, redis_server: RedisServer) -> None:
    await rig.registry.register(agent("a"))
    redis_server.pause()
    try:
        async with rig.database.write() as session:
            await rig.registry.set_workload("a", 2, session=session)
        with pytest.raises(LinkDownError, match="REDIS_URL"):
            await rig.registry.get("a")
    finally:
        redis_server.go_on()

    async def written() -> bool:
        return (await rig.registry.get("a")).current_workload == 2

    await wait_until(written)


async def test_an_answer_that_was_lost_is_asked_for_again_and_tells_nothing_twice(
    rig: OnRedis, clock: SimulatedClock
) -> None:
    await rig.registry.register(agent("a"))
    found = await rig._here._shelf.find_one("a")
    assert found is not None
    changed = await rig.registry.rename("a", "Anna")
    told = len(await rig.events.read())
    entry = (await rig._here._shelf.find(ids=["a"]))[0].entry
    assert await rig._here._shelf.keep("a", found, entry, [], now=clock.now()), "it is as this try wanted it"
    assert not await rig._here._shelf.keep("a", found, found.entry, [], now=clock.now())
    assert (len(await rig.events.read()), await rig.registry.get("a")) == (told, changed)


async def test_agents_come_back_to_a_redis_that_lost_everything(rig: OnRedis) -> None:
    await rig.registry.register(agent("a", role="cso"))
    await rig.link.client.flushall()
    assert await rig.registry.heartbeat(["a"]) == {"a"}
    record: AgentRecord = await rig.registry.register(agent("a", role="cso"))
    assert await rig.registry.discover(role="cso") == [record]


async def test_presence_is_by_the_clock_that_is_passed_in(rig: OnRedis, clock: SimulatedClock) -> None:
    await rig.registry.register(agent("a"))
    clock.advance(BEAT * 2 - timedelta(microseconds=1))
    assert (await rig.registry.get("a")).presence == "online"
    clock.advance(timedelta(microseconds=1))
    assert (await rig.registry.get("a")).presence == "offline"
    assert await rig.registry.fitting("everybody") == []


async def test_a_cluster_keeps_it_together_on_one_node(database: Database, clock: SimulatedClock) -> None:
    with running_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        one = Redis(port=server.port)
        await one.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")  # type: ignore[no-untyped-call]  # the library's own
        await one.aclose()
        link = Link(Place.of(f"redis+cluster://127.0.0.1:{server.port}"))

        async def up() -> bool:
            try:
                with link.faults():
                    return await link.client.exists("{registry}") == 0
            except LinkDownError:
                return False

        await wait_until(up)
        rig = OnRedis(link, database, clock)
        await rig.registry.register(agent("a", role="cso"))
        assert await rig.registry.heartbeat(["a", "ghost"]) == {"ghost"}
        assert await rig.registry.fitting("role:CSO") == ["a"]
        await rig.registry.depart(["a"])
        relay = Relay(link=link, key=rig.keys.registry("news"), clock=clock)
        await relay.tell([News(type="told", subject="a", data={})])
        assert [one.type for one in await rig.events.read()] == [
            "agent_registered",
            "agent_status",
            "agent_status",
            "told",
        ]
        await link.close()
