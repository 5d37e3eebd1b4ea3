"""Waiting as long as a client will."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")


async def within(patience: timedelta, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` gives, or None if it has not by then; it is cancelled then."""
    if patience <= timedelta(0):
        work.close()
        return None
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await work
    except TimeoutError:
        return None
