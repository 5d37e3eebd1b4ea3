"""The figures of each mailbox, put together from what is in memory and one question to whoever keeps the messages."""

from collections.abc import Sequence
from typing import Protocol

from folkmoot.kernel import Clock
from folkmoot.messaging.broker import MailboxStats
from folkmoot.messaging.brokers.mailboxes import Mailboxes
from folkmoot.messaging.brokers.settle import Settler
from folkmoot.messaging.brokers.traffic import Tally, Traffic, per_minute


class Ages(Protocol):
    """Who knows when messages were accepted."""

    async def oldest_of(self, seqs: Sequence[int], /) -> dict[str, float]:
        """When the oldest of these messages that are not settled was accepted (POSIX time), by mailbox."""
        ...


class Overview:
    """Looks over the mailboxes; how many messages wait in one costs it nothing."""

    def __init__(self, *, mailboxes: Mailboxes, settler: Settler, reader: Ages, traffic: Traffic, clock: Clock) -> None:
        self._mailboxes = mailboxes
        self._settler = settler
        self._reader = reader
        self._traffic = traffic
        self._clock = clock

    async def mailbox_stats(self, agent_id: str | None) -> list[MailboxStats]:
        """See `Broker.mailbox_stats`."""
        wanted = None if agent_id is None else {agent_id}
        oldest = await self._oldest(wanted)
        now = self._clock.now().timestamp()
        passed, dead = self._traffic.of_all(), +self._traffic.dead
        here = {mailbox.agent_id: mailbox for mailbox in self._mailboxes.all()}
        found = here.keys() | passed.keys() | dead.keys()
        stats = []
        for name in sorted(found if wanted is None else found & wanted):
            mailbox, tally = here.get(name), passed.get(name, Tally())
            in_flight = mailbox.out() if mailbox is not None else 0
            stats.append(
                MailboxStats(
                    agent_id=name,
                    queued=max(mailbox.size - in_flight, 0) if mailbox is not None else 0,
                    in_flight=in_flight,
                    dead=dead[name],
                    oldest_seconds=max(now - oldest[name], 0.0) if name in oldest else 0.0,
                    accepted_per_minute=per_minute(tally.accepted),
                    handled_per_minute=per_minute(tally.handled),
                    retried_per_minute=per_minute(tally.retried),
                    handler_seconds=tally.mean_seconds,
                )
            )
        return stats

    async def _oldest(self, wanted: set[str] | None) -> dict[str, float]:
        # A sender's queue is in the order of acceptance but for what came back from backoff, and that has attempts:
        # the heads, what was tried and what is being handled have the oldest of each mailbox among them.
        candidates = [*self._settler.out, *self._settler.attempts]
        for mailbox in self._mailboxes.all():
            if wanted is None or mailbox.agent_id in wanted:
                candidates += mailbox.heads()
        return await self._reader.oldest_of(candidates) if candidates else {}
