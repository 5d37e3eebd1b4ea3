"""What one bridge has to send: rows, so that it outlives the connection and the process.

A frame that many connections were lost over is given up: a server that closes whenever it gets one would never get
those behind it. After a loss frames go one by one, so that it is known which it was.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from folkmoot.bridge.line import TOGETHER
from folkmoot.bridge.loops import LoopGuard
from folkmoot.bridge.model import FrameState, Owed
from folkmoot.bridge.store import change_frame, count_attempts, select_frames, settle_frames
from folkmoot.kernel import Clock
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.bridge")
MOST_ATTEMPTS: Final = 10


class Outbox:
    """One bridge's. Where several servers share the database it looks for frames every `poll`; else when it is told."""

    def __init__(
        self,
        *,
        database: Database,
        bridge: str,
        clock: Clock,
        loops: LoopGuard,
        poll: timedelta,
        alone: bool,
        count: Callable[[str, int], None],
    ) -> None:
        self._database = database
        self._bridge = bridge
        self._clock = clock
        self._loops = loops
        self._poll = None if alone else poll.total_seconds()
        self._more = asyncio.Event()
        self._count = count

    def wake(self) -> None:
        """There is something to send."""
        self._more.set()

    async def remember(self) -> None:
        """After a start: what went out lately, so that an echo of it is known."""
        async with self._database.read() as session:
            lately = await select_frames(session, self._bridge, (FrameState.SENT,), limit=100, latest=True)
        for owed in reversed(lately):
            self._loops.sent(owed.frame_id, str(owed.frame.get("message", "")), "")

    async def ready(self, frame_id: str, frame: dict[str, Any]) -> None:
        """A frame is whole: send it."""
        async with self._database.write() as session:
            await change_frame(
                session, frame_id, at=self._clock.now(), state=FrameState.READY, question=None, frame=frame
            )
        self.wake()

    async def drop(self, frame_ids: Sequence[str]) -> None:
        """These are not sent any more."""
        async with self._database.write() as session:
            await settle_frames(session, frame_ids, FrameState.DROPPED, at=self._clock.now())

    async def next(self) -> Sequence[Owed]:
        while True:
            self._more.clear()
            async with self._database.read() as session:
                frames = await select_frames(session, self._bridge, (FrameState.READY,), limit=TOGETHER)
            if frames and frames[0].attempts >= MOST_ATTEMPTS:
                _log.error("bridge_frame_given_up", bridge=self._bridge, frame=frames[0].frame_id)
                self._count("given_up", 1)
                await self.drop([frames[0].frame_id])
                continue
            if frames:
                chosen = frames[:1] if frames[0].attempts else frames
                for owed in chosen:  # before they go: an echo may be quicker than the sign that they arrived
                    self._loops.sent(owed.frame_id, str(owed.frame.get("message", "")), owed.thread)
                return chosen
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await self._more.wait()

    async def sent(self, frames: Sequence[Owed]) -> None:
        async with self._database.write() as session:
            ids = [owed.frame_id for owed in frames]
            await settle_frames(session, ids, FrameState.SENT, at=self._clock.now())
        self._count("out", len(frames))
        _log.info("bridge_sent", bridge=self._bridge, frames=[owed.frame_id for owed in frames])

    async def failed(self, frames: Sequence[Owed]) -> None:
        async with self._database.write() as session:
            await count_attempts(session, [owed.frame_id for owed in frames])
