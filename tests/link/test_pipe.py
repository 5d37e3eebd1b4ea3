"""One connection for many askers, at the end of an event loop."""

import asyncio
import time

from folkmoot.link import Link, Pipe, Place


def test_who_ends_in_order_while_the_loop_ends_is_answered_at_once(redis_url: str) -> None:
    """`asyncio.run` cancels every task, the one that reads the answers too."""
    answered: list[object] = []
    keepers: list[asyncio.Task[None]] = []

    async def keep(link: Link, pipe: Pipe) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            answered.append(await pipe.one("PING"))
            await pipe.close()
            await link.close()

    async def program() -> None:
        link = Link(Place.of(redis_url))
        pipe = Pipe(link)
        answered.append(await pipe.one("PING"))
        keepers.append(asyncio.create_task(keep(link, pipe)))
        await asyncio.sleep(0)

    began = time.monotonic()
    asyncio.run(program())
    assert answered == [b"PONG", b"PONG"]
    assert time.monotonic() - began < 4  # the link's patience is five seconds
