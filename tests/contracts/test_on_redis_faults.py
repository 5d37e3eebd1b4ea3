"""What holds on Redis where things meet at a bad moment: each test is a way in which mail was lost, stuck or twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from folkmoot.kernel import SimulatedClock, SystemClock, new_id
from folkmoot.link import Link, LinkDownError, Place
from folkmoot.link.pipe import Command
from folkmoot.messaging import Delivery
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.redis.broker import RedisBroker
from folkmoot.messaging.brokers.redis.desk import Batch, Desk
from folkmoot.messaging.errors import BrokerStoppedError
from folkmoot.storage import Database
from tests.contracts.rigs import HEARTBEAT, PATIENCE, RedisRig, message
from tests.redis_server import running_redis
from tests.redis_sets import ClusteredRedis
from tests.waiting import wait_until


@pytest.fixture
async def rig(redis_url: str, clock: SimulatedClock, database: Database) -> AsyncIterator[RedisRig]:
    """A broker on Redis."""
    rig = RedisRig(redis_url, clock, database)
    await rig.start()
    yield rig
    await rig.stop()


@pytest.fixture
async def patient(
    redis_url: str, clock: SimulatedClock, database: Database
) -> AsyncIterator[tuple[RedisRig, RedisRig]]:
    """Two processes that a busy machine makes nobody take for dead."""
    heartbeat = timedelta(seconds=2)
    both = tuple(RedisRig(redis_url, clock, database, heartbeat=heartbeat) for _ in range(2))
    for one in both:
        await one.start()
    yield both[0], both[1]
    for one in both:
        await one.stop()


async def die(rig: RedisRig) -> None:
    """Nothing is heard of this process any more, and it knows that itself."""
    presence = rig._redis._presence
    assert presence._beating is not None
    presence._beating.cancel()
    await asyncio.gather(presence._beating, return_exceptions=True)
    presence._seen = float("-inf")
    await rig.link.client.delete(rig._redis._names.alive(rig._redis.consumer))


async def status_of(broker: RedisBroker, message_id: str) -> MessageStatus | None:
    record = await broker.find(message_id)
    return None if record is None else record.status


async def test_a_lane_that_ran_empty_in_its_turn_is_not_given_twice(rig: RedisRig) -> None:
    broker, free = rig._redis, asyncio.Event()
    seen: list[object] = []

    async def hold(delivery: Delivery) -> None:
        seen.append(delivery.message.payload.data["n"])
        await free.wait()

    await broker.publish(message(sender="first", data={"n": "first"}))
    late = message(data={"n": "late"}, expires_at=rig.clock.now() + timedelta(seconds=5))
    await broker.publish(late)
    await broker.subscribe("bob", hold, concurrency=1)
    await wait_until(lambda: seen == ["first"])
    rig.clock.advance(timedelta(seconds=6))

    async def expired() -> bool:
        return await status_of(broker, late.message_id) is MessageStatus.EXPIRED

    await wait_until(expired)
    for number in range(2):
        await broker.publish(message(data={"n": number}))
    await broker.subscribe("bob", hold, concurrency=8)
    await wait_until(lambda: 0 in seen)
    await broker.publish(message(sender="last", data={"n": "last"}))
    await wait_until(lambda: "last" in seen)
    assert seen == ["first", 0, "last"]
    free.set()
    await wait_until(lambda: len(seen) == 4)


async def test_mail_is_taken_from_a_redis_that_is_full(tmp_path: Path) -> None:
    with running_redis(folder=tmp_path) as server:
        link = Link(Place.of(server.url))
        broker = RedisBroker(link=link, clock=SystemClock(), heartbeat=HEARTBEAT, patience=timedelta(seconds=1))
        await broker.start()
        seen: list[object] = []

        async def note(delivery: Delivery) -> None:
            seen.append(delivery.message.payload.data["n"])
            await asyncio.sleep(HEARTBEAT.total_seconds() / 4)

        client: Any = link.client
        try:
            await (await broker.subscribe("bob", note)).cancel()
            for number in range(20):
                await broker.publish(message(data={"n": number}))
            await client.config_set("maxmemory", 1)
            with pytest.raises(LinkDownError):
                await broker.publish(message(data={"n": -1}))
            await broker.subscribe("bob", note)
            await wait_until(lambda: seen == list(range(20)))
        finally:
            await broker.stop()
            await link.close()


async def test_a_lane_that_was_given_in_the_moment_of_leaving_is_given_back(rig: RedisRig) -> None:
    broker, seen = rig._redis, list[object]()

    async def note(delivery: Delivery) -> None:
        seen.append(delivery.message.payload.data["n"])

    subscription = await broker.subscribe("bob", note)
    desk = broker._desks["bob"]
    leaving: list[asyncio.Task[None]] = []
    hand_out = desk._hand_out

    def leave_at_once(lane: list[Any]) -> None:
        hand_out(lane)
        leaving.append(asyncio.create_task(subscription.cancel()))
        for worker in subscription._workers:  # type: ignore[attr-defined]  # what `cancel` does, before they began
            worker.cancel()

    desk._hand_out = leave_at_once  # type: ignore[method-assign]  # the moment cannot be met otherwise
    await broker.publish(message(data={"n": 1}))
    await wait_until(lambda: bool(leaving) and leaving[0].done())
    assert seen == []
    await broker.subscribe("bob", note)
    await wait_until(lambda: seen == [1])


async def test_a_flood_of_one_sender_does_not_hold_up_the_others(redis_url: str, clock: SimulatedClock) -> None:
    link = Link(Place.of(redis_url))
    broker = RedisBroker(link=link, clock=clock)
    await broker.start()
    seen, free = list[str](), asyncio.Event()

    async def hold(delivery: Delivery) -> None:
        seen.append(delivery.message.sender_id)
        await free.wait()

    try:
        await asyncio.gather(*(broker.publish(message("bob", "flood")) for _ in range(3_000)))
        await broker.publish(message("bob", "carol"))
        await broker.subscribe("bob", hold, concurrency=4)
        await wait_until(lambda: seen == ["flood", "carol"])
    finally:
        await broker.stop()
        await link.close()


async def test_a_mailbox_that_was_tampered_with_stops_no_other(rig: RedisRig) -> None:
    broker, tries = rig._redis, list[int]()

    async def fail_once(delivery: Delivery) -> None:
        tries.append(delivery.attempt)
        if delivery.attempt == 1:
            raise ValueError("once more")

    client: Any = rig.link.client
    await broker.subscribe("bob", fail_once)
    await client.set(broker._names.lanes("bob"), "not what it was")
    await client.set(broker._names.timers, "not what it was")
    broker._timers.look()
    await broker.subscribe("eve", fail_once)
    await asyncio.sleep(HEARTBEAT.total_seconds() * 3)  # in which this process says twice that it lives
    await client.delete(broker._names.timers)
    await broker.publish(message("eve"))
    await wait_until(lambda: tries == [1])
    rig.clock.advance(timedelta(seconds=2))
    await wait_until(lambda: tries == [1, 2])
    await client.delete(broker._names.lanes("bob"))


async def test_a_process_that_was_taken_for_dead_begins_nothing_of_what_it_had(
    patient: tuple[RedisRig, RedisRig],
) -> None:
    rig, other = patient
    here, there, free = list[object](), list[object](), asyncio.Event()

    async def hold(delivery: Delivery) -> None:
        here.append(delivery.message.payload.data["n"])
        await free.wait()

    async def note(delivery: Delivery) -> None:
        there.append(delivery.message.payload.data["n"])
        await asyncio.sleep(0.05)

    for number in range(3):
        await rig.broker.publish(message(data={"n": number}))
    subscription = await rig.broker.subscribe("bob", hold, concurrency=0)
    rig._redis._desks["bob"]._depth = 3
    await rig.broker.subscribe("bob", hold, concurrency=1)
    await wait_until(lambda: here == [0])
    await die(rig)
    await other.broker.subscribe("bob", note)
    await wait_until(lambda: there == [0])
    await rig._redis._presence._beat(1.0)
    free.set()
    await wait_until(lambda: there == [0, 1, 2])
    assert here == [0]
    await subscription.cancel()


async def test_a_lane_that_came_back_is_not_freed_by_what_was_begun_before(patient: tuple[RedisRig, RedisRig]) -> None:
    rig, other = patient
    here, there = list[object](), list[object]()
    go = {number: asyncio.Event() for number in range(3)}
    go[2].set()

    async def hold(delivery: Delivery) -> None:
        number = delivery.message.payload.data["n"]
        here.append(number)
        await go[number].wait()

    async def note(delivery: Delivery) -> None:
        there.append(delivery.message.payload.data["n"])

    await rig.broker.subscribe("bob", hold, concurrency=2)
    await rig.broker.publish(message(data={"n": 0}))
    await wait_until(lambda: here == [0])
    await die(rig)
    taking = await other.broker.subscribe("bob", note)
    await wait_until(lambda: there == [0])
    await taking.cancel()
    await rig._redis._presence._beat(1.0)
    rig._redis._presence._beating = asyncio.create_task(rig._redis._presence._beat_on())
    for number in (1, 2):
        await rig.broker.publish(message(data={"n": number}))
    await wait_until(lambda: here == [0, 1])
    go[0].set()
    await rig.broker.health_check()
    await other.broker.subscribe("bob", note)
    for _ in range(50):  # time for a turn here and a turn there
        await rig.broker.stats()
        await other.broker.stats()
    assert (here, there) == ([0, 1], [0])  # the second waits for the first, which is being handled here
    go[1].set()
    await wait_until(lambda: 2 in [*here, *there])


@pytest.mark.slow
async def test_a_turn_that_a_clusters_client_repeats_keeps_no_lane(redis_cluster: ClusteredRedis) -> None:
    link = Link(Place.of(redis_cluster.url))
    await link.client.flushall()
    broker = RedisBroker(link=link, clock=SystemClock())
    await broker.start()
    pipe, seen, free = broker._pipe, list[str](), asyncio.Event()
    ask = pipe._ask_cluster

    async def ask_twice(commands: Sequence[Command]) -> list[Any]:
        await ask(commands)
        return await ask(commands)

    async def hold(delivery: Delivery) -> None:
        seen.append(delivery.message.sender_id)
        await free.wait()

    try:
        recipient = new_id()
        for sender in ("alice", "carol", "dave"):
            await broker.publish(message(recipient, sender))
        pipe._ask_cluster = ask_twice  # type: ignore[method-assign]  # as the client does when an answer is lost
        await broker.subscribe(recipient, hold, concurrency=1)
        await wait_until(lambda: len(seen) == 1)
        free.set()
        await wait_until(lambda: sorted(seen) == ["alice", "carol", "dave"])
    finally:
        await broker.stop()
        await link.close()


async def _nothing(_delivery: Delivery) -> None:
    return None


async def test_a_broker_that_could_not_say_goodbye_takes_what_it_had_when_it_starts_again(rig: RedisRig) -> None:
    begun, seen = asyncio.Event(), list[object]()

    async def hold(_delivery: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def note(delivery: Delivery) -> None:
        seen.append(delivery.message.payload.data["n"])

    await rig.broker.publish(message(data={"n": 1}))
    await rig.broker.subscribe("bob", hold)
    await begun.wait()
    await rig._redis._pipe.close()
    await rig.broker.stop()
    await rig.broker.start()
    await rig.broker.subscribe("bob", note)
    await wait_until(lambda: seen == [1])


async def test_a_subscription_that_failed_can_be_made_again_and_hears(
    rig: RedisRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_desk: Desk) -> None:
        raise LinkDownError("Redis is away")

    with monkeypatch.context() as moment:
        moment.setattr(Desk, "open", away)
        with pytest.raises(LinkDownError):
            await rig.broker.subscribe("bob", _nothing)
    assert "bob" not in rig._redis._desks
    await rig.broker.subscribe("bob", _nothing)
    await wait_until(lambda: _heard(rig.link.client, rig._redis._names.bell("bob")))


async def _heard(client: Any, channel: str) -> bool:
    ((_, listeners),) = await client.pubsub_numsub(channel)
    return bool(listeners)


async def test_stopping_does_not_wait_for_a_redis_that_is_away(tmp_path: Path) -> None:
    with running_redis(folder=tmp_path) as server:
        link = Link(Place.of(server.url), patience=0.2)
        broker = RedisBroker(link=link, clock=SystemClock())
        await broker.start()
        server.kill()
        asked = asyncio.ensure_future(broker.request(message(), timeout=timedelta(hours=1)))
        await wait_until(lambda: broker._outbox._sending is not None)
        await asyncio.wait_for(broker.stop(), 10)
        with pytest.raises((LinkDownError, BrokerStoppedError)):
            await asked
        await link.close()


async def test_many_messages_that_are_due_at_once_come_at_once(redis_url: str, clock: SimulatedClock) -> None:
    link = Link(Place.of(redis_url))
    broker = RedisBroker(link=link, clock=clock)
    await broker.start()

    async def gone() -> bool:
        return (await broker.stats()).expired == 2_000

    try:
        soon = clock.now() + timedelta(seconds=1)
        await asyncio.gather(*(broker.publish(message(expires_at=soon)) for _ in range(2_000)))
        clock.advance(timedelta(seconds=2))
        await wait_until(gone, seconds=1.5)
    finally:
        await broker.stop()
        await link.close()


async def test_a_turn_brings_no_more_bytes_than_come_through_in_time(redis_url: str, clock: SimulatedClock) -> None:
    link = Link(Place.of(redis_url))
    broker = RedisBroker(link=link, clock=clock)
    await broker.start()
    desk_asks, seen, brought = broker._pipe._ask, list[str](), list[int]()

    async def weigh(commands: Sequence[Command]) -> list[Any]:
        answers = await desk_asks(commands)
        brought.append(sum(len(str(answer)) for answer in answers))
        return answers

    async def big(delivery: Delivery) -> dict[str, object]:
        seen.append(delivery.message.sender_id)
        return delivery.message.payload.data

    try:
        text = {"text": "x" * 1_000_000}
        await asyncio.gather(*(broker.publish(message(sender=f"s-{n}", data=text)) for n in range(16)))
        broker._pipe._ask = weigh  # type: ignore[method-assign]  # only to see what comes
        await broker.subscribe("bob", big, concurrency=16)
        await wait_until(lambda: len(seen) == 16)
        assert max(brought) < 6_000_000
    finally:
        await broker.stop()
        await link.close()


async def test_what_a_leaving_replica_gives_back_is_taken_at_once(
    rig: RedisRig, redis_url: str, clock: SimulatedClock, database: Database
) -> None:
    other = RedisRig(redis_url, clock, database)
    await other.start()
    begun, seen = asyncio.Event(), list[object]()

    async def hold(_delivery: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def note(delivery: Delivery) -> None:
        seen.append(delivery.message.payload.data["n"])

    await rig.broker.publish(message(data={"n": 1}))
    leaving = await rig.broker.subscribe("bob", hold)
    await begun.wait()
    await other.broker.subscribe("bob", note)
    await leaving.cancel()
    # Sooner than the mailbox would be looked at in any case.
    await wait_until(lambda: seen == [1], seconds=1)
    await other.stop()


async def test_who_comes_while_a_desk_has_something_to_say_gets_no_mail_twice(
    rig: RedisRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("folkmoot.messaging.brokers.redis.desk._FLUSH_SECONDS", 0.1)
    free, seen = asyncio.Event(), list[str]()

    async def hold(delivery: Delivery) -> None:
        seen.append(delivery.message.sender_id)
        await free.wait()

    first = await rig.broker.subscribe("bob", _nothing)
    desk = rig._redis._desks["bob"]
    turn = desk._turn

    async def out_of_reach() -> None:
        desk._unsure = True
        await asyncio.sleep(0.02)

    await rig.broker.request(message(), timeout=PATIENCE)
    desk._turn = out_of_reach  # type: ignore[method-assign]  # as long as Redis is away
    desk.released(Batch(1, "alice", []))
    await first.cancel()
    await rig.broker.subscribe("bob", hold, concurrency=8)
    await rig.broker.publish(message(sender="carol"))
    await wait_until(lambda: seen == ["carol"] or rig._redis._desks["bob"] is desk)
    desk._turn = turn  # type: ignore[method-assign]  # see above
    await wait_until(lambda: not desk._released)
    await rig.broker.publish(message(sender="dave"))
    await wait_until(lambda: "dave" in seen)
    assert seen == ["carol", "dave"]
    free.set()
