"""What stays for as long as the server runs is left out of the search for garbage.

A server has some hundred thousand objects from its imports alone, and some hundred more for each connection; looking
through all of them stops everything for a tenth of a second or more, once a second under load, in the middle of
somebody's answer. So they are set aside: once the server is up, and after every search that took long, when only what
is in use is left. Of what is set aside, rings of objects that nobody uses any more would stay: once it has doubled, all
of it is looked through again.
"""

import asyncio
import gc
import time
from typing import Any, Final

_LONG_SECONDS: Final = 0.01
_LOOK_SECONDS: Final = 300.0  # even counting them stops everything, for some hundredths of a second


def settle() -> int:
    """Collect what is garbage now, also of what was set aside, and set the rest aside; how many objects that are."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()


async def keep(*, look: float = _LOOK_SECONDS, long: float = _LONG_SECONDS) -> None:
    """See above, until it is cancelled. `look`: seconds after which it is seen that much was set aside."""
    settled = settle()
    began, more = 0.0, False

    def searched(phase: str, info: dict[str, Any]) -> None:
        nonlocal began, more
        if phase == "start":
            began = time.perf_counter()
        elif info["generation"] == 2 and time.perf_counter() - began > long:  # noqa: PLR2004  # the oldest
            gc.freeze()
            more = True

    gc.callbacks.append(searched)
    try:
        while True:
            await asyncio.sleep(look)
            if more and gc.get_freeze_count() > 2 * settled:
                settled = settle()
            more = False
    finally:
        gc.callbacks.remove(searched)
