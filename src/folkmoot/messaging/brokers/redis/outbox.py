"""Sending: what is posted while one batch is on its way goes with the next, in order.

A batch that meets a Redis that is away is repeated until the senders' patience ends; repeating it accepts nothing
twice.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from redis import exceptions as fault

from folkmoot.kernel import Clock
from folkmoot.link import Link, LinkDownError, Pipe, Scripts
from folkmoot.link.pipe import Command
from folkmoot.messaging.brokers.ending import First
from folkmoot.messaging.brokers.redis.names import SLOT_SECONDS, Names
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
_MOST: Final = 400
_MOST_BYTES: Final = 4 * 1024 * 1024
_NO_ROOM: Final = 2
_AGAIN_SECONDS: Final = 0.02
_STOP_SECONDS: Final = 5.0
_REPLICATION_MILLISECONDS: Final = 1000


class Waiting(Protocol):
    """Who waits for a message to be accepted."""

    def accepted(self, first: First[str] | None, /) -> None:
        """It is; `first` is the message that had this id before."""
        ...

    def failed(self, fault: Exception, /) -> None:
        """It is not, as far as is known."""
        ...


@dataclass(slots=True, eq=False)
class Letter:
    """A message on its way. `asker` is this process, if it wants to hear of the end; `deadline` in the loop's time."""

    message: AgentMessage
    body: bytes
    expires: float | None
    asker: str
    sender: Waiting
    deadline: float
    position: int = 0


