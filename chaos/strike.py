"""The runner of a round: starts its processes, kills them as planned, starts them again, and waits for the end.

A process is forked from a server that has loaded what it needs, so that a start costs milliseconds and a round has
time for many. The end of a round is when `finished` says so, or when nothing has moved for `quiet` seconds.
"""

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from typing import Any, Final, Protocol

from chaos.plan import Strike

_LOOK: Final = 0.001
QUIET: Final = 30.0


class Actor(Protocol):
    """A process that can be killed and started again."""

    def start(self) -> None:
        """Start it."""
        ...

    def kill(self) -> bool:
        """Kill it with SIGKILL, and return when it is gone; False if it had ended before."""
        ...

    def crashed(self) -> bool:
        """Whether it ended by itself, and not in order."""
        ...


class Forked:
    """A function in a process of its own."""

    def __init__(self, act: Callable[..., None], *arguments: Any) -> None:
        self._act = act
        self._arguments = arguments
        self._process: ForkServerProcess | None = None

    def start(self) -> None:
        """See `Actor`."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([self._act.__module__])
        self._process = context.Process(target=self._act, args=self._arguments, daemon=True)
        self._process.start()

    def kill(self) -> bool:
        """See `Actor`."""
        assert self._process is not None
        self._process.kill()
        self._process.join()
        return self._process.exitcode == -signal.SIGKILL

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.is_alive()

    def crashed(self) -> bool:
        """See `Actor`."""
        return self._process is not None and self._process.exitcode not in {None, 0, -signal.SIGKILL}


class Troupe:
    """The processes of a round by kind, in the order in which they are to be started."""

    def __init__(self, actors: Mapping[str, Sequence[Actor]]) -> None:
        self._actors = actors
        self.kills: Counter[str] = Counter()

    def start(self) -> None:
        """Start all."""
        for actor in self._all():
            actor.start()

    def play(
        self,
        strikes: Sequence[Strike],
        *,
        seen: Callable[[str], int],
        finished: Callable[[], bool],
        quiet: float = QUIET,
    ) -> None:
        """Kill as planned, then wait for the end.

        `seen` answers how many acts of a kind were seen. The end is when `finished` says so, or when nothing was seen
        for `quiet` seconds: a message that was lost never ends.
        """
        silence = _Silence(lambda: sum(seen(kind) for kind in self._actors), quiet)
        for strike in strikes:
            while seen(strike.kind) < strike.after:
                if finished() or silence.is_long():
                    return
                time.sleep(_LOOK)
            time.sleep(strike.pause)
            actors = self._actors[strike.kind]
            actor = actors[strike.which % len(actors)]
            if actor.kill():
                self.kills[strike.kind] += 1
                actor.start()
        while not finished() and not silence.is_long():
            time.sleep(_LOOK * 20)

    def end(self) -> int:
        """Kill all; answers how many had crashed by themselves."""
        crashed = sum(actor.crashed() for actor in self._all())
        for actor in reversed(self._all()):
            actor.kill()
        return crashed

    def _all(self) -> list[Actor]:
        return [actor for actors in self._actors.values() for actor in actors]


class _Silence:
    """How long a count has not changed."""

    def __init__(self, count: Callable[[], int], longest: float) -> None:
        self._count = count
        self._longest = longest
        self._last, self._since = count(), time.monotonic()

    def is_long(self) -> bool:
        """Whether it is over the longest that is borne."""
        if (now := self._count()) != self._last:
            self._last, self._since = now, time.monotonic()
        return time.monotonic() - self._since > self._longest
