"""What the processes of a round do, from their start until they are killed or done. No server, no model: a broker.

On the embedded broker one process is everything (`house`). On Redis the producer, each consumer (a replica of
`keeper`) and each worker (a replica of `plain`) is a process of its own.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from chaos.broken import broken
from chaos.brokers import opened
from chaos.ground import KEEPER, PLAIN, Ground
from chaos.send import send_all
from chaos.take import keeper, plain
from folkmoot.messaging import Broker
from folkmoot.telemetry import configure_logging
from tests.waiting import wait_until

PATIENCE: Final = 30.0


def house(ground: Ground) -> None:
    """Broker, producer and both agents; ends when everything was sent, answered and acknowledged."""

    async def live() -> None:
        async with opened(ground) as plainly:
            broker = broken(plainly, ground)
            await broker.subscribe(KEEPER, keeper(ground))
            await broker.subscribe(PLAIN, plain(ground))
            await send_all(broker, ground)
            await emptied(broker)

    _run(live())


def producer(ground: Ground) -> None:
    """Sends; ends when everything was accepted and answered."""

    async def live() -> None:
        async with opened(ground) as broker:
            await send_all(broker, ground)

    _run(live())


def consumer(ground: Ground) -> None:
    """A replica of `keeper`, until it is killed."""
    _run(_take(ground, KEEPER))


def worker(ground: Ground) -> None:
    """A replica of `plain`, until it is killed."""
    _run(_take(ground, PLAIN))


async def emptied(broker: Broker) -> None:
    """Return when no mailbox holds anything."""

    async def empty() -> bool:
        return not (await broker.stats()).mailboxes

    await wait_until(empty, seconds=PATIENCE)


async def _take(ground: Ground, agent_id: str) -> None:
    async with opened(ground) as broker:
        await broker.subscribe(agent_id, keeper(ground) if agent_id == KEEPER else plain(ground))
        await asyncio.Event().wait()


def _run(life: Coroutine[Any, Any, None]) -> None:
    # That Redis is away, or that somebody's mail was taken over, is the plan: hundreds of lines would hide the figures.
    configure_logging(level="ERROR")
    asyncio.run(life)
