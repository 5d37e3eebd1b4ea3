"""Who waits for the end of a message, on any process: told by a channel, and looked for where nothing was heard.

A channel may lose what it tells (a broken connection, a moment too early). The end itself is kept, so whoever has
waited for a while looks; chunks are numbered, and those that are missing are fetched.
"""

import asyncio
import contextlib
import uuid
from typing import Any, Final

import orjson

from folkmoot.kernel import Family, FolkmootError, cancel_and_wait
from folkmoot.link import LinkDownError, Pipe, Scripts
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.ending import First, Settlement
from folkmoot.messaging.brokers.redis.names import Names
from folkmoot.messaging.brokers.redis.pieces import split
from folkmoot.messaging.brokers.replies import Asker, Replies
from folkmoot.messaging.middleware import Chain
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")
LOOK_SECONDS: Final = 2.0
_END_PIECES: Final = 9
_CHUNK_PIECES: Final = 4
_CHUNKS_KEPT_SECONDS: Final = 600


class Answers:
    """The askers of this process. `consumer` is its name on the channels.

    `patience`: for how many seconds a part of a reply waits for a Redis that is away.
    """

    def __init__(
        self, *, pipe: Pipe, scripts: Scripts, names: Names, consumer: str, chain: Chain, patience: float
    ) -> None:
        self._pipe = pipe
        self._scripts = scripts
        self._names = names
        self._chain = chain
        self._patience = patience
        self.replies = Replies[str]()
        self.waits = f"{consumer} "
        self.reads = f"{consumer}~ "
        self._mailboxes: dict[str, str] = {}
        self._chunks: dict[str, int] = {}
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for ends that were not heard of."""
        self._looking = asyncio.create_task(self._look_on(), name="folkmoot-answers")

    async def stop(self) -> None:
        """Tell whoever waits that nothing comes any more."""
        if self._looking is not None:
            await cancel_and_wait(self._looking)
            self._looking = None
        self.replies.stop()

    def listen(self, asker: Asker[str], message_id: str, agent_id: str, *, chunks: int | None = None) -> None:
        """From now on `asker` hears of that message; `chunks`: of its chunks too, from that number on."""
        self.replies.listen(asker, message_id)
        self._mailboxes[message_id] = agent_id
        if chunks is not None:
            self._chunks.setdefault(message_id, chunks)

    def leave(self, asker: Asker[str]) -> None:
        """`asker` waits no more."""
        message_id = asker.key
        self.replies.leave(asker)
        if message_id is not None and not self.replies.has(message_id):
            self._mailboxes.pop(message_id, None)
            self._chunks.pop(message_id, None)

    async def join(self, asker: Asker[str], first: First[str], *, reads: bool) -> bool:
        """Let `asker` hear of the end of a message that was accepted before; False if it is not known (any more)."""
        who = self.reads if reads else self.waits
        self.replies.listen(asker, first.key)
        self._mailboxes[first.key] = first.mailbox
        found = await self._joined(first.key, first.mailbox, who)
        if not found:
            self.leave(asker)
            return False
        if reads:
            self._chunks.setdefault(first.key, int(found[0]))
        if len(found) > 1:
            asker.settled(_settlement(first.key, found[1:]))
        return True

    async def send(self, agent_id: str, message_id: str, chunk: bytes) -> None:
        """Send a part of a reply to whoever reads it, on any process. Raises `LinkDownError`."""
        packed = self._chain.packing(chunk, message_id)
        call = self._scripts.call(
            "chunk",
            [self._names.base(agent_id)],
            [self._names.answers_prefix, _CHUNKS_KEPT_SECONDS, message_id, uuid.uuid4().bytes, packed],
        )
        (answer,) = await self._scripts.run(self._pipe, [call], patience=self._patience)
        if isinstance(answer, Exception):
            raise LinkDownError(f"Redis refused a part of a reply: {answer}") from answer

    def heard(self, told: bytes) -> None:
        """What came by the channel."""
        pieces = split(told)
        while pieces:
            if pieces[0] == b"end":
                end, pieces = pieces[1:_END_PIECES], pieces[_END_PIECES:]
                self._ended(end[0].decode(), end[1:-1], sent=int(end[-1] or 0))
            else:
                chunk, pieces = pieces[1:_CHUNK_PIECES], pieces[_CHUNK_PIECES:]
                self._chunk(chunk[0].decode(), int(chunk[1]), chunk[2])

    def settled(self, settlement: Settlement[str]) -> None:
        """A message ended in this process, and Redis has its end."""
        if self.replies.has(settlement.key) and settlement.key not in self._chunks:
            self._mailboxes.pop(settlement.key, None)
            self.replies.settled(settlement)

    def _ended(self, message_id: str, fields: list[bytes], *, sent: int) -> None:
        if not self.replies.has(message_id):
            return
        seen = self._chunks.get(message_id)
        if seen is not None and seen < sent:
            self._later(self._catch_up(message_id, fields))
            return
        self._chunks.pop(message_id, None)
        self._mailboxes.pop(message_id, None)
        self.replies.settled(_settlement(message_id, fields))

    def _chunk(self, message_id: str, number: int, chunk: bytes) -> None:
        seen = self._chunks.get(message_id)
        if seen is None or number < seen:
            return
        if number > seen:
            self._later(self._catch_up(message_id, None))
            return
        self._pass_on(message_id, number, chunk)

    def _pass_on(self, message_id: str, number: int, chunk: bytes) -> None:
        self._chunks[message_id] = number + 1
        try:
            part = orjson.loads(self._chain.unpacking(chunk, message_id))
        except (FolkmootError, ValueError) as error:
            # Sealed with a key that is not here, or changed on its way: whoever reads must hear of it.
            self._chunks.pop(message_id, None)
            self._mailboxes.pop(message_id, None)
            self.replies.failed(message_id, error)
        else:
            self.replies.chunk(message_id, part)

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work, name="folkmoot-chunks")
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _catch_up(self, message_id: str, end: list[bytes] | None) -> None:
        """Chunks that were missed are kept for a while; then the end, if it was that which showed they are missing."""
        agent_id = self._mailboxes.get(message_id)
        if agent_id is None:
            return
        with contextlib.suppress(LinkDownError):
            for _, fields in await self._pipe.one("XRANGE", self._names.chunks(agent_id, message_id), "-", "+"):
                pairs = dict(zip(fields[::2], fields[1::2], strict=True))
                number = int(pairs[b"n"])
                seen = self._chunks.get(message_id)
                if seen is not None and number >= seen:
                    self._pass_on(message_id, number, pairs[b"p"])
            if end is not None:
                self._ended(message_id, end, sent=0)

    async def _look_on(self) -> None:
        while True:
            before = set(self.replies.waited_for())
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look(before)
            except Exception:  # noqa: BLE001  # one end that cannot be read must not cost the others theirs; it is logged
                _log.exception("answers_not_looked_for")

    async def look(self, message_ids: set[str] | None = None) -> None:
        """Ask for the ends of what is waited for (only of those, if given)."""
        wanted = [one for one in self.replies.waited_for() if message_ids is None or one in message_ids]
        for message_id in wanted:
            agent_id = self._mailboxes.get(message_id)
            if agent_id is None:
                continue
            who = self.reads if message_id in self._chunks else self.waits
            try:
                found = await self._joined(message_id, agent_id, who)
            except LinkDownError as error:
                _log.debug("answers_not_looked_for", error=error.message)
                return
            if len(found) > 1:
                self._ended(message_id, found[1:], sent=int(found[0]))

    async def _joined(self, message_id: str, agent_id: str, who: str) -> list[bytes]:
        call = self._scripts.call("join", [self._names.base(agent_id)], [message_id, who])
        (found,) = await self._scripts.run(self._pipe, [call])
        if isinstance(found, Exception):
            raise LinkDownError(f"Redis refused: {found}") from found
        answer: list[bytes] = found
        return answer


def _settlement(message_id: str, fields: list[bytes]) -> Settlement[str]:
    status, at, attempts, error, kind, reply = fields
    family, _, wait = kind.decode().partition(":")
    return Settlement(
        message_id,
        MessageStatus(status.decode()),
        float(at),
        int(attempts),
        error.decode() or None,
        reply or None,
        Family(family) if family else None,
        float(wait) if wait else None,
    )
