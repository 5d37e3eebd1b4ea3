"""What it costs to be watched: messages a second with nothing counted, with metrics, and with every message traced.

All are the embedded broker with the same handler; `bare` counts and traces nothing. Rounds alternate, and medians are
compared. Traced spans go to a processor that keeps none: what is measured is making them, not the network. Beside it
stands what one span costs while nothing is traced, and what masking costs a log line.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from folkmoot.kernel import SystemClock
from folkmoot.messaging import AgentMessage, Delivery, MessagePayload
from folkmoot.messaging.brokers.embedded import EmbeddedBroker
from folkmoot.messaging.store import Inbox
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics, Tracing, bound_to
from folkmoot.telemetry.masking import Masking
from folkmoot.telemetry.traces import RecordedTracing

MESSAGES: Final = 4_000
ROUNDS: Final = 3
CALLS: Final = 100_000
LINE: Final = "request handled path=/api/tasks status=200 duration=0.012 user_id=admin request_id=16217fec-ac3c"


async def run() -> dict[str, Any]:
    """The rates, as shares of the bare broker's, and the small costs in microseconds."""
    kinds: Mapping[str, dict[str, Any]] = {
        "bare": {},
        "metrics": {"metrics": Metrics()},
        "metrics and traces": {"metrics": Metrics(), "tracing": _recorded()},
    }
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, parts in kinds.items():
            rates[name].append(await _rate(parts))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    off, masking = Tracing(), Masking(["a-known-secret"])
    return {
        "messages a second, bare": medians["bare"],
        "share left with metrics": medians["metrics"] / medians["bare"],
        "share left with metrics and traces": medians["metrics and traces"] / medians["bare"],
        "microseconds a span, off": _each(lambda: off.span("x").__enter__()),
        "microseconds a binding": _each(lambda: bound_to(message_id="m", agent_id="a").__enter__()),
        "microseconds a masked line": _each(lambda: masking.text(LINE), CALLS // 20),
    }


def _recorded() -> RecordedTracing:
    from opentelemetry.sdk.trace import TracerProvider  # of an extra

    return RecordedTracing(TracerProvider(shutdown_on_exit=False))


async def _rate(parts: dict[str, Any]) -> float:
    with tempfile.TemporaryDirectory(prefix="folkmoot-bench-") as folder:
        database, clock = Database(f"sqlite:///{folder}/marks.db"), SystemClock()
        broker = EmbeddedBroker(
            journal=Path(folder) / "journal.db", clock=clock, inbox=Inbox(database=database, clock=clock), **parts
        )
        await broker.start()
        left, done = MESSAGES, asyncio.Event()

        async def handle(_delivery: Delivery) -> None:
            nonlocal left
            left -= 1
            if not left:
                done.set()

        await broker.subscribe("worker", handle)
        sent = [
            AgentMessage(
                sender_id=f"sender-{number % 100}",
                recipient_id="worker",
                intent="chat",
                payload=MessagePayload(data={"text": "x" * 192}),
            )
            for number in range(MESSAGES)
        ]
        began = time.perf_counter()
        await asyncio.gather(*(broker.publish(one) for one in sent))
        await done.wait()
        took = time.perf_counter() - began
        await broker.stop()
        await database.close()
    return MESSAGES / took


def _each(act: Any, times: int = CALLS) -> float:
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) / times * 1e6
