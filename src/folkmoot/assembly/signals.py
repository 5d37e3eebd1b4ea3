"""How a process that runs until it is told to end ends: in order, whatever the signal."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


def run_until_signal(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` to its end; SIGTERM and SIGINT cancel it, so that everything that was started is stopped in order."""
    asked: list[signal.Signals] = []

    async def run() -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def end(by: signal.Signals) -> None:
            asked.append(by)
            task.cancel()

        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, end, one)
        await main

    try:
        asyncio.run(run())
    except asyncio.CancelledError:
        if not asked:
            raise
