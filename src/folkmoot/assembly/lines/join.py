"""How a program's object comes by its workplace: over a line of this process, or over HTTP where a server has it."""

import asyncio

from folkmoot.agents.reach import Reach
from folkmoot.assembly.joining import Workplace
from folkmoot.assembly.lines.choose import ServerPlace, Wanted, choose
from folkmoot.assembly.lines.keep import Stay, enter
from folkmoot.assembly.lines.line import LinePlace
from folkmoot.assembly.lines.served import ServedAgents, ServedLetters
from folkmoot.kernel import SystemClock


class Membership:
    """Keeps `folkmoot.agents.reach.Joining`."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._one_at_a_time = asyncio.Lock()
        self._reach: Reach | None = None
        self._joined: Stay | Workplace | None = None

    async def open(self) -> Reach:
        """Join; twice is once. Raises what opening a line and what `folkmoot.assembly.joining.joined` raise."""
        async with self._one_at_a_time:
            if self._reach is None or (isinstance(self._joined, Stay) and self._joined.over):
                place = await choose(self._wanted)
                self._reach = await (self._on(place) if isinstance(place, LinePlace) else self._at(place))
        return self._reach

    async def close(self) -> None:
        """Leave; twice is once."""
        async with self._one_at_a_time:
            joined, self._joined, self._reach = self._joined, None, None
            if isinstance(joined, Stay):
                await joined.leave()
            elif joined is not None:
                await joined.close()

    async def _on(self, place: LinePlace) -> Reach:
        stay = await enter(place)
        self._joined = stay
        return Reach(letters=stay.line.broker, known=stay.line.registry, clock=stay.line.clock)

    async def _at(self, place: ServerPlace) -> Reach:
        workplace = Workplace(url=place.url, token=place.token, settings=place.settings)
        await workplace.open()
        self._joined = workplace
        return Reach(letters=ServedLetters(workplace), known=ServedAgents(workplace), clock=SystemClock())
