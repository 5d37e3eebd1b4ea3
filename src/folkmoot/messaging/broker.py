"""What moves messages between mailboxes: the promises that every broker keeps (SPEC A3-A5).

*Durable.* When `publish` returns, the message survives the death of this process.
*At least once.* A message is acknowledged after its handler succeeded; until then it is delivered again, also after a
restart. A handler that puts its effect into `Delivery.transaction()` sees it take effect exactly once.
*Once accepted.* A second `publish` of one `message_id` is the same message: nothing is delivered twice because of it.
*Order.* Per mailbox, from one sender and within one priority, one message is in flight at a time, in the order sent;
a message in backoff steps aside and loses its place. `urgent` and `high` overtake.
*Never silent.* A message that cannot be handled ends in the dead-letter box with the error; a full mailbox refuses
with `MailboxFullError`; an expired message is never handled, and is counted.

Implementations are in `brokers/` and are chosen in `folkmoot.assembly`; who an address such as `role:cso` means is
asked of a `Directory`, which the registry provides.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from folkmoot.messaging.envelope import AgentMessage

Reply = dict[str, Any] | None
"""What a handler returns: the data of its reply, or None for no reply."""


class MessageStatus(StrEnum):
    """Where an accepted message is."""

    QUEUED = "queued"
    IN_FLIGHT = "in_flight"
    HANDLED = "handled"
    DEAD = "dead"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The broker's word that it has a message. `duplicate`: it had it before. `recipient_id`: who it resolved to."""

    message_id: str
    recipient_id: str
    duplicate: bool = False


@dataclass(frozen=True, kw_only=True)
class MessageRecord:
    """One message and its fate. `reply` is set when a handler answered; `position` grows with acceptance."""

    position: int
    message: AgentMessage
    status: MessageStatus
    attempts: int
    accepted_at: datetime
    settled_at: datetime | None = None
    error: str | None = None
    reply: AgentMessage | None = None


@dataclass(frozen=True, kw_only=True)
class BrokerStats:
    """Figures of one broker. `oldest_seconds` is the age of the oldest waiting message, 0.0 when none waits."""

    queued: int
    in_flight: int
    handled: int
    dead: int
    expired: int
    oldest_seconds: float
    mailboxes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MailboxStats:
    """Figures of one agent's mailbox. Rates are over the last five minutes; a broker that was restarted counts anew.

    `queued` are those that wait, in backoff too; `oldest_seconds` is the age of the oldest message that is not
    settled, 0.0 if all are; `handler_seconds` is the mean time of an attempt in those five minutes, 0.0 without any.
    """

    agent_id: str
    queued: int
    in_flight: int
    dead: int
    oldest_seconds: float
    accepted_per_minute: float
    handled_per_minute: float
    retried_per_minute: float
    handler_seconds: float


class Delivery(Protocol):
    """One attempt at handling one message."""

    @property
    def message(self) -> AgentMessage: ...

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""
        ...

    def transaction(self, reply: Reply = None) -> AbstractAsyncContextManager[Any]:
        """A write transaction (`AsyncSession`) in which the handler's effect and the mark "handled" commit together.

        `reply` is read when the block ends (the block may fill it) and kept with the mark. Raises
        `AlreadyHandledError` if an earlier attempt committed; let it pass: the broker then acknowledges, and whoever
        asked gets the kept reply, or an empty one if none was given here.
        """
        ...

    async def stream(self, chunk: dict[str, Any]) -> None:
        """Send a part of the reply to whoever reads `request_stream`; chunks arrive in order, before the reply.

        Chunks are not journalled: a reader that comes late gets those from then on. An attempt that failed has sent
        its chunks; the next attempt sends its own after them.
        """
        ...


Handler = Callable[[Delivery], Awaitable[Reply]]


class Directory(Protocol):
    """Who may be meant by an address that names no agent."""

    async def fitting(self, selector: str, *, sender: str | None = None) -> Sequence[str]:
        """Ids of online agents for `role:x`, `capability:x`, `department:x` or `everybody`, the least loaded first.

        With a `sender`, only those that it may address.
        """
        ...


