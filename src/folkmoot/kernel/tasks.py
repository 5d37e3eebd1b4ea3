"""Ending tasks that would go on for ever."""

import asyncio
from typing import Any, Final

_AGAIN_SECONDS: Final = 1.0


async def cancel_and_wait(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks that have nothing to clear up, and return when they have ended; what they raised is passed over.

    One that goes on is cancelled again: `asyncio.wait_for` of Python 3.11, by which the client of Redis sends, loses a
    cancellation that comes as what it waits for is done.
    """
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        ended, going = await asyncio.wait(going, timeout=_AGAIN_SECONDS)
        for task in ended:
            if not task.cancelled():
                task.exception()  # a fault that nobody awaited is not worth the loop's complaint
