"""Whoever tries passwords waits longer and longer; whoever knows theirs is never locked out."""

from datetime import timedelta

import pytest

from folkmoot.kernel import Family, SimulatedClock
from folkmoot.security.errors import TooManyAttemptsError
from folkmoot.security.throttle import SignInThrottle


@pytest.fixture
def throttle(clock: SimulatedClock) -> SignInThrottle:
    return SignInThrottle(clock=clock)


async def fail(throttle: SignInThrottle, name: str, address: str) -> None:
    await throttle.admit(name=name, address=address)
    await throttle.failed(name=name, address=address)


async def wait_of(throttle: SignInThrottle, name: str, address: str) -> int:
    try:
        await throttle.admit(name=name, address=address)
    except TooManyAttemptsError as error:
        wait = error.fields["retry_after_seconds"]
        assert isinstance(wait, int)
        return wait
    await throttle.failed(name=name, address=address)
    return 0


async def test_the_wait_doubles_after_some_free_attempts(throttle: SignInThrottle, clock: SimulatedClock) -> None:
    waits: list[int] = []
    for _ in range(16):
        await fail(throttle, "ann", "192.0.2.1")
        waits.append(wait := await wait_of(throttle, "ann", "192.0.2.1") if len(waits) >= 3 else 0)
        clock.advance(timedelta(seconds=wait))
    assert waits[:9] == [0, 0, 0, 1, 2, 4, 8, 16, 32]
    assert max(waits) == 900, "nobody waits more than a quarter of an hour"


async def test_the_wait_is_true(throttle: SignInThrottle, clock: SimulatedClock) -> None:
    for _ in range(4):
        await fail(throttle, "ann", "192.0.2.1")
    clock.advance(timedelta(seconds=0.9))
    assert await wait_of(throttle, "ann", "192.0.2.1") == 1
    clock.advance(timedelta(seconds=0.1))
    assert await wait_of(throttle, "ann", "192.0.2.1") == 0


async def test_another_name_or_another_address_is_not_held_up(throttle: SignInThrottle) -> None:
    for _ in range(4):
        await fail(throttle, "ann", "192.0.2.1")
    assert await wait_of(throttle, "ben", "192.0.2.1") == 0
    assert await wait_of(throttle, "ann", "192.0.2.2") == 0
    assert await wait_of(throttle, " ANN ", "192.0.2.1") == 1, "case and blanks do not make another name"


async def test_an_address_that_tries_many_names_has_to_wait(throttle: SignInThrottle) -> None:
    for number in range(21):
        await fail(throttle, f"name {number}", "192.0.2.1")
    assert await wait_of(throttle, "somebody new", "192.0.2.1") == 1
    assert await wait_of(throttle, "somebody new", "192.0.2.2") == 0


async def test_nobody_is_locked_out_by_failures_from_elsewhere(throttle: SignInThrottle, clock: SimulatedClock) -> None:
    for number in range(200):
        clock.advance(timedelta(seconds=5))
        await fail(throttle, "admin", f"198.51.100.{number}")
    wait = await wait_of(throttle, "admin", "192.0.2.1")
    assert 0 < wait <= 5
    clock.advance(timedelta(seconds=wait))
    await throttle.admit(name="admin", address="192.0.2.1")
    await throttle.succeeded(name="admin", address="192.0.2.1")


async def test_success_forgets_the_failures_of_that_name_there(throttle: SignInThrottle, clock: SimulatedClock) -> None:
    for _ in range(3):
        await fail(throttle, "ann", "192.0.2.1")
    await throttle.admit(name="ann", address="192.0.2.1")
    await throttle.succeeded(name="ann", address="192.0.2.1")
    for _ in range(3):
        assert await wait_of(throttle, "ann", "192.0.2.1") == 0
    clock.advance(timedelta(seconds=1))


async def test_many_at_once_are_counted_before_the_first_is_answered(throttle: SignInThrottle) -> None:
    admitted = 0
    for _ in range(50):
        try:
            await throttle.admit(name="ann", address="192.0.2.1")
        except TooManyAttemptsError:
            continue
        admitted += 1
    assert admitted == 4


async def test_what_failed_long_ago_is_forgotten(throttle: SignInThrottle, clock: SimulatedClock) -> None:
    for _ in range(4):
        await fail(throttle, "ann", "192.0.2.1")
    clock.advance(timedelta(hours=1, seconds=1))
    for _ in range(3):
        assert await wait_of(throttle, "ann", "192.0.2.1") == 0


async def test_the_refusal_is_one_of_too_much(throttle: SignInThrottle) -> None:
    for _ in range(4):
        await fail(throttle, "ann", "192.0.2.1")
    with pytest.raises(TooManyAttemptsError, match="try again in 1 s") as refused:
        await throttle.admit(name="ann", address="192.0.2.1")
    assert refused.value.family is Family.LIMITED


async def test_whoever_always_succeeds_is_never_held_up(throttle: SignInThrottle) -> None:
    for _ in range(200):
        await throttle.admit(name="ann", address="192.0.2.1")
        await throttle.succeeded(name="ann", address="192.0.2.1")
