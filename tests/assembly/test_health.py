"""What `/health` makes of the parts: well, down, or only out of reach."""

import asyncio
from datetime import timedelta

from folkmoot.assembly.health import Check, HealthDesk
from folkmoot.kernel import SimulatedClock
from folkmoot.link import Link, Place
from folkmoot.messaging.errors import BrokerStoppedError
from folkmoot.web import Component, Health
from tests.redis_server import running_redis

GONE = "redis://127.0.0.1:1"  # nothing listens there


async def well() -> str | None:
    return None


async def stopped() -> str | None:
    raise BrokerStoppedError("the broker is not running")


async def silent() -> str | None:
    await asyncio.Event().wait()
    return None


async def cut_off() -> str | None:
    link = Link(Place.of(GONE), patience=0.2)
    try:
        await link.ping()
    finally:
        await link.close()
    return None


def desk(clock: SimulatedClock, broker: Check, *, far: tuple[str, ...] = (), registry: Check = well) -> HealthDesk:
    return HealthDesk(
        checks={"database": well, "broker": broker, "registry": registry},
        clock=clock,
        started_at=clock.now(),
        integrations=dict,
        far=far,
    )


def broker_of(health: Health) -> Component:
    found = health.components["broker"]
    assert isinstance(found, Component)
    return found


async def test_all_is_well(clock: SimulatedClock) -> None:
    health = await desk(clock, well)()
    assert (health.status, broker_of(health).status) == ("ok", "ok")


async def test_a_broker_that_stopped_is_down_and_so_is_the_whole(clock: SimulatedClock) -> None:
    health = await desk(clock, stopped)()
    assert (health.status, broker_of(health).status) == ("down", "down")


async def test_a_part_that_nothing_depends_on_only_degrades(clock: SimulatedClock) -> None:
    assert (await desk(clock, well, registry=stopped)()).status == "degraded"


async def test_a_cut_link_degrades_and_says_since_when(clock: SimulatedClock) -> None:
    asked = desk(clock, cut_off)
    first = await asked()
    assert (first.status, broker_of(first).status) == ("degraded", "degraded")
    since = clock.now().isoformat().replace("+00:00", "Z")
    clock.advance(timedelta(minutes=1))
    detail = broker_of(await asked()).detail
    assert detail is not None
    assert "127.0.0.1:1" in detail
    assert f"since {since}" in detail
    assert "kept" in detail


async def test_since_begins_anew_after_it_was_well(clock: SimulatedClock) -> None:
    states = iter([cut_off, well, cut_off])

    async def changing() -> str | None:
        return await next(states)()

    asked = desk(clock, changing)
    await asked()
    assert (await asked()).status == "ok"
    clock.advance(timedelta(minutes=5))
    detail = broker_of(await asked()).detail
    assert detail is not None
    assert clock.now().isoformat()[:19] in detail


async def test_a_far_part_that_does_not_answer_is_out_of_reach_and_a_near_one_is_down(clock: SimulatedClock) -> None:
    far, near = await asyncio.gather(desk(clock, silent, far=("broker",))(), desk(clock, silent)())
    assert (far.status, near.status) == ("degraded", "down")


async def test_redis_that_is_killed_hangs_and_comes_back(clock: SimulatedClock) -> None:
    with running_redis() as server:
        link = Link(Place.of(server.url), patience=5.0)

        async def ping() -> str | None:
            await link.ping()
            return None

        asked = desk(clock, ping, far=("broker",))
        assert (await asked()).status == "ok"
        server.pause()  # connections stay, and nothing is answered: as behind a cut cable
        assert (await asked()).status == "degraded"
        server.go_on()
        server.kill()
        assert (await asked()).status == "degraded"
        server.start()
        health = await asked()
        assert (health.status, broker_of(health).detail) == ("ok", None)
        await link.close()
