"""A round on AgentScope's `RedisMessageBus`, in the peers' environment: it imports no Folkmoot.

An agent's inbox there is a drain queue: `queue_push` appends, `queue_drain` reads and deletes up to a hundred entries
at once. Its own `InboxMiddleware` takes an agent's mail by it, and so do the consumers and workers here, with its own
count of entries. The bus has no request, no acknowledgement, no id that it would know again and no transaction: so the
questions are sent as messages, and every effect is appended to the file.
"""

import asyncio
import json
import sqlite3
import sys
import time
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any, Final

from agentscope.app.message_bus import (  # type: ignore[import-not-found]  # only the peers' environment has it
    MessageBusKeys,
    RedisMessageBus,
)
from redis.exceptions import RedisError

from chaos.ground import KEEPER, PLAIN, SENDERS, Ground
from chaos.plan import plan
from chaos.server import Server
from chaos.strike import Actor, Forked, Troupe
from chaos.tally import count

_LONGEST_PAUSE: Final = 0.03
_LONGEST_WORK: Final = 0.004
_REPLICAS: Final = 2
_AGAIN: Final = 0.05
_QUIET: Final = 5.0


def producer(ground: Ground, port: int) -> None:
    """Sends, and sends again what it has no record of having had accepted."""

    async def live() -> None:
        done = {*ground.accepted.read()}
        async with RedisMessageBus(port=port) as bus:
            await asyncio.gather(*(_send(bus, ground, sender, done) for sender in range(SENDERS)))

    asyncio.run(live())


def taker(ground: Ground, port: int, agent_id: str) -> None:
    """Drains an inbox and handles what came, one after another, until it is killed."""

    async def live() -> None:
        async with RedisMessageBus(port=port) as bus:
            while True:
                try:
                    entries = await bus.queue_drain(MessageBusKeys.inbox(agent_id))
                except (RedisError, OSError):
                    entries = []
                for _, payload in entries:
                    await _handle(ground, payload)
                if not entries:
                    await asyncio.sleep(0.01)

    asyncio.run(live())


async def _send(bus: Any, ground: Ground, sender: int, done: set[str]) -> None:
    random = Random()
    for number in range(ground.messages):
        name = ground.name(number)
        if ground.sender(number) != sender or name in done:
            continue
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))
        inbox = MessageBusKeys.inbox(PLAIN if number % 2 else KEEPER)
        while True:
            try:
                await bus.queue_push(inbox, {"id": name, "text": "x" * 200})
            except (RedisError, OSError):
                await asyncio.sleep(_AGAIN)
            else:
                break
        ground.accepted.write(name)


async def _handle(ground: Ground, payload: dict[str, Any]) -> None:
    ground.begun.write(payload["id"])
    await asyncio.sleep(Random().uniform(0, _LONGEST_WORK))
    ground.plain_effects.write(payload["id"])
    await asyncio.sleep(Random().uniform(0, _LONGEST_WORK))


def main() -> None:
    """Play the round that the first argument describes, and print its tally as one line of JSON."""
    what = json.loads(sys.argv[1])
    folder = Path(what["folder"])
    folder.mkdir(parents=True)
    server = Server(folder)
    ground = Ground(folder=folder / "round", messages=what["messages"], redis_url=server.url)
    ground.folder.mkdir()
    with sqlite3.connect(ground.rows) as connection:
        connection.execute("CREATE TABLE effects (id TEXT NOT NULL)")
    sending = Forked(producer, ground, server.port)
    actors: dict[str, list[Actor]] = {
        "redis": [server],
        "consumer": [Forked(taker, ground, server.port, KEEPER) for _ in range(_REPLICAS)],
        "worker": [Forked(taker, ground, server.port, PLAIN) for _ in range(_REPLICAS)],
        "producer": [sending],
    }
    troupe = Troupe(actors)

    def seen(kind: str) -> int:
        return len(ground.accepted) if kind == "producer" else len(ground.begun)

    def finished() -> bool:
        return not sending.running() and {*ground.names()} <= {*ground.plain_effects.read()}

    began = time.monotonic()
    troupe.start()
    troupe.play(plan(Random(what["seed"]), what["kills"], what["messages"]), seen=seen, finished=finished, quiet=_QUIET)
    crashed = troupe.end()
    tally = count(
        ground,
        unhandled=0,
        back_again=0,
        crashed=crashed,
        kills=troupe.kills,
        seconds=time.monotonic() - began,
    )
    # There is no request, so nothing was asked.
    print(json.dumps(asdict(tally) | {"unanswered": 0}))
