"""A mailbox nobody empties: a million messages (a hundred thousand in the short run) cost no more each than the first.

What a process holds is measured as its resident memory; what Redis holds is the mail itself, and is reported apart.
"""

import asyncio
import os
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final

from chaos.scenarios.pace import letter
from chaos.scenarios.stage import Outcome, Stage
from folkmoot.messaging import Broker, Delivery
from tests.waiting import wait_until

SHORT, LONG = 100_000, 1_000_000
SENDERS: Final = 100
PARTS: Final = 10
BYTES_EACH: Final = 400
TEXT: Final = "x" * 200


async def run(stage: Stage) -> Outcome:
    """Fill in ten parts, then empty; the cost of the last parts over that of the first ones."""
    total = LONG if stage.full else SHORT
    counts = Counter[str]()

    async def take(_delivery: Delivery) -> None:
        counts["got"] += 1

    async with stage.broker(mailbox_limit=total) as broker:
        await _send(broker, "elsewhere", SENDERS * 20)
        before = _resident()
        filling = [await _send(broker, "desk", total // PARTS) for _ in range(PARTS)]
        held = _resident() - before
        await broker.subscribe("desk", take)
        began = time.perf_counter()
        emptying = []
        for part in range(PARTS):
            marked, counted = time.perf_counter(), counts["got"]
            goal = total * (part + 1) // PARTS
            await wait_until(partial(_reached, counts, goal), seconds=600)
            emptying.append((time.perf_counter() - marked) / max(counts["got"] - counted, 1))
        emptied = time.perf_counter() - began
    rise, fall = _last_over_first(filling), _last_over_first(emptying)
    figures = {
        "messages": total,
        "bytes_held_each": held / total,
        "sends_per_second": 1 / (sum(filling) / len(filling)),
        "handled_per_second": total / emptied,
        "last_send_over_first": rise,
        "last_handled_over_first": fall,
    }
    said = {
        f"the process held {held / total:.0f} bytes a message": held / total > BYTES_EACH,
        f"the last sends cost {rise:.2f} times the first": rise > 2,
        f"the last deliveries cost {fall:.2f} times the first": fall > 2,
    }
    return Outcome(figures=figures, broken=[words for words, wrong in said.items() if wrong])


async def _send(broker: Broker, recipient: str, count: int) -> float:
    """Seconds that one send of so many took, by senders who each send one after another."""

    async def send(sender: int) -> None:
        for _ in range(count // SENDERS):
            await broker.publish(letter(recipient, f"sender-{sender}", text=TEXT))

    began = time.perf_counter()
    await asyncio.gather(*(send(sender) for sender in range(SENDERS)))
    return (time.perf_counter() - began) / count


def _reached(counts: Counter[str], goal: int) -> bool:
    return counts["got"] >= goal


def _last_over_first(costs: list[float]) -> float:
    # The best of several parts, as a busy machine only adds.
    third = max(len(costs) // 3, 1)
    return min(costs[-third:]) / min(costs[:third])


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
