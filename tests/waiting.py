"""Wait for something to become true, instead of sleeping and hoping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def wait_until(predicate: Callable[[], bool | Awaitable[bool]], *, seconds: float = 10.0) -> None:
    """Return as soon as `predicate()` is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = predicate()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {inspect.getsource(predicate).strip()}")
        await asyncio.sleep(0.01)
