"""A sender that floods is slowed down before its messages are accepted."""

from collections import deque
from datetime import timedelta

from folkmoot.kernel import Clock
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import SendingTooFastError
from folkmoot.messaging.middleware.middleware import Middleware


class LimitRate(Middleware):
    """At most `most` messages of one sender within `interval`, in this process. Others are not affected."""

    def __init__(self, *, most: int, interval: timedelta, clock: Clock) -> None:
        self._most = most
        self._seconds = interval.total_seconds()
        self._clock = clock
        self._sent: dict[str, deque[float]] = {}

    async def sending(self, message: AgentMessage) -> AgentMessage:
        now = self._clock.monotonic()
        sent = self._sent.get(message.sender_id)
        if sent is None:
            self._forget(now)
            sent = self._sent[message.sender_id] = deque(maxlen=self._most)
        if len(sent) == self._most and sent[0] > now - self._seconds:
            wait = sent[0] + self._seconds - now
            raise SendingTooFastError(
                f"{message.sender_id} sent {self._most} messages within {self._seconds:g} s, which is the limit; "
                f"send again in {wait:.1f} s",
                sender_id=message.sender_id,
                retry_after_seconds=round(wait, 3),
            )
        sent.append(now)
        return message

    def _forget(self, now: float) -> None:
        """Whoever has not sent for an interval is not remembered."""
        for sender in [name for name, sent in self._sent.items() if sent[-1] <= now - self._seconds]:
            del self._sent[sender]
