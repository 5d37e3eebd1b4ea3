"""How much of raw redis-py streams is left when messages are sent, handled and answered over the Redis broker.

A producer and a consumer, each a process of its own, on a Redis of the benchmark's own: once without persistence, once
with `appendonly yes` and `appendfsync everysec`. The raw limits are in `redis_raw.py`. Rounds alternate, and medians
are compared. With `--peers` taskiq, FastStream and docket run in the same rounds, from an environment made for them
(`redis_peers.py`); `python -m benchmarks redis_messaging --peers`.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import redis_raw
from benchmarks.messaging import SENDERS, messages, spread
from benchmarks.pair import Bells, seconds_of
from chaos.brokers import opened, prepare
from chaos.ground import Ground
from chaos.peers.environment import ROOT, peers_python
from folkmoot.messaging import Delivery, Reply
from tests.redis_server import RedisServer
from tests.waiting import wait_until

ONE_WAY = 20_000
ASKED = 4_000
ASKED_ALONE = 1_000
ROUNDS = 3
PATIENCE = timedelta(seconds=60)
SERVERS = {"memory": (), "appendonly": ("--appendonly", "yes", "--appendfsync", "everysec")}
PEERS = ("taskiq", "faststream", "docket")


def send(bells: Bells, ground: Ground, count: int, askers: int) -> None:
    """Publish `count` messages; with `askers`, ask as many at a time."""

    async def live() -> None:
        async with opened(ground) as broker:
            items = messages(count, "agent")
            await bells.may_send()
            if askers:
                await spread(items, lambda item: broker.request(item, timeout=PATIENCE), senders=askers)
                bells.done.set()
            else:
                await spread(items, broker.publish, senders=redis_raw.BATCH)
            await asyncio.to_thread(bells.done.wait)

    asyncio.run(live())


def take(bells: Bells, ground: Ground, count: int, askers: int) -> None:
    """Handle them; without `askers` the end is when all are acknowledged."""
    handled = 0

    async def handle(_delivery: Delivery) -> Reply:
        nonlocal handled
        handled += 1
        return {"ok": True} if askers else None

    async def live() -> None:
        async with opened(ground) as broker:
            await broker.subscribe("agent", handle, concurrency=SENDERS)
            bells.taking.set()

            async def all_acknowledged() -> bool:
                return handled >= count and not (await broker.stats()).mailboxes

            if not askers:
                await wait_until(all_acknowledged, seconds=PATIENCE.total_seconds())
                bells.done.set()
            await asyncio.Event().wait()

    asyncio.run(live())


def ours(url: str, count: int, askers: int = 0) -> float:
    """Messages, or round trips, a second over the broker."""
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(folder=Path(folder) / "ground", messages=0, redis_url=url)
        asyncio.run(prepare(ground))
        return count / seconds_of(send, take, ground, count, askers)


def raw(url: str, count: int, askers: int = 0) -> float:
    """Messages, or round trips, a second over raw streams."""
    bodies = [item.to_bytes() for item in messages(count, "agent")]
    if askers:
        return count / seconds_of(redis_raw.send_asked, redis_raw.take_asked, url, bodies, askers)
    return count / seconds_of(redis_raw.send_one_way, redis_raw.take_one_way, url, bodies)


def raw_blocking(url: str, count: int) -> float:
    """Messages a second over raw streams, by the client that blocks."""
    bodies = [item.to_bytes() for item in messages(count, "agent")]
    return count / seconds_of(redis_raw.send_blocking, redis_raw.take_blocking, url, bodies)


def peer(name: str, url: str, count: int) -> float:
    """Messages a second over a peer."""
    command = "from benchmarks.redis_peers import main; main()"
    done = subprocess.run(
        [str(peers_python()), "-c", command, name, url, str(count), str(SENDERS)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    return count / float(done.stdout.split()[-1])


def run() -> dict[str, Any]:
    """Rates per second and shares, for each kind of server."""
    contestants: dict[str, Callable[[str], float]] = {
        "one_way_broker": partial(ours, count=ONE_WAY),
        "one_way_raw": partial(raw, count=ONE_WAY),
        "one_way_raw_blocking": partial(raw_blocking, count=ONE_WAY),
        "ask_broker": partial(ours, count=ASKED, askers=SENDERS),
        "ask_raw": partial(raw, count=ASKED, askers=SENDERS),
        "ask_alone_broker": partial(ours, count=ASKED_ALONE, askers=1),
        "ask_alone_raw": partial(raw, count=ASKED_ALONE, askers=1),
    }
    if "--peers" in sys.argv:
        contestants |= {f"one_way_{name}": partial(peer, name, count=ONE_WAY // 4) for name in PEERS}
    return {kind: _measure(contestants, options) for kind, options in SERVERS.items()}


def _measure(contestants: dict[str, Callable[[str], float]], options: Sequence[str]) -> dict[str, Any]:
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            # Each has a server of its own: nobody finds what another left behind.
            with tempfile.TemporaryDirectory() as folder:
                server = RedisServer(Path(folder), options=options)
                server.start()
                try:
                    rates[name].append(contestant(server.url))
                finally:
                    server.kill()
    medians = {name: statistics.median(values) for name, values in rates.items()}
    shares = {
        "one_way_of_raw": medians["one_way_broker"] / medians["one_way_raw"],
        "one_way_of_raw_blocking": medians["one_way_broker"] / medians["one_way_raw_blocking"],
        "ask_of_raw": medians["ask_broker"] / medians["ask_raw"],
        "ask_alone_of_raw": medians["ask_alone_broker"] / medians["ask_alone_raw"],
    }
    for name in PEERS:
        if f"one_way_{name}" in medians:
            shares[f"one_way_{name}_of_raw"] = medians[f"one_way_{name}"] / medians["one_way_raw"]
            shares[f"one_way_times_{name}"] = medians["one_way_broker"] / medians[f"one_way_{name}"]
    return {
        "per_second": {name: round(rate) for name, rate in medians.items()},
        **{name: round(share, 3) for name, share in shares.items()},
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
