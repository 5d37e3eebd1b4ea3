"""What only the broker on Redis has: a server that dies and comes back, kinds of Redis, keys, dead consumers."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from folkmoot.kernel import SimulatedClock, SystemClock
from folkmoot.link import Keys, Link, LinkDownError, Place
from folkmoot.messaging import Delivery, Priority
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.redis.broker import RedisBroker
from folkmoot.messaging.brokers.redis.ears import Ears
from folkmoot.messaging.brokers.redis.presence import MOST_DEATHS
from folkmoot.messaging.middleware import Expiry, Retry
from folkmoot.storage import Database
from tests.contracts.leaks import leaked
from tests.contracts.rigs import HEARTBEAT, PATIENCE, RETRY, RedisRig, message
from tests.redis_server import running_redis
from tests.redis_sets import ClusteredRedis, EncryptedRedis, watched_redis
from tests.waiting import wait_until


async def echo(delivery: Delivery) -> dict[str, object]:
    await delivery.stream({"n": 1})
    return {"echo": delivery.message.payload.data}


def broker_on(link: Link, *, replicas: int = 0) -> RedisBroker:
    return RedisBroker(
        link=link,
        clock=SystemClock(),
        middleware=[Expiry(), Retry(RETRY)],
        heartbeat=timedelta(seconds=0.3),
        patience=timedelta(seconds=2 if replicas else 30),
        replicas=replicas,
    )


async def check_all_ways(broker: RedisBroker) -> None:
    """One message each way: published, asked, streamed, broadcast, failed, expired, listed, pruned."""
    await broker.start()
    await broker.subscribe("bob", echo)
    for number in range(20):
        await broker.publish(message(f"agent-{number}", data={"n": number}))
    asked = message(data={"n": 1})
    assert (await broker.request(asked, timeout=PATIENCE)).payload.data == {"echo": {"n": 1}}
    assert (await broker.publish(asked)).duplicate
    assert (await broker.publish(message("carol", message_id=asked.message_id))).recipient_id == "bob"
    heard = [one async for one in broker.request_stream(message(data={"n": 2}), timeout=PATIENCE)]
    assert heard[0] == {"n": 1}
    late = message("agent-0", expires_at=SystemClock().now() + timedelta(seconds=0.5))
    await broker.publish(late)
    await ended(broker, late.message_id, MessageStatus.EXPIRED)
    assert len(await broker.messages(limit=100)) == 23
    assert len(await broker.messages(conversation_id=asked.conversation_id)) == 1
    stats = await broker.stats()
    assert (stats.queued, stats.handled, stats.expired) == (20, 2, 1)
    assert await broker.prune(timedelta(seconds=-5)) == 3
    assert await broker.find(asked.message_id) is None


async def ended(broker: RedisBroker, message_id: str, status: MessageStatus) -> None:
    async def reached() -> bool:
        record = await broker.find(message_id)
        return record is not None and record.status is status

    await wait_until(reached)


@pytest.mark.slow
async def test_a_cluster_keeps_the_same_promises(redis_cluster: ClusteredRedis) -> None:
    link = Link(Place.of(redis_cluster.url))
    await link.client.flushall()
    broker = broker_on(link)
    try:
        await check_all_ways(broker)
    finally:
        await broker.stop()
        await link.close()


@pytest.mark.slow
async def test_tls(redis_over_tls: EncryptedRedis) -> None:
    link = Link(Place.of(redis_over_tls.url))
    await link.client.flushall()
    broker = broker_on(link)
    try:
        await check_all_ways(broker)
    finally:
        await broker.stop()
        await link.close()


@pytest.mark.slow
async def test_mail_goes_on_when_sentinels_choose_another_primary() -> None:
    with watched_redis() as redis:
        link = Link(Place.of(redis.url))
        broker, careful = broker_on(link), broker_on(link, replicas=1)
        await broker.start()
        await careful.start()
        try:
            await broker.subscribe("bob", echo)
            for number in range(5):
                await broker.request(message(data={"n": number}), timeout=PATIENCE)
            await careful.publish(waiting := message("carol"))
            redis.primary.kill()
            after = await broker.request(message(data={"n": 9}), timeout=PATIENCE)
            assert after.payload.data == {"echo": {"n": 9}}
            await broker.subscribe("carol", echo)
            await ended(broker, waiting.message_id, MessageStatus.HANDLED)
            # The new primary has no replica: what cannot be kept twice is not accepted.
            with pytest.raises(LinkDownError, match="REDIS_REPLICAS"):
                await careful.publish(message("carol"))
        finally:
            await broker.stop()
            await careful.stop()
            await link.close()


@pytest.mark.slow
async def test_a_server_that_writes_everything_down_may_be_killed_again_and_again(tmp_path: Path) -> None:
    with running_redis("--appendonly", "yes", "--appendfsync", "always", folder=tmp_path) as server:
        link = Link(Place.of(server.url))
        broker = broker_on(link)
        await broker.start()
        handled: list[int] = []

        async def note(delivery: Delivery) -> None:
            handled.append(delivery.message.payload.data["n"])

        try:
            await broker.subscribe("bob", note)
            for life in range(3):
                sending = [
                    asyncio.ensure_future(broker.publish(message(sender=f"s{n % 7}", data={"n": life * 100 + n})))
                    for n in range(100)
                ]
                await asyncio.sleep(0.005 * life)
                server.kill()
                server.start()
                receipts = await asyncio.gather(*sending)
                assert len(receipts) == 100
            await wait_until(lambda: len(set(handled)) == 300)
        finally:
            await broker.stop()
            await link.close()


async def test_a_send_waits_for_a_redis_that_is_away_and_then_says_so(tmp_path: Path) -> None:
    with running_redis(folder=tmp_path) as server:
        link = Link(Place.of(server.url))
        broker = RedisBroker(link=link, clock=SystemClock(), patience=timedelta(seconds=1))
        await broker.start()
        server.kill()
        with pytest.raises(LinkDownError, match="does not answer"):
            await broker.publish(message())
        with pytest.raises(LinkDownError):
            await broker.health_check()
        server.start()
        await broker.publish(message())
        await broker.health_check()
        await broker.stop()
        await link.close()


async def test_it_ends_in_the_moment_it_hears_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of Redis sends by `asyncio.wait_for`, which loses a cancellation that comes when all is sent."""
    send, closing = AbstractConnection._send_packed_command, list[asyncio.Task[None]]()
    with running_redis(folder=tmp_path) as server:
        link = Link(Place.of(server.url))
        heard_again = asyncio.Event()
        ears = Ears(link=link, again=heard_again.set)

        async def close_once_sent(connection: AbstractConnection, command: list[bytes]) -> None:
            await send(connection, command)
            if not closing and connection is ears._pubsub.connection:
                closing.append(asyncio.create_task(ears.close()))

        await ears.listen("a channel", lambda _told: None)
        monkeypatch.setattr(AbstractConnection, "_send_packed_command", close_once_sent)
        server.kill()
        server.start()
        await wait_until(lambda: bool(closing))
        await asyncio.wait_for(closing[0], 30)
        assert heard_again.is_set(), "the cancellation came at another moment, and was not lost"
        await link.close()


