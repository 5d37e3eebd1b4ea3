"""The raw limits on Redis: redis-py's streams with a consumer group and acknowledgement, and nothing around them.

One way: XADD in pipelines of 200 by one process; XREADGROUP of up to 200, and their XACKs in one pipeline, by another.
Once by redis-py's asyncio client, which is what the broker uses, and once by its blocking client, which is faster.
Asked: each command on its own (XADD, XREADGROUP, XACK, XADD of the reply, XREAD), by as many askers as are named.
"""

import asyncio
import itertools
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from benchmarks.pair import Bells

BATCH = 200
STREAM, GROUP, ANSWERS = "raw", "group", "raw-answers"


def send_one_way(bells: Bells, url: str, bodies: list[bytes]) -> None:
    """Pipelines of `BATCH` XADDs, on asyncio as the broker is."""

    async def send() -> None:
        client = AsyncRedis.from_url(url)
        await bells.may_send()
        for start in range(0, len(bodies), BATCH):
            pipeline = client.pipeline(transaction=False)
            for body in bodies[start : start + BATCH]:
                pipeline.xadd(STREAM, {"b": body})
            await pipeline.execute()
        await asyncio.to_thread(bells.done.wait)

    asyncio.run(send())


def take_one_way(bells: Bells, url: str, bodies: list[bytes]) -> None:
    """Reads of up to `BATCH`, their acknowledgements in one pipeline, on asyncio."""

    async def take() -> None:
        client: Any = AsyncRedis.from_url(url)
        await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        bells.taking.set()
        taken = 0
        while taken < len(bodies):
            for _, entries in await client.xreadgroup(GROUP, "one", {STREAM: ">"}, count=BATCH, block=1000) or ():
                pipeline = client.pipeline(transaction=False)
                for entry_id, _fields in entries:
                    pipeline.xack(STREAM, GROUP, entry_id)
                await pipeline.execute()
                taken += len(entries)
        bells.done.set()

    asyncio.run(take())


def send_blocking(bells: Bells, url: str, bodies: list[bytes]) -> None:
    """As `send_one_way`, by the client that blocks: nothing in Python is faster."""
    client = Redis.from_url(url)
    bells.sending.set()
    bells.go.wait()
    for start in range(0, len(bodies), BATCH):
        pipeline = client.pipeline(transaction=False)
        for body in bodies[start : start + BATCH]:
            pipeline.xadd(STREAM, {"b": body})
        pipeline.execute()
    bells.done.wait()


def take_blocking(bells: Bells, url: str, bodies: list[bytes]) -> None:
    """As `take_one_way`, by the client that blocks."""
    client: Any = Redis.from_url(url)
    client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    bells.taking.set()
    taken = 0
    while taken < len(bodies):
        for _, entries in client.xreadgroup(GROUP, "one", {STREAM: ">"}, count=BATCH, block=1000) or ():
            pipeline = client.pipeline(transaction=False)
            for entry_id, _fields in entries:
                pipeline.xack(STREAM, GROUP, entry_id)
            pipeline.execute()
            taken += len(entries)
    bells.done.set()


def send_asked(bells: Bells, url: str, bodies: list[bytes], askers: int) -> None:
    """Each asker sends its next question when it has its answer."""

    async def ask() -> None:
        client: Any = AsyncRedis.from_url(url, max_connections=askers + 2)
        waiting: dict[bytes, asyncio.Future[bytes]] = {}

        async def read() -> None:
            last = b"0"
            while True:
                for _, entries in await client.xread({ANSWERS: last}, count=BATCH, block=1000) or ():
                    for entry_id, fields in entries:
                        last = entry_id
                        waiting.pop(fields[b"n"]).set_result(fields[b"b"])

        async def one(part: list[tuple[int, bytes]]) -> None:
            for number, body in part:
                key = str(number).encode()
                answer = waiting[key] = asyncio.get_running_loop().create_future()
                await client.xadd(STREAM, {"n": key, "b": body})
                await answer

        numbered = [*enumerate(bodies)]
        reading = asyncio.create_task(read())
        await bells.may_send()
        await asyncio.gather(*(one(numbered[start::askers]) for start in range(askers)))
        bells.done.set()
        reading.cancel()

    asyncio.run(ask())


def take_asked(bells: Bells, url: str, _bodies: list[bytes], askers: int) -> None:
    """Acknowledges each question and sends its answer, one command after another."""

    async def take() -> None:
        client: Any = AsyncRedis.from_url(url, max_connections=askers + 2)
        await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        bells.taking.set()

        async def answer(entry_id: bytes, fields: dict[bytes, bytes]) -> None:
            await client.xack(STREAM, GROUP, entry_id)
            await client.xadd(ANSWERS, {"n": fields[b"n"], "b": fields[b"b"]})

        for _ in itertools.count():
            for _, entries in await client.xreadgroup(GROUP, "one", {STREAM: ">"}, count=askers, block=1000) or ():
                await asyncio.gather(*(answer(*entry) for entry in entries))

    asyncio.run(take())
