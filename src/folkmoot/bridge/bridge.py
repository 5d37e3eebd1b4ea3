"""One bridge: held by one server at a time, connected as long as it can be, connected again when it is lost.

Pauses between tries double up to a bound, each with a share of chance, so that many bridges of a server that came back
do not all call at once; they begin anew only after a connection that lasted. What comes in goes to `questions`, what
goes out comes from `outbox`; both outlive every connection.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection

from folkmoot.agents.outside import BridgeEntry
from folkmoot.bridge.dial import Guard, Secrets, dial
from folkmoot.bridge.errors import BridgeLostError
from folkmoot.bridge.lease import Lease
from folkmoot.bridge.line import Line
from folkmoot.bridge.loops import LoopGuard
from folkmoot.bridge.model import BridgeLimits, BridgeTimes, Standing
from folkmoot.bridge.outbox import Outbox
from folkmoot.bridge.questions import Questions, Talk
from folkmoot.kernel import Clock, FolkmootError
from folkmoot.storage import Database
from folkmoot.telemetry import Metrics, get_logger

_log = get_logger("folkmoot.bridge")
_MOST_DOUBLINGS: Final = 16
ELSEWHERE: Final = "another server of this workplace holds it"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all bridges of a process share. `owner` is the process's id; `alone`: nobody else has the database."""

    database: Database
    clock: Clock
    talk: Talk
    guard: Guard
    secrets: Secrets
    metrics: Metrics
    owner: str
    alone: bool
    limits: BridgeLimits
    times: BridgeTimes


class Bridge:
    """One entry of the settings or the workplace file. `standing` says how it stands here."""

    def __init__(self, entry: BridgeEntry, ground: Ground) -> None:
        self.entry = entry
        self.standing = Standing(problem="not connected yet")
        self.here = False
        self.counts: Counter[str] = Counter()
        self._ground = ground
        self._lease = Lease(
            database=ground.database,
            bridge=entry.name,
            owner=ground.owner,
            clock=ground.clock,
            times=ground.times,
            alone=ground.alone,
        )
        self._loops = LoopGuard(clock=ground.clock, limits=ground.limits, times=ground.times)
        self.outbox = Outbox(
            database=ground.database,
            bridge=entry.name,
            clock=ground.clock,
            loops=self._loops,
            poll=ground.times.poll,
            alone=ground.alone,
            count=self._count,
        )
        self._questions = self._new_questions()
        self._redial = asyncio.Event()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._redials: int | None = None

    def start(self) -> None:
        """Begin to connect; nothing is waited for."""
        self._task = asyncio.create_task(self._stay(), name=f"bridge-{self.entry.name}")

    async def stop(self) -> None:
        """Disconnect, and let another server hold it. What is owed is kept."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            self.standing = Standing(problem="stopped")
            self._ground.metrics.bridge_connected.labels(self._ground.metrics.bridges(self.entry.name)).set(0)

    @property
    def open(self) -> int:
        """How many questions are being answered here."""
        return self._questions.open

    def reconnect(self) -> None:
        """Leave the connection there is, and connect anew at once."""
        self._redial.set()

    def _count(self, what: str, many: int = 1) -> None:
        self.counts[what] += many
        metrics, name = self._ground.metrics, self._ground.metrics.bridges(self.entry.name)
        if what in ("in", "out"):
            metrics.bridge_frames.labels(name, what).inc(many)
        elif what == "connects":
            metrics.bridge_connects.labels(name).inc(many)
        elif what not in ("asked", "answered"):
            metrics.bridge_passed_over.labels(name, what).inc(many)

    def _stands(self, standing: Standing) -> None:
        before, self.standing = self.standing, standing
        self._changed.set()
        name = self.entry.name
        self._ground.metrics.bridge_connected.labels(self._ground.metrics.bridges(name)).set(standing.connected)
        if standing.connected and not before.connected:
            _log.info("bridge_connected", bridge=name, host=self.entry.host)
        elif standing.problem is not None and standing.problem != before.problem:
            _log.warning("bridge_away", bridge=name, host=self.entry.host, error=standing.problem)

    async def _stay(self) -> None:
        while True:
            try:
                if await self._lease.claim():
                    await self._hold()
                else:
                    self._stands(Standing(problem=ELSEWHERE))
            except FolkmootError as error:  # the database is away
                self._stands(Standing(problem=error.message, attempts=self.standing.attempts))
            await asyncio.sleep(self._lease.pause)

    async def _hold(self) -> None:
        """Until the bridge is another server's."""
        self.here, self._redials = True, None
        self._questions = self._new_questions()
        tasks: list[asyncio.Task[None]] = []
        try:
            await self.outbox.remember()
            await self._questions.resume()
            tasks += [asyncio.create_task(one) for one in (self._keep_lease(), self._keep_connected())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._questions.stop()
            self.here = False
            with suppress(FolkmootError):
                await self._lease.leave()

    async def _keep_lease(self) -> None:
        while True:
            self._changed.clear()
            redials = await self._lease.beat(self.standing)
            if redials is None:
                self._stands(Standing(problem=ELSEWHERE))
                return
            if self._redials is not None and redials > self._redials:
                self._redial.set()
            self._redials = redials
            with suppress(TimeoutError):
                async with asyncio.timeout(self._lease.pause):
                    await self._changed.wait()

    async def _keep_connected(self) -> None:
        ground, pauses, attempts = self._ground, 0, 0
        while True:
            self._redial.clear()
            try:
                socket = await dial(
                    self.entry, guard=ground.guard, secrets=ground.secrets, limits=ground.limits, times=ground.times
                )
            except BridgeLostError as error:
                attempts += 1
                self._stands(Standing(problem=error.message, attempts=attempts))
            else:
                attempts, began = 0, ground.clock.monotonic()
                self._count("connects")
                self._stands(Standing(connected=True))
                self._stands(Standing(problem=await self._while_connected(socket)))
                if ground.clock.monotonic() - began >= ground.times.stable.total_seconds():
                    pauses = 0
            await self._pause(pauses)
            pauses += 1

    async def _while_connected(self, socket: ClientConnection) -> str:
        """Hear and send until the connection is lost; why it was."""
        line = Line(
            socket,
            post=self.outbox,
            hear=self._questions.hear,
            over_limit=lambda: self._count("too_large"),
            patience=self._ground.times.patience,
        )
        run, redial = asyncio.create_task(line.run()), asyncio.create_task(self._redial.wait())
        try:
            await asyncio.wait({run, redial}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (run, redial):
                task.cancel()
            await asyncio.gather(run, redial, return_exceptions=True)
        error = None if run.cancelled() else run.exception()
        if error is None:
            return "it was asked to connect anew"
        if isinstance(error, FolkmootError):
            return error.message
        _log.error("bridge_failed", bridge=self.entry.name, exc_info=error)
        return f"the bridge failed: {type(error).__name__}"

    async def _pause(self, pauses: int) -> None:
        times = self._ground.times
        longest = min(times.first_pause * 2 ** min(pauses, _MOST_DOUBLINGS), times.longest_pause)
        with suppress(TimeoutError):
            async with asyncio.timeout(longest.total_seconds() * random.uniform(0.5, 1.0)):
                await self._redial.wait()

    def _new_questions(self) -> Questions:
        ground = self._ground
        return Questions(
            self.entry,
            database=ground.database,
            clock=ground.clock,
            talk=ground.talk,
            outbox=self.outbox,
            loops=self._loops,
            limits=ground.limits,
            count=self._count,
        )
