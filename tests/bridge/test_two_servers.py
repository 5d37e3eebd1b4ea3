"""Several servers share a database: one of them has the connection, another takes it when that one is gone."""

import asyncio
from datetime import timedelta

from folkmoot.bridge import BridgeDesk
from folkmoot.bridge.lease import Lease
from folkmoot.bridge.model import Standing
from folkmoot.kernel import SimulatedClock
from folkmoot.storage import Database
from tests.bridge.outside import QUICK, Outside, bridged, entry
from tests.conversations.house import Talkhouse
from tests.waiting import wait_until

SOON = timedelta(seconds=5)


async def holders(*desks: BridgeDesk) -> list[bool]:
    return [(await desk.states())[0].here for desk in desks]


async def test_one_of_two_has_the_connection_and_both_know_it(house: Talkhouse, server: Outside) -> None:
    async with (
        bridged(house, entry(server), alone=False) as one,
        bridged(house, entry(server), alone=False) as two,
    ):
        await server.connected()
        await wait_until(lambda: both_connected(one, two))
        assert sorted(await holders(one, two)) == [False, True]
        other = two if (await holders(one))[0] else one
        done = await other.send("From the one without.", agent="General", patience=SOON)
        assert done.sent
        await server.say("Shall I run?")
        answers = await server.answered(2)
        assert len(server.paths) == 1
        await other.reconnect("partner")
        await wait_until(lambda: len(server.paths) == 2)
    assert len(answers) == 2


async def test_another_takes_over_and_goes_on(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server), alone=False) as one:
        await server.connected()
        async with bridged(house, entry(server), alone=False) as two:
            await wait_until(lambda: both_connected(one, two))
            first, second = (one, two) if (await holders(one))[0] else (two, one)
            await first.stop()
            await wait_until(lambda: holds(second))
            await wait_until(lambda: both_connected(second))
            await server.say("Shall I run?")
            await server.answered()
    assert len(server.paths) == 2


async def test_a_silent_holder_is_replaced_and_lets_go_before(any_database: Database, clock: SimulatedClock) -> None:
    def lease(owner: str) -> Lease:
        return Lease(database=any_database, bridge="partner", owner=owner, clock=clock, times=QUICK, alone=False)

    one, two = lease("one"), lease("two")
    assert await one.claim()
    assert not await two.claim()
    for _ in range(6):  # it lives: nobody takes the bridge from it
        clock.advance(QUICK.lease / 3)
        assert await one.beat(Standing(connected=True)) == 0
        assert not await two.claim()
    taken: list[bool] = []
    for _ in range(4):
        clock.advance(QUICK.lease / 3)
        taken.append(await two.claim())
    assert taken[-1], "it was silent for a whole lease"
    assert not any(taken[:2])
    assert await one.beat(Standing()) is None, "and hears that it is no longer the holder"
    await two.leave()
    assert await one.claim()


async def test_who_could_not_look_has_watched_nothing(any_database: Database, clock: SimulatedClock) -> None:
    one = Lease(database=any_database, bridge="partner", owner="one", clock=clock, times=QUICK, alone=False)
    two = Lease(database=any_database, bridge="partner", owner="two", clock=clock, times=QUICK, alone=False)
    assert await one.claim()
    assert not await two.claim()
    clock.advance(QUICK.lease * 10)  # the database was away for both
    assert not await two.claim()
    assert await one.beat(Standing()) == 0


async def both_connected(*desks: BridgeDesk) -> bool:
    return all([(await desk.states())[0].connected for desk in desks])


async def holds(desk: BridgeDesk) -> bool:
    await asyncio.sleep(0)
    return (await desk.states())[0].here
