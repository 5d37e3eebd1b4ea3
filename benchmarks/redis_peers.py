"""taskiq, FastStream and docket, each with one process that sends and one that takes, on the same Redis.

Runs in the peers' environment, without Folkmoot. Each is used as its documentation shows it, with its own defaults
where they are not named here; the body is a text of 500 bytes, sent by as many tasks at a time as ours has senders.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from benchmarks.pair import Bells, seconds_of

TEXT = "x" * 500


class Count:
    """Rings when as many were handled as were sent."""

    def __init__(self, bells: Bells, goal: int) -> None:
        self._bells = bells
        self._goal = goal
        self._handled = 0

    def one_more(self) -> None:
        """A message was handled."""
        self._handled += 1
        if self._handled == self._goal:
            self._bells.done.set()


async def _spread(bells: Bells, count: int, senders: int, send: Callable[[], Awaitable[object]]) -> None:
    async def part() -> None:
        for _ in range(count // senders):
            await send()

    await bells.may_send()
    await asyncio.gather(*(part() for _ in range(senders)))
    await asyncio.to_thread(bells.done.wait)


def _taskiq(url: str, handle: Callable[[str], None]) -> tuple[Any, Any]:
    from taskiq_redis import RedisStreamBroker  # type: ignore[import-not-found]  # only the peers' environment has it

    broker = RedisStreamBroker(url)

    async def task(text: str) -> None:
        handle(text)

    return broker, broker.register_task(task, task_name="task")


def send_taskiq(bells: Bells, url: str, count: int, senders: int) -> None:
    """`kiq`."""

    async def live() -> None:
        broker, task = _taskiq(url, lambda _text: None)
        await broker.startup()
        await _spread(bells, count, senders, lambda: task.kiq(TEXT))

    asyncio.run(live())


def take_taskiq(bells: Bells, url: str, count: int, _senders: int) -> None:
    """A receiver, as `taskiq worker` runs it."""
    from taskiq.api import run_receiver_task  # type: ignore[import-not-found]  # see above

    async def live() -> None:
        counted = Count(bells, count)
        broker, _ = _taskiq(url, lambda _text: counted.one_more())
        broker.is_worker_process = True
        receiving = asyncio.create_task(run_receiver_task(broker, run_startup=True))
        await asyncio.sleep(1)
        bells.taking.set()
        await receiving

    asyncio.run(live())


def send_faststream(bells: Bells, url: str, count: int, senders: int) -> None:
    """`publish` to a stream."""
    from faststream.redis import RedisBroker  # type: ignore[import-not-found]  # see above

    async def live() -> None:
        async with RedisBroker(url) as broker:
            await _spread(bells, count, senders, lambda: broker.publish(TEXT, stream="peer"))

    asyncio.run(live())


def take_faststream(bells: Bells, url: str, count: int, senders: int) -> None:
    """A subscriber to the stream with a consumer group, which acknowledges."""
    from faststream.redis import RedisBroker, StreamSub

    async def live() -> None:
        counted = Count(bells, count)
        broker = RedisBroker(url, logger=None)

        @broker.subscriber(stream=StreamSub("peer", group="group", consumer="one", max_records=senders))  # type: ignore[untyped-decorator]  # see above
        async def handle(_text: str) -> None:
            counted.one_more()

        await broker.start()
        bells.taking.set()
        await asyncio.Event().wait()

    asyncio.run(live())


def _docket(handle: Callable[[str], None]) -> Callable[[str], Awaitable[None]]:
    async def task(text: str) -> None:
        handle(text)

    return task


def send_docket(bells: Bells, url: str, count: int, senders: int) -> None:
    """`docket.add`."""
    from docket import Docket  # type: ignore[import-not-found]  # see above

    async def live() -> None:
        async with Docket(name="peer", url=url) as docket:
            task = _docket(lambda _text: None)
            docket.register(task)
            await _spread(bells, count, senders, lambda: docket.add(task)(TEXT))

    asyncio.run(live())


def take_docket(bells: Bells, url: str, count: int, _senders: int) -> None:
    """A worker."""
    from docket import Docket, Worker

    async def live() -> None:
        counted = Count(bells, count)

        async with Docket(name="peer", url=url) as docket:
            docket.register(_docket(lambda _text: counted.one_more()))
            # Its own concurrency: with a hundred it runs out of connections and stops.
            async with Worker(docket, minimum_check_interval=timedelta(milliseconds=5)) as worker:
                bells.taking.set()
                await worker.run_forever()

    asyncio.run(live())


def main() -> None:
    """`name url count senders`: prints the seconds."""
    name, url, count, senders = sys.argv[1:5]
    here = sys.modules[__name__]
    print(seconds_of(getattr(here, f"send_{name}"), getattr(here, f"take_{name}"), url, int(count), int(senders)))
