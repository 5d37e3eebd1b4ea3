"""What is set aside of the heap: what is in use after a long search, and not for ever."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest

from folkmoot.assembly import heap
from tests.waiting import wait_until


class Ring:
    """One that only the search for garbage frees."""

    def __init__(self) -> None:
        self.itself = self
        self.others = [[number] for number in range(200_000)]


@pytest.fixture
async def kept() -> AsyncIterator[None]:
    keeping = asyncio.create_task(heap.keep(look=0.05, long=0.0))
    await asyncio.sleep(0)
    yield
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    gc.unfreeze()


async def test_what_is_in_use_after_a_search_is_set_aside(kept: None) -> None:  # noqa: ARG001  # it keeps the heap
    before, ring = gc.get_freeze_count(), Ring()
    gc.collect()
    assert gc.get_freeze_count() >= before + len(ring.others)
    assert len(gc.get_objects()) < len(ring.others)


async def test_garbage_that_was_set_aside_is_found_when_much_is(kept: None) -> None:  # noqa: ARG001  # it keeps the heap
    ring = Ring()
    gone = weakref.ref(ring)
    gc.collect()
    del ring
    gc.collect()
    assert gone() is not None, "it was not set aside"
    more = [Ring() for _ in range(gc.get_freeze_count() // 200_000 + 1)]
    gc.collect()
    await wait_until(lambda: gone() is None)
    assert more