class Subscription(Protocol):
    """An agent that is taking its mail."""

    async def cancel(self, *, drain: timedelta = timedelta(0)) -> None:
        """Take no more mail; wait up to `drain` for handlers in flight, then cancel them: their mail stays queued."""
        ...


class Broker(Protocol):
    """See the module docstring for what each method promises."""

    async def start(self) -> None:
        """Open the journal or connection; mail left by an earlier process becomes deliverable."""
        ...

    async def stop(self) -> None:
        """Stop deliveries and close; accepted messages stay accepted."""
        ...

    async def publish(self, message: AgentMessage) -> Receipt:
        """Accept a message for delivery. Raises `NobodyFitsError`, `MailboxFullError`, `MessageTooLargeError`."""
        ...

    async def subscribe(self, agent_id: str, handler: Handler, *, concurrency: int = 16) -> Subscription:
        """Deliver the mail of `agent_id` to `handler`, at most `concurrency` messages at a time.

        Several subscriptions of one agent are replicas of it: they share the mailbox and its order.
        """
        ...

    async def request(self, message: AgentMessage, *, timeout: timedelta) -> AgentMessage:  # noqa: ASYNC109  # part of the promise: it is the sender's patience
        """Publish and wait for the reply; a handler that gave none answers with empty data.

        Raises `ReplyTimeoutError` (the message stays accepted), or `HandlingFailedError` with the dead letter's error.

        A repeated request (same `message_id`) whose reply is known gets that reply; one whose message still waits or
        is being handled waits with it. Nobody is asked again, also after a restart.
        """
        ...

    def request_stream(
        self, message: AgentMessage, *, timeout: timedelta
    ) -> AsyncIterator[dict[str, Any] | AgentMessage]:
        """Publish and yield the chunks of the reply as they come, then the reply itself.

        `timeout` is the longest wait for the next of them. Raises as `request` does.
        """
        ...

    async def broadcast(self, message: AgentMessage) -> dict[str, Receipt | Exception]:
        """Send to everyone the `recipient_id` selects (`role:x`, …, `everybody`) but the sender; the outcome of each.

        Each recipient's copy has an id of its own that follows from `message_id`, so a repeated broadcast is one; the
        copies carry the `message_id` as `correlation_id` unless they have another.
        """
        ...

    async def find(self, message_id: str) -> MessageRecord | None:
        """A message and its fate, or None if it was never accepted or is past retention."""
        ...

    async def messages(
        self,
        *,
        agent_id: str | None = None,
        conversation_id: str | None = None,
        status: MessageStatus | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> list[MessageRecord]:
        """The newest messages from or to an agent, of a conversation, of a status; all of what is given together.

        `before` is a `position`, for the next page.
        """
        ...

    async def dead_letters(
        self, *, agent_id: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[MessageRecord]:
        """Messages given up on, the newest first."""
        ...

    async def retry_dead_letter(self, message_id: str) -> MessageRecord:
        """Queue a dead letter again with fresh attempts. Raises `UnknownMessageError`."""
        ...

    async def drop_dead_letter(self, message_id: str) -> None:
        """Delete a dead letter. Raises `UnknownMessageError`."""
        ...

    async def forget_replies(self, agent_id: str, intents: Collection[str]) -> int:
        """Empty the kept replies of an agent to messages of these intents, so that no words outlive a permission.

        Answers how many. Who repeats such a request gets an empty reply.
        """
        ...

    async def prune(self, older_than: timedelta = timedelta(days=7)) -> int:
        """Forget messages handled or expired longer ago than that, and marks of handled ones; how many messages.

        Until then a repeated send or request is recognised. Dead letters stay until they are dropped.
        """
        ...

    async def stats(self) -> BrokerStats:
        """Figures of this moment."""
        ...

    async def mailbox_stats(self, agent_id: str | None = None) -> list[MailboxStats]:
        """Figures of one mailbox, or of all, by agent id.

        Told are mailboxes that have mail or dead letters, that had mail in the last five minutes, and those that are
        taken from.
        """
        ...

    async def health_check(self) -> None:
        """Raise a `FolkmootError` that says what is wrong unless messages can be accepted now."""
        ...
