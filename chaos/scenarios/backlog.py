"""A mailbox nobody empties: a million messages (a hundred thousand in the short run) cost no more each than the first.

Memory is what a process holds (its resident set); cost is time of the processor, ours and that of Redis.
"""

import asyncio
import os
import statistics
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
BYTES_EACH: Final = 500
TEXT: Final = "x" * 200


async def run(stage: Stage) -> Outcome:
    """Fill in ten parts, then empty; the cost of the last parts over that of the first ones."""
    total = LONG if stage.full else SHORT
    counts = Counter[str]()

    async def take(_delivery: Delivery) -> None:
        counts["got"] += 1

    async with stage.broker(mailbox_limit=total) as broker:
        await _send(broker, "elsewhere", SENDERS * 20)
        before, filling, emptying = _resident(), [], []
        began = time.perf_counter()
        for _ in range(PARTS):
            spent = _processor_seconds(stage)
            await _send(broker, "desk", total // PARTS)
            filling.append(_processor_seconds(stage) - spent)
        filled, held = time.perf_counter() - began, _resident() - before
        await broker.subscribe("desk", take)
        began = time.perf_counter()
        for part in range(PARTS):
            spent, counted = _processor_seconds(stage), counts["got"]
            await wait_until(partial(_reached, counts, total * (part + 1) // PARTS), seconds=600)
            emptying.append((_processor_seconds(stage) - spent) / max(counts["got"] - counted, 1))
        emptied = time.perf_counter() - began
    rise, fall = _last_over_first(filling), _last_over_first(emptying)
    figures = {
        "messages": total,
        "bytes_held_each": held / total,
        "sends_per_second": total / filled,
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


async def _send(broker: Broker, recipient: str, count: int) -> None:
    """Send so many, by senders who each send one after another."""

    async def send(sender: int) -> None:
        for _ in range(count // SENDERS):
            await broker.publish(letter(recipient, f"sender-{sender}", text=TEXT))

    await asyncio.gather(*(send(sender) for sender in range(SENDERS)))


def _reached(counts: Counter[str], goal: int) -> bool:
    return counts["got"] >= goal


def _last_over_first(costs: list[float]) -> float:
    third = max(len(costs) // 3, 1)
    return statistics.median(costs[-third:]) / statistics.median(costs[:third])


def _processor_seconds(stage: Stage) -> float:
    """What this process and Redis have had of the processor: what others do on the machine is not in it."""
    spent = time.process_time()
    if stage.server is not None:
        fields = Path(f"/proc/{stage.server.pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