class Outbox:
    """Takes letters in, one batch at a time."""

    def __init__(
        self,
        *,
        link: Link,
        pipe: Pipe,
        scripts: Scripts,
        names: Names,
        clock: Clock,
        limit: int,
        replicas: int,
        full: Callable[[str], Exception],
        told: Callable[[Letter], None],
    ) -> None:
        self._claims_apart = link.cluster
        self._pipe = pipe
        self._scripts = scripts
        self._names = names
        self._clock = clock
        self._limit = limit
        self._replicas = replicas
        self._full = full
        self._told = told
        self._letters: list[Letter] = []
        self._sending: asyncio.Task[None] | None = None
        self._ahead = 0.0
        self._position = 0
        self.unlisted = 0

    def post(self, letter: Letter) -> None:
        """Send a letter with the next batch."""
        self._letters.append(letter)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send(), name="folkmoot-outbox")

    async def measure(self) -> None:
        """Learn by how much Redis's clock differs from ours: positions are by its time, whoever sends."""
        before = time.time()
        seconds, micros = await self._pipe.one("TIME")
        self._ahead = int(seconds) + int(micros) / 1e6 - (before + time.time()) / 2

    async def stop(self) -> None:
        """Send what was posted, as far as Redis takes it within a few seconds."""
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=_STOP_SECONDS)

    async def _send(self) -> None:
        try:
            while self._letters:
                batch = self._next()
                try:
                    if await self._send_batch(batch):
                        continue
                except LinkDownError as error:
                    self._put_back(batch, error)
                except Exception as error:  # noqa: BLE001  # whoever waits must hear of it, and the next batch must go
                    _log.exception("batch_not_sent", letters=len(batch))
                    for letter in batch:
                        letter.sender.failed(error)
                await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            self._sending = None

    def _put_back(self, letters: Sequence[Letter], error: LinkDownError) -> None:
        """They are sent again, before others, but for those whose senders' patience is over."""
        now = asyncio.get_running_loop().time()
        late = [one for one in letters if one.deadline <= now or self._pipe.closed]
        for letter in late:
            letter.sender.failed(error)
        self._letters[:0] = [one for one in letters if one not in late]

    def _next(self) -> list[Letter]:
        size, count = 0, 0
        for letter in self._letters[:_MOST]:
            size += len(letter.body)
            if count and size > _MOST_BYTES:
                break
            count += 1
        batch, self._letters = self._letters[:count], self._letters[count:]
        return batch

    async def _send_batch(self, batch: list[Letter]) -> bool:
        """Whether Redis took it; what it refused for one mailbox is put back, and holds up no other."""
        loop = asyncio.get_running_loop()
        patience = max(0.0, min(letter.deadline for letter in batch) - loop.time())
        if self._claims_apart:
            batch = await self._claim(batch, patience)
        groups: dict[str, list[Letter]] = {}
        for letter in batch:
            groups.setdefault(letter.message.recipient_id, []).append(letter)
        commands = [self._command(agent, letters) for agent, letters in groups.items()]
        if self._replicas:
            # On the connection of the scripts, as it counts what was written there.
            commands.append(("WAIT", self._replicas, _REPLICATION_MILLISECONDS))
        answers = await self._scripts.run(self._pipe, commands, patience=patience)
        if self._replicas and answers.pop() < self._replicas:
            raise LinkDownError(f"fewer than {self._replicas} replicas of Redis have what was sent (REDIS_REPLICAS)")
        further: list[Command] = []
        taken = True
        for (agent, letters), answer in zip(groups.items(), answers, strict=True):
            if isinstance(answer, Exception):
                taken = False
                self._put_back(letters, LinkDownError(f"Redis refused what was sent to {agent}: {answer}"))
                continue
            accepted, refused = self._answer(agent, letters, answer)
            self.unlisted += len(accepted)
            if self._claims_apart:
                further += self._apart(agent, accepted, refused)
        if further:
            try:
                await self._pipe.ask(further, patience=patience)
            except LinkDownError as error:
                # The messages are accepted; it is lists that miss them.
                _log.warning("messages_not_listed", count=len(batch), error=error.message)
        return taken

    def _answer(
        self, agent: str, letters: Sequence[Letter], outcomes: Sequence[Any]
    ) -> tuple[list[Letter], list[Letter]]:
        """Tell each sender; which were accepted, and which refused."""
        accepted, refused = [], []
        for letter, outcome in zip(letters, outcomes, strict=True):
            if outcome == 0:
                accepted.append(letter)
                self._told(letter)
                letter.sender.accepted(None)
            elif outcome == 1:
                letter.sender.accepted(First(letter.message.message_id, agent))
            elif outcome == _NO_ROOM:
                refused.append(letter)
                letter.sender.failed(self._full(agent))
            else:
                letter.sender.accepted(First(letter.message.message_id, outcome.decode()))
        return accepted, refused

    def _apart(self, agent: str, accepted: Sequence[Letter], refused: Sequence[Letter]) -> list[Command]:
        """What a Cluster keeps elsewhere than the mailbox."""
        names = self._names
        further: list[Command] = [("DEL", names.claim(letter.message.message_id)) for letter in refused]
        if accepted:
            further.append(("SADD", names.mailboxes, agent))
            further.append(("RPUSH", names.new, *(self._line(letter) for letter in accepted)))
        timed = [letter.expires for letter in accepted if letter.expires is not None]
        if timed:
            further.append(("ZADD", names.timers, "LT", min(timed), agent))
        return further

    async def _claim(self, batch: Sequence[Letter], patience: float) -> list[Letter]:
        """In a Cluster an id lies elsewhere than its mailbox: say first whose it is. Those that nobody had before."""
        names = self._names
        commands: list[Command] = [
            ("SET", names.claim(one.message.message_id), one.message.recipient_id, "NX", "GET") for one in batch
        ]
        left = []
        for letter, had in zip(batch, await self._pipe.ask(commands, patience=patience), strict=True):
            if isinstance(had, fault.RedisError):
                raise LinkDownError(f"Redis refused a batch: {had}") from had
            if had is None or had.decode() == letter.message.recipient_id:
                left.append(letter)
            else:
                letter.sender.accepted(First(letter.message.message_id, had.decode()))
        return left

    def _command(self, agent: str, letters: Sequence[Letter]) -> Command:
        names = self._names
        keys = [names.base(agent)]
        if not self._claims_apart:
            keys += [
                names.timers,
                names.new,
                names.mailboxes,
                *(names.claim(letter.message.message_id) for letter in letters),
            ]
        now = self._clock.now().timestamp()
        arguments: list[str | bytes | int | float] = [agent, self._limit, now, int(now // SLOT_SECONDS)]
        for letter in letters:
            message = letter.message
            arguments += [
                message.message_id,
                message.payload.priority.rank,
                message.sender_id,
                "" if letter.expires is None else letter.expires,
                letter.asker,
                self._position_of(letter),
                self._line(letter),
                letter.body,
            ]
        return self._scripts.call("publish", keys, arguments)

    def _position_of(self, letter: Letter) -> int:
        """The same each time it is sent: so Redis tells a letter that it had from another with the same id."""
        if not letter.position:
            self._position = max(self._position + 1, int((time.time() + self._ahead) * 1e6))
            letter.position = self._position
        return letter.position

    def _line(self, letter: Letter) -> bytes:
        message = letter.message
        return orjson.dumps(
            [letter.position, message.recipient_id, message.sender_id, message.conversation_id, message.message_id]
        )
