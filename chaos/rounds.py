"""A round on each broker: who its processes are, how its end is known, and the look around afterwards."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

from chaos import live
from chaos.brokers import opened, prepare
from chaos.ground import Ground
from chaos.plan import plan
from chaos.server import Server
from chaos.strike import Actor, Forked, Troupe
from chaos.tally import Tally, count

_REPLICAS: Final = 2


def embedded_round(folder: Path, random: Random, *, kills: int, messages: int, broken: str = "") -> Tally:
    """One process is everything: it is killed so often, and started again on the same journal."""
    ground = Ground(folder=folder, messages=messages, broken=broken)
    asyncio.run(prepare(ground))
    house = Forked(live.house, ground)
    troupe = Troupe({"house": [house]})
    began = time.monotonic()
    troupe.start()

    def seen(_kind: str) -> int:
        return len(ground.begun)

    troupe.play(plan(random, {"house": kills}, messages), seen=seen, finished=lambda: not house.running())
    before = len(ground.begun)
    crashed = troupe.end()
    unhandled = asyncio.run(_ended(ground))
    # One more life on the same journal: what was acknowledged stays so.
    house.start()
    troupe.play([], seen=seen, finished=lambda: not house.running())
    crashed += troupe.end()
    return count(
        ground,
        unhandled=unhandled,
        back_again=len(ground.begun) - before,
        crashed=crashed,
        kills=troupe.kills,
        seconds=time.monotonic() - began,
    )


def redis_round(folder: Path, random: Random, *, kills: Mapping[str, int], messages: int) -> Tally:
    """Redis, one producer, two consumers and two workers, each a process of its own."""
    folder.mkdir(parents=True)
    server = Server(folder)
    ground = Ground(folder=folder / "round", messages=messages, redis_url=server.url)
    asyncio.run(prepare(ground))
    producer = Forked(live.producer, ground)
    actors: dict[str, list[Actor]] = {
        "redis": [server],
        "consumer": [Forked(live.consumer, ground) for _ in range(_REPLICAS)],
        "worker": [Forked(live.worker, ground) for _ in range(_REPLICAS)],
        "producer": [producer],
    }
    troupe = Troupe(actors)

    def finished() -> bool:
        return not producer.running() and {*ground.names()} <= {*ground.kept_effects(), *ground.plain_effects.read()}

    began = time.monotonic()
    troupe.start()
    try:
        troupe.play(plan(random, kills, messages), seen=lambda kind: _seen(ground, kind), finished=finished)
        unhandled = asyncio.run(_ended(ground))
        before = len(ground.begun)
        # Once more without warning: what was acknowledged stays so.
        server.kill()
        server.start()
        asyncio.run(_ended(ground))
    finally:
        crashed = troupe.end()
    return count(
        ground,
        unhandled=unhandled,
        back_again=len(ground.begun) - before,
        crashed=crashed,
        kills=troupe.kills,
        seconds=time.monotonic() - began,
    )


def _seen(ground: Ground, kind: str) -> int:
    return len(ground.accepted) if kind == "producer" else len(ground.begun)


async def _ended(ground: Ground) -> int:
    """Wait until no mailbox holds anything; how many messages did not end as handled."""
    async with opened(ground) as broker:
        if ground.redis_url is not None:
            with contextlib.suppress(AssertionError):  # what is left is counted below
                await live.emptied(broker)
        stats = await broker.stats()
        return stats.dead + stats.expired + sum(stats.mailboxes.values())
