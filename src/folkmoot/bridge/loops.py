"""What keeps a bridge from talking with itself, and two programs from answering each other for ever.

A frame of ours is known by its marks, by its id, and, where a server repeats the words alone, by its words. Another
program's answers bear no marks of ours: a server that counts hops is heeded, and a thread in which one turn follows the
other sooner than a person writes rests for a while. Above all of it stands a rate.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final

from folkmoot.bridge.frames import Heard, Reason, digest
from folkmoot.bridge.model import BridgeLimits, BridgeTimes
from folkmoot.kernel import Clock

_REMEMBERED: Final = 500
_THREADS: Final = 1_000
_ECHO_SECONDS: Final = 600.0
_TOO_SHORT: Final = 20  # characters: "Yes." may be said by both


@dataclass
class _Thread:
    said_at: float = float("-inf")
    quick: int = 0
    rests_until: float = float("-inf")


class LoopGuard:
    """Judges what comes in on one bridge by what went out."""

    def __init__(self, *, clock: Clock, limits: BridgeLimits, times: BridgeTimes) -> None:
        self._clock = clock
        self._limits = limits
        self._times = times
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._texts: OrderedDict[str, float] = OrderedDict()
        self._threads: OrderedDict[str, _Thread] = OrderedDict()
        self._taken: deque[float] = deque()

    def sent(self, frame_id: str, text: str, thread: str) -> None:
        """Remember a frame that went out; `thread` as rows have it."""
        now = self._clock.monotonic()
        self._ids[frame_id] = None
        if len(text) >= _TOO_SHORT:
            self._texts[digest(text.strip())] = now
        self._thread(thread).said_at = now
        for kept in (self._ids, self._texts):
            while len(kept) > _REMEMBERED:
                kept.popitem(last=False)

    def knows(self, frame_id: str | None) -> bool:
        """Whether a frame of this id went out lately."""
        return frame_id is not None and frame_id in self._ids

    def judge(self, heard: Heard, thread: str) -> Reason | None:
        """Why a question is not answered; None if it may be, and then it counts."""
        now = self._clock.monotonic()
        if self.knows(heard.client_id) or now - self._texts.get(digest(heard.text), float("-inf")) < _ECHO_SECONDS:
            return "echo"
        if heard.hops >= self._limits.hops:
            return "hops"
        talk = self._thread(thread)
        if now < talk.rests_until:
            return "loop"
        if not self._within_rate(now):
            return "flood"
        quick = now - talk.said_at < self._times.quick.total_seconds()
        talk.quick = talk.quick + 1 if quick else 0
        if talk.quick > self._limits.quick_turns:
            talk.quick, talk.rests_until = 0, now + self._times.rest.total_seconds()
            return "loop"
        self._taken.append(now)
        return None

    def _within_rate(self, now: float) -> bool:
        while self._taken and now - self._taken[0] >= 60:  # noqa: PLR2004  # seconds of a minute
            self._taken.popleft()
        return len(self._taken) < self._limits.per_minute

    def _thread(self, thread: str) -> _Thread:
        found = self._threads.pop(thread, None) or _Thread()
        self._threads[thread] = found  # the latest used stands last
        while len(self._threads) > _THREADS:
            self._threads.popitem(last=False)
        return found
