"""How often a provider is asked: by the minute and at once, with a wait that is bounded."""

import asyncio
from datetime import timedelta

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.models.errors import ModelLimitedError
from folkmoot.models.gate import ProviderGate
from tests.waiting import wait_until

WAIT = timedelta(seconds=10)


async def through(gate: ProviderGate, passed: list[int], number: int, leave: asyncio.Event | None = None) -> None:
    async with gate.passed():
        passed.append(number)
        if leave is not None:
            await leave.wait()


async def test_the_minute_moves_on(clock: SimulatedClock) -> None:
    gate = ProviderGate("openai", clock=clock, patience=WAIT, per_minute=2)
    passed: list[int] = []
    await through(gate, passed, 1)
    clock.advance(timedelta(seconds=55))
    await through(gate, passed, 2)
    late = asyncio.create_task(through(gate, passed, 3))
    await asyncio.sleep(0)
    assert passed == [1, 2]
    with pytest.raises(ModelLimitedError, match="2 times a minute") as refused:
        await through(gate, passed, 4)  # its turn would come in 60 seconds, after that of the third
    assert refused.value.fields["retry_after_seconds"] == 60
    clock.advance(timedelta(seconds=5))
    await late
    assert passed == [1, 2, 3]
    assert gate.limits.last_minute == 2


async def test_a_turn_that_is_not_taken_is_given_back(clock: SimulatedClock) -> None:
    gate = ProviderGate("openai", clock=clock, patience=timedelta(seconds=60), per_minute=1)
    passed: list[int] = []
    await through(gate, passed, 1)
    given_up = asyncio.create_task(through(gate, passed, 2))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    next_one = asyncio.create_task(through(gate, passed, 3))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=60))
    await next_one
    assert passed == [1, 3]


async def test_places_are_given_in_order(clock: SimulatedClock) -> None:
    gate = ProviderGate("ollama", clock=clock, patience=WAIT, at_once=1)
    passed: list[int] = []
    doors = [asyncio.Event() for _ in range(4)]
    tasks = [asyncio.create_task(through(gate, passed, number, doors[number])) for number in range(4)]
    await wait_until(lambda: gate.limits.waiting == 3)
    tasks[1].cancel()
    doors[0].set()
    await wait_until(lambda: passed == [0, 2])
    doors[2].set()
    doors[3].set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert passed == [0, 2, 3]
    assert (gate.limits.on_their_way, gate.limits.waiting) == (0, 0)


async def test_nobody_waits_for_a_place_for_ever(clock: SimulatedClock) -> None:
    gate = ProviderGate("ollama", clock=clock, patience=WAIT, at_once=1)
    passed: list[int] = []
    door = asyncio.Event()
    holder = asyncio.create_task(through(gate, passed, 1, door))
    waiter = asyncio.create_task(through(gate, passed, 2))
    await wait_until(lambda: gate.limits.waiting == 1)
    clock.advance(WAIT)
    with pytest.raises(ModelLimitedError, match="1 requests are on their way"):
        await waiter
    door.set()
    await holder
    await through(gate, passed, 3)
    assert passed == [1, 3]


async def test_a_place_that_came_to_one_who_left_is_not_lost(clock: SimulatedClock) -> None:
    gate = ProviderGate("ollama", clock=clock, patience=WAIT, at_once=1)
    passed: list[int] = []
    door = asyncio.Event()
    holder = asyncio.create_task(through(gate, passed, 1, door))
    waiter = asyncio.create_task(through(gate, passed, 2))
    await wait_until(lambda: gate.limits.waiting == 1)
    door.set()
    await holder  # the place has gone to the waiter, which has not run yet
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    await through(gate, passed, 3)
    assert gate.limits.on_their_way == 0


async def test_without_limits_everything_passes(clock: SimulatedClock) -> None:
    gate = ProviderGate("openai", clock=clock, patience=WAIT)
    passed: list[int] = []
    await asyncio.gather(*(through(gate, passed, number) for number in range(100)))
    assert len(passed) == 100
