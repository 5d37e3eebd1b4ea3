"""What stays for as long as the server runs is left out of the search for garbage.

A server has some hundred thousand objects from its imports alone; looking through all of them stops everything for a
quarter of a second, in the middle of somebody's answer. They are set aside once it is up, and again when what is
imported at the first question has come too.
"""

import asyncio
import gc
from typing import Final

_LATER_SECONDS: Final = 60.0


def settle() -> None:
    """Collect what is garbage now, and set the rest aside."""
    gc.collect()
    gc.freeze()


async def settle_again(*, after: float = _LATER_SECONDS) -> None:
    """The same, once the server has been in use for a while (seconds)."""
    await asyncio.sleep(after)
    settle()
