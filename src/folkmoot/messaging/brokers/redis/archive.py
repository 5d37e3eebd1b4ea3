"""Messages and their fates as Redis knows them, and the figures of its mailboxes."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from folkmoot.kernel import Clock
from folkmoot.link import LinkDownError, Pipe, Scripts
from folkmoot.link.pipe import Command
from folkmoot.messaging.broker import BrokerStats, MailboxStats, MessageRecord, MessageStatus
from folkmoot.messaging.brokers.archive import not_dead, opened
from folkmoot.messaging.brokers.ending import First
from folkmoot.messaging.brokers.redis.lists import Lists, Place, pairs
from folkmoot.messaging.brokers.redis.names import SLOT_SECONDS, SLOTS, Names
from folkmoot.messaging.brokers.traffic import per_minute
from folkmoot.messaging.middleware import Chain

_PAGE: Final = 500


class Archive:
    """Looks messages up, and forgets them when their time is over."""

    def __init__(self, *, pipe: Pipe, scripts: Scripts, names: Names, clock: Clock, chain: Chain) -> None:
        self._pipe = pipe
        self._scripts = scripts
        self._names = names
        self._clock = clock
        self._chain = chain
        self.lists = Lists(pipe=pipe, names=names)

    async def first(self, message_id: str) -> First[str] | None:
        """Where the accepted message with this id is."""
        agent = await self._pipe.one("GET", self._names.claim(message_id))
        return None if agent is None else First(message_id, agent.decode())

    async def find(self, message_id: str) -> MessageRecord | None:
        """See `Broker.find`."""
        first = await self.first(message_id)
        if first is None:
            return None
        found = await self._records([(0, first.mailbox, message_id)])
        return found[0] if found else None

    async def messages(
        self,
        *,
        agent_id: str | None,
        conversation_id: str | None,
        status: MessageStatus | None,
        limit: int,
        before: int | None,
    ) -> list[MessageRecord]:
        """See `Broker.messages`."""
        await self.lists.bring_up()
        names = self._names
        wanted = [names.all]
        if agent_id is not None:
            wanted = [names.to(agent_id), names.sent_by(agent_id)]
        elif conversation_id is not None:
            wanted = [names.conversation(conversation_id)]
        found: list[MessageRecord] = []
        place = before
        while len(found) < limit:
            page, place = await self.lists.page(wanted, place, max(limit, 1) if status is None else _PAGE)
            records = await self._records(page)
            if agent_id is not None and conversation_id is not None:
                records = [one for one in records if one.message.conversation_id == conversation_id]
            if status is not None:
                records = [one for one in records if one.status is status]
            found += records
            if place is None:
                break
        return found[:limit]

    async def dead_letters(self, *, agent_id: str | None, limit: int, offset: int) -> list[MessageRecord]:
        """See `Broker.dead_letters`."""
        agents = [agent_id] if agent_id is not None else await self.mailboxes()
        answers = await self._pipe.ask(
            [("ZRANGE", self._names.dead(agent), 0, offset + limit - 1, "REV", "WITHSCORES") for agent in agents]
        )
        dead = [
            (float(score), agent, member.decode())
            for agent, answer in zip(agents, answers, strict=True)
            for member, score in pairs(answer)
        ]
        dead.sort(key=lambda one: -one[0])
        return await self._records([(0, agent, one) for _, agent, one in dead[offset : offset + limit]])

    async def dead_letter(self, message_id: str) -> MessageRecord:
        """One dead letter. Raises `UnknownMessageError`."""
        record = await self.find(message_id)
        if record is None or record.status is not MessageStatus.DEAD:
            raise not_dead(message_id)
        return record

    async def mailboxes(self) -> list[str]:
        """Agents that have, or had, mail within retention."""
        return sorted(name.decode() for name in await self._pipe.one("SMEMBERS", self._names.mailboxes))

    async def stats(self) -> BrokerStats:
        """See `Broker.stats`."""
        agents = await self.mailboxes()
        totals = [0, 0, 0, 0, 0]
        sizes: dict[str, int] = {}
        oldest: float | None = None
        for agent, found in zip(agents, await self._figures(agents), strict=True):
            counts = [int(one) for one in found[:5]]
            totals = [total + count for total, count in zip(totals, counts, strict=True)]
            if counts[0]:
                sizes[agent] = counts[0]
            if found[5]:
                oldest = min(float(found[5]), float("inf") if oldest is None else oldest)
        size, busy, handled, dead, expired = totals
        return BrokerStats(
            queued=max(size - busy, 0),
            in_flight=busy,
            handled=handled,
            dead=dead,
            expired=expired,
            oldest_seconds=0.0 if oldest is None else max(self._clock.now().timestamp() - oldest, 0.0),
            mailboxes=sizes,
        )

    async def mailbox_stats(self, agent_id: str | None, taken_from: Collection[str]) -> list[MailboxStats]:
        """See `Broker.mailbox_stats`; `taken_from` are the mailboxes that this process serves."""
        known = set(await self.mailboxes()) | set(taken_from)
        agents = sorted(known if agent_id is None else known & {agent_id})
        now = self._clock.now().timestamp()
        slots = range(int(now // SLOT_SECONDS) - SLOTS + 1, int(now // SLOT_SECONDS) + 1)
        stats = []
        for agent, found in zip(agents, await self._figures(agents, slots), strict=True):
            size, busy, _, dead, _ = (int(one) for one in found[:5])
            accepted, handled, retried, attempts, seconds = (float(one) for one in found[6:11])
            if not (size or dead or accepted or attempts or agent in taken_from):
                continue
            stats.append(
                MailboxStats(
                    agent_id=agent,
                    queued=max(size - busy, 0),
                    in_flight=busy,
                    dead=dead,
                    oldest_seconds=max(now - float(found[5]), 0.0) if found[5] else 0.0,
                    accepted_per_minute=per_minute(int(accepted)),
                    handled_per_minute=per_minute(int(handled)),
                    retried_per_minute=per_minute(int(retried)),
                    handler_seconds=seconds / attempts if attempts else 0.0,
                )
            )
        return stats

    async def oldest(self) -> float | None:
        """When the oldest message that has not ended was accepted (POSIX time)."""
        found = await self._figures(await self.mailboxes())
        return min((float(one[5]) for one in found if one[5]), default=None)

    async def prune(self, before: float, taken_from: Collection[str]) -> int:
        """Forget what ended before a POSIX time; how many messages. `taken_from` are mailboxes served here."""
        await self.lists.bring_up()
        pruned = 0
        for agent in await self.mailboxes():
            more = True
            while more:
                call = self._scripts.call("prune", [self._names.base(agent)], [before, _PAGE])
                (gone,) = await self._run([call])
                ids = [one.decode() for one in gone[::3]]
                pruned += len(ids)
                more = bool(ids)
                if ids:
                    await self.lists.forget(
                        agent, ids, [one.decode() for one in gone[1::3]], [one.decode() for one in gone[2::3]]
                    )
            if agent not in taken_from:
                await self._tidy(agent)
        return pruned

    async def _tidy(self, agent: str) -> None:
        """Forget a mailbox in which nothing is left and from which nobody takes."""
        names = self._names
        (done,) = await self._run([self._scripts.call("tidy", [names.base(agent)], [])])
        if done:
            await self._pipe.one("SREM", names.mailboxes, agent)
            if await self._pipe.one("EXISTS", f"{names.base(agent)}meta"):
                await self._pipe.one("SADD", names.mailboxes, agent)  # mail came at this very moment

    async def _figures(self, agents: Sequence[str], slots: Iterable[int] = ()) -> list[list[bytes]]:
        found: list[list[bytes]] = []
        for start in range(0, len(agents), _PAGE):
            found += await self._run(
                [
                    self._scripts.call("figures", [self._names.base(agent)], list(slots))
                    for agent in agents[start : start + _PAGE]
                ]
            )
        return found

    async def _records(self, places: Sequence[Place]) -> list[MessageRecord]:
        """The records at (position, mailbox, id), without those that are gone."""
        by_agent: dict[str, list[str]] = {}
        for _, agent, message_id in places:
            by_agent.setdefault(agent, []).append(message_id)
        if not by_agent:
            return []
        answers = await self._run(
            [self._scripts.call("find", [self._names.base(agent)], ids) for agent, ids in by_agent.items()]
        )
        found: dict[tuple[str, str], list[Any]] = {}
        for (agent, ids), answer in zip(by_agent.items(), answers, strict=True):
            found |= {(agent, message_id): fields for message_id, fields in zip(ids, answer, strict=True) if fields}
        return [
            self._record(found[agent, message_id]) for _, agent, message_id in places if (agent, message_id) in found
        ]

    def _record(self, fields: list[Any]) -> MessageRecord:
        body, accepted, status, at, attempts, error, reply, busy, position = fields
        return MessageRecord(
            position=int(position),
            message=opened(self._chain, body),
            status=MessageStatus(status.decode())
            if status
            else MessageStatus.IN_FLIGHT
            if busy
            else MessageStatus.QUEUED,
            attempts=int(attempts),
            accepted_at=_moment(accepted),
            settled_at=_moment(at) if at else None,
            error=error.decode() or None,
            reply=opened(self._chain, reply) if reply else None,
        )

    async def _run(self, calls: Sequence[Command]) -> list[Any]:
        answers = await self._scripts.run(self._pipe, calls)
        for answer in answers:
            if isinstance(answer, Exception):
                raise LinkDownError(f"Redis refused: {answer}") from answer
        return answers


def _moment(posix: bytes) -> datetime:
    return datetime.fromtimestamp(float(posix), UTC)
