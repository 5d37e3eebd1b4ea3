"""Who listens: everybody who has a user's place open in this process hears what happens to that user's answers.

Each listener has a bounded queue. Whoever does not take what it gets is told so once, and hears nothing more: what was
missed is in the rows, and is read there by the last number that was seen.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from folkmoot.conversations.model import Moment

DEPTH: Final = 512
"""Moments that wait for a listener before it counts as too slow."""


class Listener:
    """Hears one user's moments; only those of one answer, if it was asked so."""

    def __init__(self, *, answer_id: str | None = None, depth: int) -> None:
        self.answer_id = answer_id
        self.too_slow = False
        self._moments: asyncio.Queue[Moment | None] = asyncio.Queue(depth + 1)
        self._depth = depth

    def hear(self, moment: Moment) -> None:
        """Take note of a moment; never waits."""
        if self.too_slow or (self.answer_id is not None and moment.answer_id != self.answer_id):
            return
        if self._moments.qsize() >= self._depth:
            self.too_slow = True
            self._moments.put_nowait(None)
            return
        self._moments.put_nowait(moment)

    async def next(self) -> Moment | None:
        """The next moment; None once this listener has fallen behind."""
        return await self._moments.get()


class Lobby:
    """The listeners of this process, by user; `depth` moments may wait for each."""

    def __init__(self, *, depth: int = DEPTH) -> None:
        self._depth = depth
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    @property
    def users(self) -> frozenset[str]:
        """Whose moments somebody listens to."""
        return frozenset(self._listeners)

    @property
    def count(self) -> int:
        """How many listen."""
        return sum(len(some) for some in self._listeners.values())

    @contextmanager
    def listening(self, user_id: str, *, answer_id: str | None = None) -> Iterator[Listener]:
        """A listener, from now until the block ends."""
        listener = Listener(answer_id=answer_id, depth=self._depth)
        self._listeners[user_id].add(listener)
        try:
            yield listener
        finally:
            some = self._listeners[user_id]
            some.discard(listener)
            if not some:
                del self._listeners[user_id]

    def tell(self, moment: Moment) -> None:
        """Let everybody hear it who listens to this user."""
        for listener in self._listeners.get(moment.user_id, ()):
            listener.hear(moment)
