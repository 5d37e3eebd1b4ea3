"""All messages of a broker in memory, those that ended among them, as far as they are remembered.

Unsettled messages are bounded by the limit of each mailbox. Of those that were handled or expired, and of dead
letters, the latest `remembered` are kept each: memory stays bounded though nobody prunes.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import islice

from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.ending import Settlement
from folkmoot.messaging.brokers.figures import Figures
from folkmoot.messaging.brokers.journal import Postponement
from folkmoot.messaging.brokers.memory.kept import Kept
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.messaging")


class Shelf:
    """Keeps messages by `seq` (in the order of acceptance) and by id; records their ends (see `Ledger`)."""

    def __init__(self, *, figures: Figures, remembered: int) -> None:
        self._figures = figures
        self._remembered = remembered
        # In the order of acceptance, as everything that is put here.
        self._by_id: dict[str, Kept] = {}
        self._waiting: dict[int, Kept] = {}
        self._ended: deque[Kept] = deque()
        self._dead: dict[int, Kept] = {}
        self._recorded: Callable[[list[Settlement[int]]], None] | None = None

    def of(self, seq: int) -> Kept:
        """A message that has not ended."""
        return self._waiting[seq]

    def known(self, message_id: str) -> Kept | None:
        """The message with this id."""
        return self._by_id.get(message_id)

    def tells(self, recorded: Callable[[list[Settlement[int]]], None]) -> None:
        """Let `recorded` hear of each end."""
        self._recorded = recorded

    def put(self, kept: Kept) -> None:
        """A message was accepted."""
        self._by_id[kept.message.message_id] = kept
        self._waiting[kept.seq] = kept

    def submit_settled(self, settlement: Settlement[int]) -> None:
        """A message ended."""
        kept = self._waiting.pop(settlement.key)
        if settlement.status is MessageStatus.DEAD:
            self._dead[kept.seq] = kept
            if len(self._dead) > self._remembered:
                oldest = next(iter(self._dead.values()))
                _log.warning("dead_letter_forgotten", message_id=oldest.message.message_id, kept=self._remembered)
                self.drop_dead(oldest)
        else:
            self._ended.append(kept)
            if len(self._ended) > self._remembered:
                self._forget(self._ended.popleft())
        if self._recorded is not None:
            self._recorded([settlement])
        kept.settled(settlement)

    def submit_postponed(self, postponement: Postponement) -> None:
        """A message is in backoff."""
        kept = self._waiting[postponement.seq]
        kept.attempts, kept.due, kept.error = postponement.attempts, postponement.due, postponement.error

    def bring_back(self, kept: Kept) -> None:
        """A dead letter waits again."""
        del self._dead[kept.seq]
        self._no_more_dead(kept)
        kept.revived()
        self._waiting[kept.seq] = kept

    def drop_dead(self, kept: Kept) -> None:
        """Delete a dead letter."""
        del self._dead[kept.seq]
        self._no_more_dead(kept)
        self._delete(kept)

    def waiting(self) -> list[Kept]:
        """What is not settled, in the order of acceptance."""
        return [self._waiting[seq] for seq in sorted(self._waiting)]

    def oldest(self) -> float | None:
        """When the oldest unsettled message was accepted (POSIX time)."""
        return self._waiting[min(self._waiting)].accepted if self._waiting else None

    async def oldest_of(self, seqs: Sequence[int]) -> dict[str, float]:
        """When the oldest of these messages that are not settled was accepted (POSIX time), by mailbox."""
        oldest: dict[str, float] = {}
        for seq in seqs:
            kept = self._waiting.get(seq)
            if kept is not None:
                name = kept.mailbox.agent_id
                oldest[name] = min(kept.accepted, oldest.get(name, kept.accepted))
        return oldest

    def prune(self, before: float) -> int:
        """Forget what was handled or expired before a POSIX time; how many."""
        pruned = 0
        while self._ended and (end := self._ended[0].settlement) is not None and end.at < before:
            self._forget(self._ended.popleft())
            pruned += 1
        return pruned

    def forget_replies(self, agent_id: str, intents: Collection[str]) -> int:
        """Empty the replies of an agent to messages of some intents; how many."""
        emptied = 0
        for kept in self._ended:
            end = kept.settlement
            if end is None or (end.reply is None and end.answer is None):
                continue
            if kept.mailbox.agent_id == agent_id and kept.message.intent in intents:
                end.reply, end.answer, emptied = None, None, emptied + 1
        return emptied

    def newest(self, wanted: Callable[[Kept], bool], *, limit: int, before: int | None) -> list[Kept]:
        """The newest for which `wanted` holds, accepted before the message `before`."""
        found = (
            kept for kept in reversed(self._by_id.values()) if (before is None or kept.seq < before) and wanted(kept)
        )
        return list(islice(found, max(limit, 0)))

    def dead(self, agent_id: str | None, first: int, end: int) -> list[Kept]:
        """Dead letters number `first` to `end`, the newest first."""
        found = (
            kept for kept in reversed(self._dead.values()) if agent_id is None or kept.mailbox.agent_id == agent_id
        )
        return list(islice(found, first, end))

    def _forget(self, kept: Kept) -> None:
        assert kept.settlement is not None
        self._figures.settled(kept.settlement.status, -1)
        self._delete(kept)

    def _no_more_dead(self, kept: Kept) -> None:
        self._figures.settled(MessageStatus.DEAD, -1)
        self._figures.traffic.dead[kept.mailbox.agent_id] -= 1

    def _delete(self, kept: Kept) -> None:
        del self._by_id[kept.message.message_id]
