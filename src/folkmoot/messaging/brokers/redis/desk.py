"""A mailbox as this process serves it: takes lanes, hands them to subscriptions, brings the ends back.

There is one question to Redis at a time (a *turn*): it carries the ends of what was handled since the last, and answers
with as many lanes as there are free hands. So a busy mailbox costs one round trip for many messages, and an idle one
costs nothing until its bell rings.

Of a lane several messages are taken at once if handlers are quick (`_depth`): a round trip is not paid for each then.
A slow agent takes one at a time: what it has not begun is free for replicas.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from folkmoot.kernel import Clock
from folkmoot.link import LinkDownError, Pipe, Scripts
from folkmoot.link.pipe import Command
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.attempt import Ending
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.redis.names import GROUP, RANKS, SLOT_SECONDS, Names
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
_WINDOW: Final = 512
_DEEPEST: Final = 64
_QUICK_SECONDS: Final = 0.01
_SLOW_SECONDS: Final = 0.05
# Redis does nothing else while it takes a turn: a turn stays short, so that senders get theirs.
_MOST_ENDS: Final = 128
_MOST_TAKEN: Final = 128
# What is longer on its way than a question may take would be asked for again and again.
_MOST_BYTES: Final = 4 * 1024 * 1024
_AGAIN_SECONDS: Final = 0.2
_FLUSH_SECONDS: Final = 5.0


@dataclass(slots=True)
class Batch:
    """Messages of one lane, in order: id, body, failed attempts of each. They are ours until they are given back."""

    rank: int
    sender: str
    messages: list[tuple[str, bytes, int]]
    begun: bool = False


@dataclass(slots=True)
class End:
    """How an attempt ended, on its way to Redis."""

    batch: Batch
    message_id: str
    ending: Ending
    seconds: float


class Hand(Protocol):
    """A subscription, as its desk sees it."""

    @property
    def free(self) -> int:
        """How many lanes it could begin now."""
        ...

    def begin(self, batch: Batch) -> None:
        """Handle a lane's messages."""
        ...


