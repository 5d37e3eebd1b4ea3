"""Who is next: the mailboxes in memory, by sender and priority.

Only numbers are kept here (`seq`, about 40 bytes a message), never bodies, so that a million waiting messages fit.

A *lane* is what one sender has for one recipient within one priority. One message of a lane is out at a time, and a
lane that has one out is not ready: that is the order promised. Ready lanes of a priority take turns, so a sender with a
long queue does not hold up the others.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from folkmoot.messaging.envelope import Priority

_SPARE: Final = 16


class Taker(Protocol):
    """A subscription, as its mailbox sees it."""

    def pump(self) -> None:
        """Take what is ready, as far as there is room."""
        ...


@dataclass(slots=True, eq=False)
class Lane:
    """The messages of one sender within one priority; `out` while one of them is being handled."""

    sender: str
    rank: int
    waiting: deque[int]
    out: bool = False


class Mailbox:
    """The unsettled messages of one agent. `size` counts them all: waiting, out, in backoff and being accepted."""

    __slots__ = ("_lanes", "_ready", "_spare", "_withdrawn", "agent_id", "size", "takers")

    def __init__(self, agent_id: str) -> None:
        self.agent_id = agent_id
        self.size = 0
        self.takers: list[Taker] = []
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._ready: tuple[deque[Lane], ...] = tuple(deque() for _ in Priority)
        self._withdrawn: set[int] = set()
        # Queues of lanes that ended: a new one takes a piece of memory for 64 messages, and most lanes have one.
        self._spare: list[deque[int]] = []

    def add(self, seq: int, sender: str, rank: int) -> None:
        """A message waits behind its sender's others."""
        if seq in self._withdrawn:
            self._withdrawn.discard(seq)
            return
        lane = self._lanes.get((sender, rank))
        if lane is None:
            lane = self._lanes[sender, rank] = Lane(sender, rank, self._spare.pop() if self._spare else deque())
        if not lane.out and not lane.waiting:
            self._ready[rank].append(lane)
        lane.waiting.append(seq)

    def has_ready(self) -> bool:
        """Whether `take` is likely to find a message."""
        return any(self._ready)

    def take(self) -> tuple[Lane, int] | None:
        """The next message that may be handled, of the highest priority that has one; its lane is then out."""
        for ready in reversed(self._ready):
            while ready:
                lane = ready.popleft()
                while lane.waiting:
                    seq = lane.waiting.popleft()
                    if seq not in self._withdrawn:
                        lane.out = True
                        return lane, seq
                    self._withdrawn.discard(seq)
                del self._lanes[lane.sender, lane.rank]
        return None

    def release(self, lane: Lane) -> None:
        """The message that was out of `lane` is settled or steps aside: the next may go."""
        lane.out = False
        if lane.waiting:
            self._ready[lane.rank].append(lane)
        else:
            del self._lanes[lane.sender, lane.rank]
            if len(self._spare) < _SPARE:
                self._spare.append(lane.waiting)

    def give_back(self, lane: Lane, seq: int) -> None:
        """The message that was out of `lane` was not tried after all: it keeps its place."""
        lane.waiting.appendleft(seq)
        self.release(lane)

    def withdraw(self, seq: int) -> None:
        """A waiting message must not be taken any more; it is skipped when its turn comes."""
        self._withdrawn.add(seq)

    def upcoming(self, lane: Lane, count: int) -> list[int]:
        """About `count` messages that are likely to be taken soon, those of `lane` first."""
        seqs = _first(lane.waiting, count)
        for ready in reversed(self._ready):
            for other in ready:
                if len(seqs) >= count:
                    return seqs
                seqs += _first(other.waiting, 4)
        return seqs

    def heads(self) -> list[int]:
        """The first of each sender and priority that may still be taken."""
        heads = []
        for lane in self._lanes.values():
            first = next((seq for seq in lane.waiting if seq not in self._withdrawn), None)
            if first is not None:
                heads.append(first)
        return heads

    def out(self) -> int:
        """How many messages are being handled."""
        return sum(lane.out for lane in self._lanes.values())

    def pump(self) -> None:
        """Let every subscription take what is ready."""
        for taker in self.takers:
            taker.pump()


def _first(waiting: deque[int], count: int) -> list[int]:
    return [waiting[place] for place in range(min(count, len(waiting)))]


class Mailboxes:
    """All mailboxes of one broker, made when first needed and forgotten when nothing is left of them."""

    def __init__(self) -> None:
        self._mailboxes: dict[str, Mailbox] = {}

    def of(self, agent_id: str) -> Mailbox:
        """The mailbox of an agent."""
        mailbox = self._mailboxes.get(agent_id)
        if mailbox is None:
            mailbox = self._mailboxes[agent_id] = Mailbox(agent_id)
        return mailbox

    def has(self, agent_id: str) -> bool:
        """Whether the agent has a mailbox just now."""
        return agent_id in self._mailboxes

    def one_less(self, mailbox: Mailbox) -> None:
        """A message of `mailbox` is settled."""
        mailbox.size -= 1
        if not mailbox.size and not mailbox.takers:
            self._mailboxes.pop(mailbox.agent_id, None)

    def tidy(self, mailbox: Mailbox) -> None:
        """Forget `mailbox` if it is empty and nobody takes from it."""
        if not mailbox.size and not mailbox.takers:
            self._mailboxes.pop(mailbox.agent_id, None)

    def clear(self) -> None:
        """Forget everything: the broker stops."""
        self._mailboxes.clear()

    def all(self) -> list[Mailbox]:
        """Those that have mail or are taken from."""
        return list(self._mailboxes.values())

    def total(self) -> int:
        """Unsettled messages of all."""
        return sum(mailbox.size for mailbox in self._mailboxes.values())

    def sizes(self) -> dict[str, int]:
        """Unsettled messages by agent, those without any left out."""
        return {agent_id: mailbox.size for agent_id, mailbox in self._mailboxes.items() if mailbox.size}
