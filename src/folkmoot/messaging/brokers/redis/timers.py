"""What the time comes for: messages in backoff, and messages that expire. Every process looks."""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Any, Final

from folkmoot.kernel import Clock, cancel_and_wait
from folkmoot.link import Link, LinkDownError, Pipe, Scripts
from folkmoot.link.pipe import Command
from folkmoot.messaging.brokers.alarm import Alarm, Appointment
from folkmoot.messaging.brokers.redis.names import Names
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
_LOOK_SECONDS: Final = 1.0
_AT_ONCE: Final = 200
_LATER_SECONDS: Final = 30.0


class Timers:
    """Rings mailboxes whose time has come."""

    def __init__(
        self,
        *,
        link: Link,
        pipe: Pipe,
        scripts: Scripts,
        names: Names,
        clock: Clock,
        alarm: Alarm,
        rung: Callable[[str], None],
    ) -> None:
        self._cluster = link.cluster
        self._pipe = pipe
        self._scripts = scripts
        self._names = names
        self._clock = clock
        self._alarm = alarm
        self._rung = rung
        self._woken = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._appointment: Appointment | None = None

    def start(self) -> None:
        """Begin."""
        self._watching = asyncio.create_task(self._watch(), name="folkmoot-timers")

    async def stop(self) -> None:
        """End."""
        if self._watching is not None:
            await cancel_and_wait(self._watching)
            self._watching = None

    def look(self) -> None:
        """Look now: this process has set a timer, or the time of one has come."""
        self._woken.set()

    async def check(self, agents: Collection[str]) -> None:
        """In a Cluster a process may die between a message and its timer: ring these mailboxes in any case."""
        if self._cluster and agents:
            now = self._clock.now().timestamp()
            await self._pipe.ask([("ZADD", self._names.timers, "LT", now, agent) for agent in agents])

    async def _watch(self) -> None:
        while True:
            self._woken.clear()
            try:
                more = await self._ring()
            except LinkDownError as error:
                _log.warning("timers_cannot_be_read", error=error.message)
                more = False
            except Exception:  # noqa: BLE001  # nobody else rings what waits for its time; it is logged
                _log.exception("timers_cannot_be_read")
                more = False
            if not more:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._woken.wait()

    async def _ring(self) -> bool:
        """Ring whoever is due; whether there may be more."""
        now = self._clock.now().timestamp()
        due: list[bytes]
        due, first = _given(
            await self._pipe.ask(
                [
                    ("ZRANGEBYSCORE", self._names.timers, "-inf", now, "LIMIT", 0, _AT_ONCE),
                    ("ZRANGEBYSCORE", self._names.timers, f"({now!r}", "+inf", "WITHSCORES", "LIMIT", 0, 1),
                ]
            )
        )
        if self._appointment is not None:
            self._alarm.cancel(self._appointment)
        self._appointment = self._alarm.after(_score(first) - now, self.look) if first else None
        if not due:
            return False
        agents = [one.decode() for one in due]
        timers = [] if self._cluster else [self._names.timers]
        calls = [
            self._scripts.call(
                "ring",
                [self._names.base(agent), *timers],
                [agent, now, self._names.answers_prefix],
            )
            for agent in agents
        ]
        if self._cluster:
            # Put off before they are rung: a timer that another process sets at this very moment must stand.
            await self._pipe.ask([("ZADD", self._names.timers, now + _LATER_SECONDS, agent) for agent in agents])
        answers = await self._scripts.run(self._pipe, calls)
        if self._cluster:
            sooner: list[Command] = [
                ("ZADD", self._names.timers, "LT", float(answer[0]), agent)
                for agent, answer in zip(agents, answers, strict=True)
                if not isinstance(answer, Exception) and answer[0]
            ]
            await self._pipe.ask(sooner)
        for agent in agents:
            self._rung(agent)
        # A mailbox of which many messages are due rings some hundreds at a time.
        further = any(not isinstance(one, Exception) and one[0] and float(one[0]) <= now for one in answers)
        return further or len(due) == _AT_ONCE


def _given(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise LinkDownError(f"Redis refused: {answer}") from answer
    return answers


def _score(first: list[object]) -> float:
    # RESP3 gives pairs, RESP2 a flat list.
    value = first[0][1] if isinstance(first[0], list) else first[1]
    return float(value)  # type: ignore[arg-type]  # a number, or the text of one