@pytest.mark.parametrize("kind", ["server", "cluster"])
async def test_a_connection_that_broke_is_listened_on_again(kind: str, request: pytest.FixtureRequest) -> None:
    """Also where it breaks and is there again at once: what was told meanwhile has to be looked for."""
    if kind == "server":
        url = request.getfixturevalue("redis_url")
        nodes = [url]
    else:
        cluster: ClusteredRedis = request.getfixturevalue("redis_cluster")
        url, nodes = cluster.url, [one.url for one in cluster.nodes]
    link = Link(Place.of(url))
    looks, heard = list[bool](), list[bytes]()
    ears = Ears(link=link, again=lambda: looks.append(True))
    await ears.listen("a channel", heard.append)
    for round_ in (1, 2):
        for node in nodes:
            async with Redis.from_url(node) as client:
                await client.client_kill_filter(_type="pubsub")
        await wait_until(lambda round_=round_: len(looks) == round_)  # type: ignore[misc]  # a default is how a loop is bound
    async with Redis.from_url(nodes[0]) as client:
        while not heard:
            await client.publish("a channel", b"news")
            await asyncio.sleep(0.01)
    assert set(heard) == {b"news"}
    await ears.close()
    await link.close()


async def test_a_message_that_kills_whoever_handles_it_is_parked(
    redis_url: str, clock: SimulatedClock, database: Database
) -> None:
    rig = RedisRig(redis_url, clock, database)
    await rig.start()
    poison, harmless = message(data={"poison": True}), message("bob", "carol")
    await rig.broker.publish(poison)
    begun: list[int] = []

    async def handle(delivery: Delivery) -> None:
        if delivery.message.payload.data.get("poison"):
            begun.append(delivery.attempt)
            await asyncio.Event().wait()  # its process dies here

    for death in range(1, MOST_DEATHS + 1):
        await rig.broker.subscribe("bob", handle)
        await wait_until(lambda death=death: len(begun) == death)  # type: ignore[misc]  # a default is how a loop is bound
        await rig.crash()
    await rig.broker.subscribe("bob", handle)
    await rig.broker.publish(harmless)
    await rig.broker.request(harmless, timeout=PATIENCE)
    await ended(rig._redis, poison.message_id, MessageStatus.DEAD)
    (dead,) = await rig.broker.dead_letters()
    assert (dead.message, dead.error) == (poison, f"whoever handled it died, {MOST_DEATHS} times")
    assert len(begun) == MOST_DEATHS
    await rig.stop()


