"""Who lives: each process says so again and again, and frees what those had who do not any more.

The time is Redis's own, so that processes agree on it. A process counts as dead when it has said nothing for one and a
half heartbeats; the others look four times a heartbeat, so what it had is taken over within two.
"""

import asyncio
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from folkmoot.kernel import Clock, cancel_and_wait
from folkmoot.link import LinkDownError, Pipe, Scripts
from folkmoot.link.pipe import Command
from folkmoot.messaging.brokers.redis.names import Names
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
MOST_DEATHS: Final = 10
"""A message that was in hand at so many deaths of its process is taken for their cause."""


class Presence:
    """This process among the others. `served` are the mailboxes that it takes from, as they are at each moment."""

    def __init__(
        self,
        *,
        pipe: Pipe,
        scripts: Scripts,
        names: Names,
        clock: Clock,
        consumer: str,
        heartbeat: timedelta,
        served: Collection[str],
    ) -> None:
        self._pipe = pipe
        self._scripts = scripts
        self._names = names
        self._clock = clock
        self._consumer = consumer
        self._seconds = heartbeat.total_seconds()
        self._served = served
        self._seen = 0.0
        self._lives = 0
        self._beating: asyncio.Task[None] | None = None

    @property
    def life(self) -> int | None:
        """Which of its lives this process is in: what it had in an earlier one is not its own any more. None: dead."""
        return None if self.counted_out else self._lives

    @property
    def counted_out(self) -> bool:
        """Whether the others may have taken this process for dead, as far as it can tell itself."""
        return time.monotonic() - self._seen > self._seconds * 1.5

    async def start(self, *, patience: float) -> None:
        """Say that this process lives, and go on saying so. Raises `LinkDownError` after `patience` seconds."""
        await self._beat(patience)
        self._beating = asyncio.create_task(self._beat_on(), name="folkmoot-presence")

    async def stop(self) -> None:
        """Say that it ends."""
        if self._beating is not None:
            await cancel_and_wait(self._beating)
            self._beating = None
        try:
            await self._pipe.one("DEL", self._names.alive(self._consumer), patience=0.0)
        except LinkDownError as error:
            _log.debug("end_not_said", error=error.message)

    async def look(self, agent_ids: Collection[str]) -> None:
        """Free the lanes that dead consumers have in these mailboxes."""
        agents = list(agent_ids)
        if not agents:
            return
        answers = await self._pipe.ask([("HVALS", self._names.lanes(agent)) for agent in agents])
        # What Redis refused for one mailbox is no reason to leave the others to the dead.
        owners: list[list[bytes]] = [[] if isinstance(one, Exception) else one for one in answers]
        others = {name.decode() for held in owners for name in held} - {self._consumer}
        if not others:
            return
        asked = sorted(others)
        alive = await self._pipe.ask([("EXISTS", self._names.alive(other)) for other in asked])
        dead = {other for other, lives in zip(asked, alive, strict=True) if lives == 0}
        calls: list[Command] = []
        for agent, held in zip(agents, owners, strict=True):
            calls += [self._freeing(agent, name) for name in sorted({one.decode() for one in held} & dead)]
        if calls:
            _log.warning("mail_taken_over", consumers=sorted(dead), mailboxes=len(calls))
            await self._scripts.run(self._pipe, calls)

    def giving_back(self, agent_id: str) -> Command:
        """The call that frees every lane that this process has in a mailbox."""
        return self._freeing(agent_id, self._consumer, deaths=0)

    def _freeing(self, agent_id: str, consumer: str, *, deaths: int = MOST_DEATHS) -> Command:
        now = self._clock.now().timestamp()
        return self._scripts.call(
            "release", [self._names.base(agent_id)], [consumer, deaths, now, self._names.answers_prefix]
        )

    async def _beat(self, patience: float) -> None:
        began = time.monotonic()
        milliseconds = max(1, int(self._seconds * 1500))
        call = self._scripts.call("beat", [self._names.alive(self._consumer)], [milliseconds])
        (lived,) = await self._scripts.run(self._pipe, [call], patience=patience)
        if isinstance(lived, Exception):
            raise LinkDownError(f"Redis refused a sign of life: {lived}") from lived
        if not lived:
            self._lives += 1
        self._seen = began

    async def _beat_on(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(self._seconds / 4)
            try:
                beats += 1
                if not beats % 2 or self.counted_out:
                    await self._beat(self._seconds)
                await self.look(tuple(self._served))
            except LinkDownError as error:
                _log.warning("heartbeat_failed", error=error.message)
            except Exception:  # noqa: BLE001  # who stops saying that he lives counts as dead; it is logged
                _log.exception("heartbeat_failed")
