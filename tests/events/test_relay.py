"""Events of processes that have no database: every one reaches the log once, whoever reads and whoever dies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from folkmoot.events import BadEventError, EventLog, News
from folkmoot.events.relay import FIELD, Drain, Relay
from folkmoot.kernel import SimulatedClock
from folkmoot.link import Keys, Link, LinkDownError, Place
from folkmoot.storage import Database
from tests.redis_server import RedisServer
from tests.waiting import wait_until

KEY = Keys().registry("news")


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[Link]:
    link = Link(Place.of(redis_url))
    yield link
    await link.close()


@pytest.fixture
def relay(link: Link, clock: SimulatedClock) -> Relay:
    return Relay(link=link, key=KEY, clock=clock)


def server(link: Link, database: Database, clock: SimulatedClock) -> Drain:
    return Drain(link=link, key=KEY, database=database, events=EventLog(database=database, clock=clock), clock=clock)


def happened(number: int) -> News:
    return News(type="counted", subject="somebody", data={"number": number})


async def numbers(database: Database, clock: SimulatedClock) -> list[object]:
    log = EventLog(database=database, clock=clock)
    return [event.data["number"] for event in await log.read(types=["counted"], limit=10_000)]


async def test_what_was_told_elsewhere_is_in_the_log_with_its_own_time(
    link: Link, relay: Relay, database: Database, clock: SimulatedClock
) -> None:
    then = clock.now()
    await relay.tell([happened(1), happened(2)])
    clock.advance(timedelta(minutes=5))
    assert await server(link, database, clock).read() == 2
    events = await EventLog(database=database, clock=clock).read()
    assert [(event.data["number"], event.timestamp) for event in events] == [(1, then), (2, then)]
    assert await link.client.xlen(KEY) == 0, "what is recorded is not kept twice"


async def test_several_servers_record_each_event_once_and_in_order(
    link: Link, relay: Relay, any_database: Database, clock: SimulatedClock
) -> None:
    drains = [server(link, any_database, clock) for _ in range(3)]
    for drain in drains:
        drain.start()
    for first in range(0, 400, 20):
        await relay.tell([happened(number) for number in range(first, first + 20)])

    async def all_there() -> bool:
        return len(await numbers(any_database, clock)) >= 400

    await wait_until(all_there)
    await asyncio.gather(*(drain.stop() for drain in drains))
    assert await numbers(any_database, clock) == list(range(400))


async def test_a_server_that_dies_after_recording_repeats_nothing(
    link: Link, relay: Relay, database: Database, clock: SimulatedClock
) -> None:
    await relay.tell([happened(1)])
    dying = server(link, database, clock)
    entries = await dying._pull("0-0", wait=False)
    await dying._record(entries)
    # Another had read the same entries before the first one trimmed them.
    assert (await server(link, database, clock)._record(entries))[0] == 0
    await relay.tell([happened(2)])
    assert await server(link, database, clock).read() == 1
    assert await numbers(database, clock) == [1, 2]


async def test_what_cannot_be_read_holds_up_nothing(
    link: Link, relay: Relay, database: Database, clock: SimulatedClock
) -> None:
    await link.client.xadd(KEY, {FIELD: b"{"})
    await link.client.xadd(KEY, {"other": b"?"})
    await relay.tell([News(type="x" * 101, subject="somebody", data={})])
    await link.client.xadd(KEY, {FIELD: b'{"type": 7, "subject": "x", "data": {}, "at": "2026-01-05T09:00:00Z"}'})
    await relay.tell([happened(1)])
    await server(link, database, clock).read()
    assert await numbers(database, clock) == [1]
    with pytest.raises(BadEventError, match="JSON"):
        await relay.tell([News(type="odd", subject="x", data={"value": object()})])


async def test_the_stream_is_bounded_where_nobody_reads(link: Link, clock: SimulatedClock) -> None:
    relay = Relay(link=link, key=KEY, clock=clock, longest=100)
    for _ in range(20):
        await relay.tell([happened(number) for number in range(100)])
    assert await link.client.xlen(KEY) <= 200


async def test_a_redis_that_is_away_is_waited_for(
    redis_server: RedisServer, redis_url: str, database: Database, clock: SimulatedClock
) -> None:
    link = Link(Place.of(redis_url), patience=0.3)
    relay, drain = Relay(link=link, key=KEY, clock=clock), server(link, database, clock)
    drain.start()
    await relay.tell([happened(1)])

    async def told(count: int) -> bool:
        return len(await numbers(database, clock)) == count

    await wait_until(lambda: told(1))
    redis_server.pause()
    try:
        with pytest.raises(LinkDownError):
            await relay.tell([happened(2)])
    finally:
        redis_server.go_on()
    await relay.tell([happened(3)])

    async def last() -> bool:
        return (await numbers(database, clock))[-1] == 3

    await wait_until(last)
    await drain.stop()
    await link.close()
