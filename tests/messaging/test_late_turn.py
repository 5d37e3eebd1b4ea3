"""A turn that was given up and arrives after all: a network that was cut hands over late what it had kept."""

import asyncio
from datetime import timedelta

from folkmoot.kernel import SystemClock
from folkmoot.link import Link, Place
from folkmoot.messaging import AgentMessage, Delivery
from folkmoot.messaging.brokers.redis.broker import RedisBroker
from tests.waiting import wait_until

HEARTBEAT = timedelta(seconds=30)  # nobody is taken for dead here


class Keeping:
    """A way to Redis that keeps what is sent on its present connections, until it is told to hand that over."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ways: list[_Way] = []
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """The URL."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    def keep(self) -> None:
        for way in self._ways:
            way.keeps = True

    @property
    def kept(self) -> bytes:
        return b"".join(way.kept for way in self._ways)

    def hand_over(self) -> None:
        for way in self._ways:
            way.keeps = False
            way.to_redis.write(way.kept)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for way in self._ways:
            way.to_redis.close()
            way.to_client.close()
        await asyncio.gather(*(way.back for way in self._ways), return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_connection("127.0.0.1", self._port)
        way = _Way(to_redis, to_client, asyncio.create_task(_pump(from_redis, to_client)))
        self._ways.append(way)
        while data := await reader.read(65536):
            if way.keeps:
                way.kept += data
            else:
                to_redis.write(data)


class _Way:
    def __init__(
        self, to_redis: asyncio.StreamWriter, to_client: asyncio.StreamWriter, back: asyncio.Task[None]
    ) -> None:
        self.to_redis = to_redis
        self.to_client = to_client
        self.back = back
        self.keeps = False
        self.kept = b""


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


async def test_a_turn_that_arrives_late_takes_nothing(redis_url: str) -> None:
    place = Place.of(redis_url)
    keeping = Keeping(place.hosts[0][1])
    far_link = Link(Place.of(await keeping.open()), patience=0.3)
    near_link = Link(place)
    far = RedisBroker(link=far_link, clock=SystemClock(), heartbeat=HEARTBEAT)
    near = RedisBroker(link=near_link, clock=SystemClock(), heartbeat=HEARTBEAT)
    handled: list[str] = []
    free = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        handled.append(delivery.message.message_id)
        await free.wait()

    await far.start()
    await near.start()
    await far.subscribe("bob", handle, concurrency=1)
    keeping.keep()
    ids = [f"message-{number}" for number in range(4)]
    for one in ids[:1]:
        await near.publish(AgentMessage(message_id=one, sender_id=one, recipient_id="bob", intent="notification"))
    await wait_until(lambda: handled == ids[:1])  # by a second turn, on a new connection
    for one in ids[1:]:
        await near.publish(AgentMessage(message_id=one, sender_id=one, recipient_id="bob", intent="notification"))
    assert b"EVALSHA" in keeping.kept
    keeping.hand_over()
    await wait_until(lambda: _answered(near))
    free.set()
    await wait_until(lambda: sorted(handled) == ids)
    await far.stop()
    await near.stop()
    await far_link.close()
    await near_link.close()
    await keeping.close()


async def _answered(near: RedisBroker) -> bool:
    """Redis has done what was handed over before: it does one thing after another."""
    await near.health_check()
    return True