async def test_what_a_dead_process_had_is_taken_over_within_two_heartbeats(
    redis_url: str, clock: SimulatedClock, database: Database
) -> None:
    dying, living = RedisRig(redis_url, clock, database), RedisRig(redis_url, clock, database)
    await dying.start()
    await living.start()
    begun = asyncio.Event()

    async def never(_delivery: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    done: list[float] = []

    async def note(_delivery: Delivery) -> None:
        done.append(asyncio.get_running_loop().time())

    await dying.broker.subscribe("bob", never)
    await dying.broker.publish(message())
    await begun.wait()
    await living.broker.subscribe("bob", note)
    died = asyncio.get_running_loop().time()
    await dying._redis._pipe.close()
    await wait_until(lambda: bool(done))
    # As long as a key of one and a half heartbeats lives, and a look four times a heartbeat; the rest is the machine's.
    assert done[0] - died < HEARTBEAT.total_seconds() * 2 + 0.5
    await dying.stop()
    await living.stop()


async def test_urgent_mail_overtakes_what_was_taken_at_once(
    redis_url: str, clock: SimulatedClock, database: Database
) -> None:
    rig = RedisRig(redis_url, clock, database)
    await rig.start()
    seen: list[object] = []

    async def note(delivery: Delivery) -> None:
        seen.append(delivery.message.payload.data["n"])
        if len(seen) == 200:
            await rig.broker.publish(message(sender="boss", priority=Priority.URGENT, data={"n": "urgent"}))
        await asyncio.sleep(0.001)

    async def room() -> bool:
        return (await rig.broker.stats()).queued < 40

    for number in range(50):
        await rig.broker.publish(message(data={"n": number}))
    await rig.broker.subscribe("bob", note, concurrency=1)
    for number in range(50, 400):
        await wait_until(room)
        await rig.broker.publish(message(data={"n": number}))
    await wait_until(lambda: len(seen) == 401)
    assert 200 <= seen.index("urgent") <= 210
    assert [one for one in seen if one != "urgent"] == list(range(400))
    await rig.stop()


async def test_nothing_is_left_of_mail_that_is_forgotten(
    redis_url: str, clock: SimulatedClock, database: Database
) -> None:
    rig = RedisRig(redis_url, clock, database)
    await rig.start()
    subscription = await rig.broker.subscribe("bob", echo)
    for number in range(30):
        await rig.broker.request(message(sender=f"s-{number}"), timeout=PATIENCE)
    await subscription.cancel()
    clock.advance(timedelta(days=8))
    assert await rig.broker.prune() == 30
    await rig.stop()
    client = Link(Place.of(redis_url))
    left = [key async for key in client.client.scan_iter() if await client.client.ttl(key) == -1]
    await client.close()
    assert left == []


async def test_mail_comes_though_another_process_tidied_the_empty_mailbox_away(
    redis_url: str, clock: SimulatedClock, database: Database
) -> None:
    serving, keeping = RedisRig(redis_url, clock, database), RedisRig(redis_url, clock, database)
    await serving.start()
    await keeping.start()
    await serving.broker.subscribe("bob", echo)
    assert await keeping.broker.prune() == 0
    for number in range(3):
        asked = message(data={"n": number})
        assert (await keeping.broker.request(asked, timeout=PATIENCE)).payload.data == {"echo": {"n": number}}
    await serving.stop()
    await keeping.stop()


async def test_a_key_that_nobody_owns_is_noticed(redis_url: str) -> None:
    link = Link(Place.of(redis_url))
    stray = [Keys().mailbox("bob", "m:1"), Keys().house("left"), "anything"]
    for key in stray:
        await link.client.set(key, "x")
    assert sorted(await leaked(redis_url)) == sorted(stray)
    await link.close()
