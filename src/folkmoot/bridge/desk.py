"""The counter of this room: which bridges there are, how they stand, and sending something outside by hand."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from folkmoot.agents.outside import BridgeEntry
from folkmoot.bridge.bridge import ELSEWHERE, Bridge, Ground
from folkmoot.bridge.errors import BadOutgoingError, OutboxFullError, UnknownBridgeError
from folkmoot.bridge.frames import OURS, answer
from folkmoot.bridge.model import BridgeState, FrameState, Outgoing, Owed, Standing
from folkmoot.bridge.questions import KIND, account_of, conversation_of
from folkmoot.bridge.store import (
    count_frames,
    count_waiting,
    frame_state,
    insert_frame,
    prune_frames,
    standings,
    want_redial,
)
from folkmoot.conversations import Speaker, UnknownConversationError
from folkmoot.conversations.noting import Noted, Notes
from folkmoot.kernel import FolkmootError, new_id
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.bridge")
KEPT_SETTLED: Final = timedelta(days=7)
KEPT_UNSENT: Final = timedelta(days=30)
LONGEST: Final = 10_000
_LOOK_SECONDS: Final = 0.05
_GENERATIONS: Final = 50


class BridgeDesk:
    """Every bridge that the settings (`always`) and the workplace file name; those of the settings go first."""

    def __init__(self, ground: Ground, *, notes: Notes, always: Sequence[BridgeEntry] = ()) -> None:
        self._ground = ground
        self._notes = notes
        self._always = {one.name: one for one in always}
        self._wanted: dict[str, BridgeEntry] = dict(self._always)
        self._bridges: dict[str, Bridge] = {}
        self._changing = asyncio.Lock()
        self.running = False

    async def start(self) -> None:
        """Begin to connect; nothing is waited for."""
        self.running = True
        await self._settle()

    async def stop(self) -> None:
        """Disconnect each; what is owed is kept."""
        self.running = False
        await self._settle()

    async def use(self, entries: Sequence[BridgeEntry]) -> None:
        """The bridges of the workplace file, from now on: one that changed connects anew, one that is gone leaves."""
        self._wanted = {**self._always, **{one.name: one for one in entries if one.name not in self._always}}
        await self._settle()

    async def states(self) -> list[BridgeState]:
        """How every bridge stands, whichever server has it; in the order of settings and file."""
        ground = self._ground
        async with ground.database.read() as session:
            counts = await count_frames(session)
            elsewhere = {} if ground.alone else await standings(session, list(self._wanted))
        found: list[BridgeState] = []
        for name, entry in self._wanted.items():
            bridge = self._bridges.get(name)
            here = bridge is not None and bridge.here
            standing = bridge.standing if bridge is not None else Standing(problem="this process runs no bridges")
            if not here and standing.problem == ELSEWHERE:
                standing = elsewhere.get(name, standing)
            of_it = counts.get(name, {})
            found.append(
                BridgeState(
                    name=name,
                    url=entry.shown,
                    user_id=entry.user_id,
                    connected=standing.connected,
                    attempts=standing.attempts,
                    problem=standing.problem,
                    here=here,
                    waiting=of_it.get(FrameState.READY, 0),
                    open=of_it.get(FrameState.ASKED, 0) + of_it.get(FrameState.ANSWERING, 0),
                    counts=dict(bridge.counts) if bridge is not None else {},
                )
            )
        return found

    async def measure(self) -> None:
        """Put into the metrics what has to be looked up."""
        for one in await self.states():
            self._ground.metrics.bridge_waiting.labels(self._ground.metrics.bridges(one.name)).set(one.waiting)

    async def chosen(self, name: str | None = None) -> BridgeState | None:
        """The bridge of that name; without one the first that is connected, else the first.

        None if there is no bridge at all. Raises `UnknownBridgeError` for a name that none has.
        """
        states = await self.states()
        if name is not None:
            for one in states:
                if one.name == name:
                    return one
            raise self._unknown(name)
        return next((one for one in states if one.connected), states[0] if states else None)

    async def send(self, text: str, *, agent: str, bridge: str | None = None, patience: timedelta) -> Outgoing:
        """Say something outside. It is kept when this returns; `patience` is for the other side to have it.

        Raises `UnknownBridgeError` (also where there is none), `BadOutgoingError`, `OutboxFullError`.
        """
        said = text.encode("utf-8", "replace").decode().replace("\x00", "").strip()
        if not said or len(said) > LONGEST:
            raise BadOutgoingError(f"what is to be sent has to have 1 to {LONGEST} characters", field="content")
        state = await self.chosen(bridge)
        if state is None:
            raise UnknownBridgeError(
                "no bridge is configured; set EXTERNAL_WS_URL, or name one under 'bridges' in the workplace file"
            )
        frame_id, now = new_id("frame"), self._ground.clock.now()
        owed = Owed(
            number=0,
            frame_id=frame_id,
            bridge=state.name,
            user_id=state.user_id,
            state=FrameState.READY,
            question=None,
            agent=None,
            thread="",
            answer_id=None,
            attempts=0,
            frame=answer(frame_id, text=said, agent=agent or OURS, at=now, skeleton={"hops": 1}),
            created_at=now,
        )
        async with self._ground.database.write() as session:
            if await count_waiting(session, state.name) >= self._ground.limits.waiting:
                raise OutboxFullError(
                    f"{self._ground.limits.waiting} frames wait for the bridge '{state.name}' already; "
                    "see why it is not connected",
                    bridge=state.name,
                )
            await insert_frame(session, owed, dedupe=None)
        await self._note(self._wanted[state.name], said, agent or OURS)
        if state.name in self._bridges:
            self._bridges[state.name].outbox.wake()
        sent = state.connected and await self._arrives(frame_id, patience)
        problem = None if sent else state.problem or "the other side did not confirm it in time"
        return Outgoing(frame_id=frame_id, bridge=state.name, sent=sent, problem=problem)

    async def reconnect(self, name: str) -> BridgeState:
        """Connect anew at once, on whichever server has it. Raises `UnknownBridgeError`."""
        if name not in self._wanted:
            raise self._unknown(name)
        bridge = self._bridges.get(name)
        if bridge is not None and bridge.here:
            bridge.reconnect()
        else:
            async with self._ground.database.write() as session:
                await want_redial(session, name)
        return next(one for one in await self.states() if one.name == name)

    async def prune(self) -> int:
        """Erase frames that were settled a week ago, and those that nobody could send for a month."""
        now = self._ground.clock.now()
        async with self._ground.database.write() as session:
            return await prune_frames(session, settled_before=now - KEPT_SETTLED, begun_before=now - KEPT_UNSENT)

    async def _arrives(self, frame_id: str, patience: timedelta) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while True:
                    async with self._ground.database.read() as session:
                        if await frame_state(session, frame_id) is FrameState.SENT:
                            return True
                    await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def _note(self, entry: BridgeEntry, text: str, agent: str) -> None:
        """Let it stand in the bridge's own conversation. It goes out whether that works or not."""
        speaker = Speaker(owner=entry.user_id, account=account_of(entry.name))
        try:
            for generation in range(1, _GENERATIONS + 1):
                place = conversation_of(entry, "", generation)
                with suppress(UnknownConversationError):
                    await self._notes.note(
                        Noted(speaker=speaker, conversation_id=place, text=text, agent=agent, kind=KIND)
                    )
                    return
        except FolkmootError as error:
            _log.warning("bridge_note_failed", bridge=entry.name, error=error.message)

    async def _settle(self) -> None:
        async with self._changing:
            wanted = self._wanted if self.running else {}
            for name, bridge in list(self._bridges.items()):
                if wanted.get(name) != bridge.entry:
                    await self._bridges.pop(name).stop()
            for name, entry in wanted.items():
                if name not in self._bridges:
                    self._bridges[name] = bridge = Bridge(entry, self._ground)
                    bridge.start()

    def _unknown(self, name: str) -> UnknownBridgeError:
        there = ", ".join(self._wanted) or "none"
        return UnknownBridgeError(f"no bridge is called {name[:60]!r}; there are {there}", bridge=name[:60])
