"""How much of a bare queue and future is left when messages are delivered in this process and kept nowhere.

The broker is `InMemoryBroker`. Its peers: an `asyncio.Queue` with a future for each question, which hands over the
object itself; and with `--peers` autogen-core's runtime (`autogen_peer.py`). Rounds alternate, medians are compared.
"""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.messaging import PATIENCE, SENDERS, messages, spread
from chaos.peers.environment import ROOT, peers_python
from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery
from folkmoot.messaging.brokers.memory.broker import InMemoryBroker

ASKED = 8_000
ROUNDS = 5


async def bare_queue() -> float:
    """Round trips a second through an `asyncio.Queue` and a future."""
    mailbox: asyncio.Queue[tuple[AgentMessage, asyncio.Future[dict[str, Any]]]] = asyncio.Queue()

    async def handle() -> None:
        for _ in range(ASKED):
            _message, answer = await mailbox.get()
            answer.set_result({"ok": True})

    async def ask(item: AgentMessage) -> None:
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        await mailbox.put((item, answer))
        await answer

    handling = asyncio.create_task(handle())
    seconds = await spread(messages(ASKED, "agent"), ask)
    await handling
    return ASKED / seconds


async def broker_in_memory() -> float:
    """Round trips a second by `request` over a broker without a journal."""
    broker = InMemoryBroker(clock=SystemClock())
    await broker.start()

    async def handle(_delivery: Delivery) -> dict[str, Any]:
        return {"ok": True}

    await broker.subscribe("agent", handle, concurrency=SENDERS)
    seconds = await spread(messages(ASKED, "agent"), lambda item: broker.request(item, timeout=PATIENCE))
    await broker.stop()
    return ASKED / seconds


async def autogen() -> float:
    """Round trips a second by `send_message` over autogen-core's runtime."""

    def measured() -> float:
        command = "from benchmarks.autogen_peer import main; main()"
        done = subprocess.run(
            [str(peers_python()), "-c", command, str(ASKED), str(SENDERS)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
        )
        return float(done.stdout.split()[-1])

    return ASKED / await asyncio.to_thread(measured)


async def run() -> dict[str, Any]:
    """Rates per second, and the shares of the bare queue's."""
    contestants: dict[str, Callable[[], Awaitable[float]]] = {"broker": broker_in_memory, "bare_queue": bare_queue}
    if "--peers" in sys.argv:
        contestants["autogen_core"] = autogen
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            rates[name].append(await contestant())
    medians = {name: statistics.median(values) for name, values in rates.items()}
    shares = {"of_bare_queue": medians["broker"] / medians["bare_queue"]}
    if "autogen_core" in medians:
        shares["times_autogen_core"] = medians["broker"] / medians["autogen_core"]
    return {
        "per_second": {name: round(rate) for name, rate in medians.items()},
        **{name: round(share, 3) for name, share in shares.items()},
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run()), indent=2))
