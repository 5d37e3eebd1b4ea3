"""How a subscription lets its workers go, on whichever broker."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from folkmoot.kernel import Clock


async def let_go(workers: Iterable[asyncio.Task[None]], *, drain: timedelta, clock: Clock) -> None:
    """Wait up to `drain` for what they have in hand, then cancel them, and return when they have ended."""
    # A handler may end its own agent: nobody waits for himself.
    others = set(workers) - {asyncio.current_task()}
    if others and drain > timedelta(0):
        finished = asyncio.ensure_future(asyncio.wait(others))
        patience = asyncio.ensure_future(clock.sleep(drain))
        await asyncio.wait({finished, patience}, return_when=asyncio.FIRST_COMPLETED)
        finished.cancel()
        patience.cancel()
    for worker in others:
        worker.cancel()
    await asyncio.gather(*others, return_exceptions=True)
