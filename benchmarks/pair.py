"""Two processes, one that sends and one that takes, and the time between the first send and the end.

No Folkmoot here: a peer's processes, in the peers' environment, are measured by the same clock.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from typing import Any

_PATIENCE = 60.0


@dataclass(frozen=True)
class Bells:
    """What the two and the one who measures tell each other."""

    taking: Event
    sending: Event
    go: Event
    done: Event

    async def may_send(self) -> None:
        """Ready to send; returns when the time begins."""
        self.sending.set()
        await asyncio.to_thread(self.go.wait)


Act = Callable[..., None]


def seconds_of(send: Act, take: Act, *arguments: Any) -> float:
    """Seconds from the first send until either rings `done`; both get the bells and `arguments`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([send.__module__, take.__module__])
    bells = Bells(context.Event(), context.Event(), context.Event(), context.Event())
    taker = context.Process(target=take, args=(bells, *arguments), daemon=True)
    sender = context.Process(target=send, args=(bells, *arguments), daemon=True)
    try:
        taker.start()
        _wait(bells.taking, [taker], "the taker did not start")
        sender.start()
        _wait(bells.sending, [taker, sender], "the sender did not start")
        began = time.perf_counter()
        bells.go.set()
        _wait(bells.done, [taker, sender], "the messages did not all arrive")
        return time.perf_counter() - began
    finally:
        for process in (taker, sender):
            if process.pid is not None:
                process.kill()
                process.join()


def _wait(bell: Event, processes: list[ForkServerProcess], fault: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not bell.wait(0.5):
        if time.monotonic() > deadline or any(process.exitcode for process in processes):
            raise TimeoutError(f"{fault} within {_PATIENCE:g} s, or a process ended with a fault")
