"""The small parts: the retry policy, the alarm, the mailbox."""

import asyncio
from datetime import timedelta
from random import Random

import pytest

from folkmoot.kernel import Family, FolkmootError, SimulatedClock
from folkmoot.messaging.brokers.alarm import Alarm
from folkmoot.messaging.brokers.mailboxes import Mailbox, Mailboxes
from folkmoot.messaging.retry import RetryPolicy
from tests.waiting import wait_until


def test_backoff_grows_to_a_limit_and_is_spread() -> None:
    plain = RetryPolicy(first_delay=timedelta(seconds=1), longest_delay=timedelta(seconds=10), jitter=0)
    assert [plain.delay(attempt).total_seconds() for attempt in (1, 2, 3, 4, 5, 1000)] == [1, 2, 4, 8, 10, 10]
    spread = RetryPolicy(first_delay=timedelta(seconds=10), jitter=0.2, random=Random(1))
    delays = {spread.delay(1).total_seconds() for _ in range(50)}
    assert len(delays) > 40
    assert all(8 <= delay <= 12 for delay in delays)


def test_giving_up() -> None:
    class HopelessError(FolkmootError):
        family = Family.INVALID

    policy = RetryPolicy(attempts=3)
    assert not policy.gives_up(2, RuntimeError())
    assert policy.gives_up(3, RuntimeError())
    assert policy.gives_up(1, HopelessError("no"))
    for wrong in ({"attempts": 0}, {"factor": 0.5}, {"jitter": 2}, {"first_delay": timedelta(seconds=-1)}):
        with pytest.raises(ValueError, match="retry policy"):
            RetryPolicy(**wrong)


async def test_the_alarm_rings_in_order_and_not_before(clock: SimulatedClock) -> None:
    alarm, rung = Alarm(clock), list[str]()
    alarm.after(3, lambda: rung.append("c"))
    alarm.after(1, lambda: rung.append("a"))
    alarm.after(2, lambda: rung.append("b"))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=0.5))
    await asyncio.sleep(0)
    assert rung == []
    clock.advance(timedelta(seconds=2))
    await wait_until(lambda: rung == ["a", "b"])
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=1))
    await wait_until(lambda: rung == ["a", "b", "c"])
    await alarm.stop()


async def test_cancelled_appointments_do_not_pile_up(clock: SimulatedClock) -> None:
    alarm = Alarm(clock)
    rung = list[int]()
    for number in range(10_000):
        alarm.cancel(alarm.after(60, lambda: rung.append(1)))
        assert len(alarm._appointments) < 600, number
    await alarm.stop()


def test_a_withdrawn_message_is_skipped() -> None:
    mailbox = Mailbox("bob")
    for seq in (1, 2, 3):
        mailbox.add(seq, "alice", 1)
    mailbox.withdraw(1)
    taken = mailbox.take()
    assert taken is not None
    lane, seq = taken
    assert seq == 2
    assert mailbox.take() is None
    mailbox.give_back(lane, seq)
    mailbox.withdraw(2)
    mailbox.withdraw(3)
    assert mailbox.take() is None
    assert not mailbox._lanes
    assert not mailbox._withdrawn


def test_an_empty_mailbox_is_forgotten() -> None:
    mailboxes = Mailboxes()
    mailbox = mailboxes.of("bob")
    mailbox.size = 1
    mailboxes.one_less(mailbox)
    assert mailboxes.sizes() == {}
    assert mailboxes.of("bob") is not mailbox


async def test_an_appointment_that_fails_does_not_stop_the_alarm(clock: SimulatedClock) -> None:
    alarm, rung = Alarm(clock), list[str]()

    def fail() -> None:
        raise RuntimeError("not my day")

    alarm.after(1, fail)
    alarm.after(1, lambda: rung.append("next"))
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=1))
    await wait_until(lambda: rung == ["next"])
    await alarm.stop()
