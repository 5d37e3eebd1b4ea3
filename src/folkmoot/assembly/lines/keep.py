"""One line for all objects of a program that mean the same place: opened by the first, closed when the last has left.

The line lives in a task of the program's own event loop, where its agents' handlers run too. `asyncio.run` cancels
what is left when the program ends: that is when a line that nobody closed is closed in order.
"""

import asyncio
from collections.abc import Hashable
from datetime import timedelta
from typing import Final
from weakref import WeakKeyDictionary

from folkmoot.assembly.lines.line import Line, LinePlace, Opening
from folkmoot.telemetry.logs import hand_logs_over

NAME: Final = "folkmoot-line"
LAST_WORDS: Final = timedelta(seconds=1)


class Stay:
    """One object's part in a line."""

    def __init__(self, line: Line, kept: "_Kept") -> None:
        self.line = line
        self._kept: _Kept | None = kept

    @property
    def over(self) -> bool:
        """Whether the line has ended, as it does with its event loop."""
        return self._kept is None or self._kept.ending

    async def leave(self) -> None:
        """Leave; when this was the last object, the line is closed when this returns. Twice is once."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.left()


class _Kept:
    """A line, and how many objects are on it."""

    def __init__(self, opening: Opening) -> None:
        self.members = 0
        self.ending = False
        self.opened: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._last_left = asyncio.Event()
        self.task = asyncio.create_task(self._keep(opening), name=NAME)

    async def left(self) -> None:
        self.members -= 1
        if self.members or self.ending:
            return  # when the program ends, the line ends its agents, and they leave it: it cannot wait for itself
        self.ending = True
        self._last_left.set()
        await asyncio.wait([self.task])
        if not self.task.cancelled():
            self.task.result()

    async def _keep(self, opening: Opening) -> None:
        try:
            async with opening() as line:
                self.opened.set_result(line)
                try:
                    await self._last_left.wait()
                except asyncio.CancelledError:
                    self.ending = True
                    await _end_with_the_program(line)
                    raise
        except Exception as error:
            self.ending = True
            if self.opened.done():
                raise
            self.opened.set_exception(error)
            self.opened.exception()  # it is raised by whoever waits for the line; there may be nobody any more
        finally:
            self.opened.cancel()


async def _end_with_the_program(line: Line) -> None:
    """What was cut off gives back what it had open, undisturbed; then agents take no more, and what they had waits.

    Whoever cancels it once more, as stopping a part does, would tear a connection that is just being closed.
    """
    cut_off = {task for task in asyncio.all_tasks() if task.cancelling() and task.get_name() != NAME}
    if cut_off:
        await asyncio.wait(cut_off, timeout=LAST_WORDS.total_seconds())
    await asyncio.gather(*(agent.silence() for agent in line.host.agents.values()))


class _Lines:
    """The lines of one event loop."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}

    def has(self, key: Hashable) -> bool:
        """Whether the line of that place is open, or is being opened or closed."""
        return key in self._kept

    async def enter(self, place: LinePlace) -> Stay:
        """Join the line of a place. Raises what opening it raises."""
        while (kept := self._kept.get(place.key)) is not None and kept.ending:
            await asyncio.wait([kept.task])
        if kept is None:
            kept = self._kept[place.key] = _Kept(place.opening)
            kept.task.add_done_callback(lambda _: self._kept.pop(place.key))
        kept.members += 1
        try:
            return Stay(await asyncio.shield(kept.opened), kept)
        except BaseException:
            await kept.left()
            raise


# What independent objects of a program share must be found without being passed: it belongs to their event loop.
_LINES: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Lines]] = WeakKeyDictionary()


async def enter(place: LinePlace) -> Stay:
    """Join the line of a place, opened if this program has none open. Raises what opening it raises."""
    hand_logs_over()
    loop = asyncio.get_running_loop()
    return await _LINES.setdefault(loop, _Lines()).enter(place)


def is_open(place: LinePlace) -> bool:
    """Whether an object of this event loop is on the line of a place already."""
    lines = _LINES.get(asyncio.get_running_loop())
    return lines is not None and lines.has(place.key)