class Desk:
    """One mailbox. `hands` are its subscriptions in this process."""

    def __init__(
        self,
        agent_id: str,
        *,
        cluster: bool,
        pipe: Pipe,
        scripts: Scripts,
        names: Names,
        clock: Clock,
        consumer: str,
        settled: Callable[[Settlement[str]], None],
        timed: Callable[[], None],
    ) -> None:
        self.agent_id = agent_id
        self.hands: list[Hand] = []
        self._keys = [names.base(agent_id)] if cluster else [names.base(agent_id), names.timers]
        self._cluster = cluster
        self._pipe = pipe
        self._scripts = scripts
        self._names = names
        self._clock = clock
        self._consumer = consumer
        self._settled = settled
        self._timed = timed
        self._ends: list[End] = []
        self._released: list[Batch] = []
        self._held: dict[tuple[int, str], Batch] = {}
        self._unsure = False
        self._rung = False
        self._depth = 1
        self._turning: asyncio.Task[None] | None = None
        self.highest_rung = -1

    async def open(self) -> None:
        """Make the streams and their group, which a stream that never had mail lacks."""
        commands: list[Command] = [
            ("XGROUP", "CREATE", self._names.stream(self.agent_id, rank), GROUP, "0", "MKSTREAM") for rank in RANKS
        ]
        commands.append(("SADD", self._names.mailboxes, self.agent_id))
        await self._pipe.ask(commands)  # who finds the group made is told so, which is no fault

    def ring(self, rank: int = 0) -> None:
        """There may be new mail, of this priority at the most."""
        self._rung = True
        self.highest_rung = max(self.highest_rung, rank)
        self._wake()

    def ended(self, end: End) -> None:
        """An attempt ended."""
        self._ends.append(end)
        self._wake()

    def released(self, batch: Batch) -> None:
        """A lane is done with, or given back with what was not begun."""
        # A process that was taken for dead may have the lane again by now: that batch of it is not this one's to free.
        if self._held.get((batch.rank, batch.sender)) is batch:
            self._released.append(batch)
        self._rung = True
        self._wake()

    def took(self, seconds: float, batch: Batch) -> None:
        """How long a whole batch took: the next are deeper if that was quick."""
        if seconds < _QUICK_SECONDS and len(batch.messages) >= self._depth:
            self._depth = min(self._depth * 2, _DEEPEST)
        elif seconds > _SLOW_SECONDS:
            self._depth = max(1, self._depth // 4)

    @property
    def done(self) -> bool:
        """Whether nobody takes mail here, and Redis has everything that ended."""
        return not (self.hands or self._ends or self._released or self._turning)

    async def flush(self) -> None:
        """Return when Redis has everything that ended until now, or is away."""
        deadline = asyncio.get_running_loop().time() + _FLUSH_SECONDS
        while self._turning is not None and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait({self._turning}, timeout=left)

    def _wake(self) -> None:
        if self._turning is None:
            self._turning = asyncio.create_task(self._turn_on(), name="folkmoot-desk")

    async def _turn_on(self) -> None:
        try:
            while not self._pipe.closed and (self._ends or self._released or (self._rung and self._free())):
                await self._turn()
        finally:
            self._turning = None

    def _free(self) -> int:
        return sum(hand.free for hand in self.hands)

    async def _turn(self) -> None:
        count = self._fitting()
        ends, self._ends = self._ends[:count], self._ends[count:]
        # A lane must not be freed before the ends of its messages are in.
        released, self._released = ([], self._released) if self._ends else (self._released, [])
        wanted = self._free()
        # A Cluster's client may repeat a turn below us, and then the lanes that the first gave are unknown here.
        self._unsure = self._unsure or self._cluster
        self._rung = False
        self.highest_rung = -1
        now = self._clock.now().timestamp()
        call = self._scripts.call("turn", self._keys, self._arguments(ends, released, wanted, now))
        try:
            # Not repeated below us: a turn whose answer was lost may have given us lanes that we must ask for.
            (answer,) = await self._scripts.run(self._pipe, [call], patience=0.0)
            if isinstance(answer, Exception) and "NOGROUP" in str(answer):
                # Nothing had been in the mailbox for so long that it was tidied away, or Redis began anew.
                await self.open()
                (answer,) = await self._scripts.run(self._pipe, [call], patience=0.0)
            if isinstance(answer, Exception):
                raise LinkDownError(f"Redis refused a turn: {answer}") from answer  # noqa: TRY301  # told again like the other
        except LinkDownError as error:
            if self._pipe.closed:
                return
            # What was handled is done: it is told again until Redis has it, or until others took it over.
            self._ends[:0], self._released[:0] = ends, released
            self._rung = self._unsure = True
            _log.warning("mailbox_out_of_reach", agent_id=self.agent_id, ends=len(self._ends), error=error.message)
            await asyncio.sleep(_AGAIN_SECONDS)
            return
        except BaseException:
            # Whoever cut this off may let the desk finish later, as a program does that ends in order.
            self._ends[:0], self._released[:0] = ends, released
            self._unsure = True
            raise
        self._unsure = False
        for batch in released:
            self._held.pop((batch.rank, batch.sender), None)
        self._report(ends, now)
        lanes = answer[2:]
        if answer[1] or len(lanes) == wanted or sum(len(lane) - 2 for lane in lanes) >= 3 * _MOST_TAKEN:
            self._rung = True  # there may be more than there were hands, or than a turn reads or gives
        for lane in lanes:
            self._hand_out(lane)
        if self._cluster and answer[0]:
            await self._set_timer(float(answer[0]))

    async def _set_timer(self, due: float) -> None:
        """In a Cluster timers lie elsewhere than the mailbox. `Timers.check` makes up for one that is not set."""
        try:
            await self._pipe.ask([("ZADD", self._names.timers, "LT", due, self.agent_id)])
        except LinkDownError as error:
            _log.warning("timer_not_set", agent_id=self.agent_id, error=error.message)

    def _fitting(self) -> int:
        """How many ends go with one turn."""
        count, size = 0, 0
        for end in self._ends[:_MOST_ENDS]:
            size += len(end.ending.reply or b"")
            if count and size > _MOST_BYTES:
                break
            count += 1
        return count

    def _report(self, ends: Sequence[End], now: float) -> None:
        for end in ends:
            ending = end.ending
            if ending.status is not None:
                self._settled(
                    Settlement(
                        end.message_id,
                        ending.status,
                        now,
                        ending.attempts,
                        ending.error,
                        ending.reply,
                        ending.family,
                        ending.retry_after_seconds,
                    )
                )
        if any(end.ending.status is None for end in ends):
            self._timed()

    def _hand_out(self, lane: list[Any]) -> None:
        rank, sender, *rest = lane
        messages = [(rest[place].decode(), rest[place + 1], int(rest[place + 2])) for place in range(0, len(rest), 3)]
        batch = Batch(int(rank), sender.decode(), messages)
        self._held[batch.rank, batch.sender] = batch
        hand = max(self.hands, key=lambda one: one.free, default=None)
        if hand is None or hand.free <= 0:
            self.released(batch)
        else:
            hand.begin(batch)

    def _arguments(
        self, ends: Sequence[End], released: Sequence[Batch], wanted: int, now: float
    ) -> list[str | bytes | int | float]:
        groups: list[list[End]] = []
        for end in ends:
            if groups and groups[-1][0].batch is end.batch:
                groups[-1].append(end)
            else:
                groups.append([end])
        arguments: list[str | bytes | int | float] = [
            self.agent_id,
            self._consumer,
            now,
            int(now // SLOT_SECONDS),
            self._names.answers_prefix,
            sum(end.seconds for end in ends),
            len(groups),
            len(released),
            wanted,
            self._depth,
            _MOST_TAKEN,
            _WINDOW,
            len(self._held) if self._unsure else -1,
            time.monotonic_ns() // 1000,  # of this process alone, and it only rises
            _MOST_BYTES,
        ]
        for group in groups:
            arguments += [group[0].batch.rank, group[0].batch.sender, len(group)]
            for end in group:
                ending = end.ending
                arguments += [
                    end.message_id,
                    "again" if ending.status is None else ending.status.value,
                    ending.attempts,
                    ending.error or "",
                    _kind(ending),
                    ending.reply or b"",
                    "" if ending.wait is None else now + ending.wait.total_seconds(),
                ]
        for batch in released:
            arguments += [batch.rank, batch.sender]
        if self._unsure:
            for rank, sender in sorted(self._held):
                arguments += [rank, sender]
        return arguments


def _kind(ending: Ending) -> str:
    if ending.status is not MessageStatus.DEAD or ending.family is None:
        return ""
    wait = ending.retry_after_seconds
    return ending.family.value if wait is None else f"{ending.family.value}:{wait}"
