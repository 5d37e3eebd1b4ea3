"""What was measured, as it comes in: a few numbers an answer, so that hours of it fit into memory."""

from array import array
from collections import Counter
from typing import Final

NO_CHUNK: Final = -1.0


class Record:
    """Times are seconds since the beginning; latencies are seconds from when a message was due to its answer."""

    def __init__(self) -> None:
        self.connected = 0
        self.sent = 0
        self.unsent = 0  # due, and nobody was free to send them before the end
        self.elapsed = 0.0  # from the beginning to the last answer
        self.sending = 0.0  # from the beginning to the end of sending
        self.errors: Counter[str] = Counter()
        self.samples: dict[str, str] = {}  # one message of each kind of error
        self.done_at = array("d")
        self.latency = array("d")
        self.first = array("d")  # to the first words; `NO_CHUNK` where an answer came at once
        self.failed_at = array("d")

    @property
    def received(self) -> int:
        return len(self.latency)

    def answered(self, at: float, latency: float, first: float | None) -> None:
        self.done_at.append(at)
        self.latency.append(latency)
        self.first.append(NO_CHUNK if first is None else first)

    def failed(self, at: float, kind: str, said: str) -> None:
        self.errors[kind] += 1
        self.samples.setdefault(kind, said[:300])
        self.failed_at.append(max(at, 0.0))
