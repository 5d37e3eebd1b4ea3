"""One attempt at handling one message, the same on every broker: from its bytes to how it ended.

What surrounds the handler is said by the middleware; recording the end is the broker's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from folkmoot.kernel import Clock, Family, FolkmootError
from folkmoot.messaging.broker import Handler, MessageStatus, Reply
from folkmoot.messaging.brokers.write import Answer, ReplyWriter
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import AlreadyHandledError, MessageTooLargeError, NoTransactionError
from folkmoot.messaging.middleware import Chain, Happening
from folkmoot.messaging.store import Inbox
from folkmoot.telemetry import bound_to, get_logger

_log = get_logger("folkmoot.messaging")
_LONGEST_ERROR = 2000

Stream = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Ending:
    """How an attempt ended. `status` None: it failed, and is to be tried again after `wait`.

    `attempts` counts those that failed or succeeded. `reply` is the JSON of the reply, `answer` the
    same where it was written without the model. `family` and `retry_after_seconds` are the fault's.
    """

    status: MessageStatus | None
    attempts: int
    error: str | None = None
    reply: bytes | None = None
    answer: Answer | None = None
    wait: timedelta | None = None
    family: Family | None = None
    retry_after_seconds: float | None = None


class Attempt:
    """See `Delivery`."""

    __slots__ = ("_inbox", "_stream", "attempt", "message")

    def __init__(self, message: AgentMessage, attempt: int, inbox: Inbox | None, stream: Stream) -> None:
        self.message = message
        self.attempt = attempt
        self._inbox = inbox
        self._stream = stream

    def transaction(self, reply: Reply = None) -> AbstractAsyncContextManager[Any]:
        """See `Delivery.transaction`."""
        if self._inbox is None:
            raise NoTransactionError(
                "this process has no database, in which an effect and its mark could commit together; give it one by "
                "DATABASE_URL",
                message_id=self.message.message_id,
            )
        return self._inbox.transaction(self.message, reply)

    async def stream(self, chunk: dict[str, Any]) -> None:
        """See `Delivery.stream`."""
        await self._stream(chunk)


class Attempts:
    """Makes attempts for every subscription of a broker. `max_bytes` bounds a reply as JSON.

    Without `in_bytes` the broker keeps an `Answer` as it is where there is one, and no JSON is made of it.
    """

    def __init__(
        self, *, chain: Chain, inbox: Inbox | None, clock: Clock, max_bytes: int, in_bytes: bool = True
    ) -> None:
        self._chain = chain
        self._inbox = inbox
        self._clock = clock
        self._max_bytes = max_bytes
        self._in_bytes = in_bytes
        self._writing = ReplyWriter()

    def read(self, body: bytes) -> AgentMessage:
        """A message from what is kept of it. Raises `ValidationError`, or what a middleware raises."""
        return self._chain.reading(AgentMessage.model_validate_json(body))

    def unreadable(self, agent_id: str, known_as: object, attempts: int, error: Exception) -> Ending:
        """The end of a message that could not be read: no handler can do anything with it."""
        said = _said(f"what is kept of the message cannot be read: {_in_words(error)}")
        _log.error("message_unreadable", agent_id=agent_id, message=known_as, error=said)
        return Ending(MessageStatus.DEAD, attempts, error=said, family=_family(error))

    async def make(
        self, message: AgentMessage, *, agent_id: str, attempt: int, handler: Handler, stream: Stream
    ) -> Ending:
        """Handle a message; `handler` is what `Chain.around` made. Raises `CancelledError` if stopped from outside."""
        late = self.too_late(message, attempt - 1)
        if late is not None:
            return late
        try:
            with bound_to(**ids(message, agent_id)):
                reply, answer = self.encoded(message, await handler(self.begin(message, attempt, stream)))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever a handler raises is the message's failure, logged and kept there
            return self.fault(message, agent_id, attempt, error)
        return self._ended(message, Ending(MessageStatus.HANDLED, attempt, reply=reply, answer=answer))

    def too_late(self, message: AgentMessage, attempts: int) -> Ending | None:
        """The end of a message that must not be handled any more after so many attempts; None if it may."""
        late = self._chain.too_late_at(message)
        if late is None or late > self._clock.now():
            return None
        return self._ended(message, Ending(MessageStatus.EXPIRED, attempts, error="expired before it was handled"))

    def begin(self, message: AgentMessage, attempt: int, stream: Stream) -> Attempt:
        """What a handler is given."""
        return Attempt(message, attempt, self._inbox, stream)

    def fault(
        self, message: AgentMessage, agent_id: str, attempt: int, error: Exception | asyncio.CancelledError
    ) -> Ending:
        """The end of an attempt whose handler raised. Raises the error if it was stopped from outside."""
        if isinstance(error, asyncio.CancelledError):
            if _stopped_from_outside():
                raise error
            return self._failed(message, agent_id, attempt, _cancelled_inside(error))
        if isinstance(error, AlreadyHandledError) and error.fields.get("message_id") == message.message_id:
            kept = error.fields.get("reply")
            try:
                reply, answer = self.encoded(message, kept if isinstance(kept, dict) else None)
            except FolkmootError as too_large:
                return self._failed(message, agent_id, attempt, too_large)
            return self._ended(message, Ending(MessageStatus.HANDLED, attempt, reply=reply, answer=answer))
        return self._failed(message, agent_id, attempt, error)

    def _failed(self, message: AgentMessage, agent_id: str, attempt: int, error: Exception) -> Ending:
        said = _said(_in_words(error))
        wait = self._chain.trying_again(message, attempt, error)
        _log.warning(
            "message_given_up" if wait is None else "message_failed",
            agent_id=agent_id,
            message_id=message.message_id,
            sender_id=message.sender_id,
            intent=message.intent,
            attempt=attempt,
            error=said,
            # A refusal says why in its own words; where in the code it was made helps nobody.
            exc_info=error if wait is None and _is_fault(error) else None,
        )
        if wait is None:
            again = error.fields.get("retry_after_seconds") if isinstance(error, FolkmootError) else None
            seconds = float(again) if isinstance(again, int | float) else None
            dead = Ending(MessageStatus.DEAD, attempt, error=said, family=_family(error), retry_after_seconds=seconds)
            return self._ended(message, dead)
        late = self._chain.too_late_at(message)
        if late is not None and late <= self._clock.now():
            error_said = f"expired after a failed attempt: {said}"
            return self._ended(message, Ending(MessageStatus.EXPIRED, attempt, error=error_said))
        self._chain.happened(Happening.REPEATED, message)
        return Ending(None, attempt, error=said, wait=wait)

    def _ended(self, message: AgentMessage, ending: Ending) -> Ending:
        assert ending.status is not None
        if self._chain.hears:
            self._chain.happened(_ENDED[ending.status], message)
        return ending

    def encoded(self, message: AgentMessage, reply: Reply) -> tuple[bytes | None, Answer | None]:
        """A reply as it is kept. Raises `MessageTooLargeError`, or what pydantic raises for what is no JSON."""
        if reply is None:
            return None, None
        if self._chain.seals:
            written: Answer | bytes = self._chain.storing(message.answer(reply)).to_bytes()
        else:
            written = self._writing.write(message, reply, self._clock.now())
        if isinstance(written, bytes):
            self._must_fit(len(written))
            return written, None
        self._must_fit(written.length(self._max_bytes))
        return written.body if self._in_bytes else None, written

    def _must_fit(self, length: int) -> None:
        if length > self._max_bytes:
            raise MessageTooLargeError(
                f"the reply has {length} bytes, more than the {self._max_bytes} allowed; send a reference to it",
                size=length,
                limit=self._max_bytes,
            )


_ENDED: Final[Mapping[MessageStatus, Happening]] = {
    MessageStatus.HANDLED: Happening.HANDLED,
    MessageStatus.DEAD: Happening.DEAD,
    MessageStatus.EXPIRED: Happening.EXPIRED,
}


def ids(message: AgentMessage, agent_id: str) -> dict[str, str]:
    """What log lines of the handling bear."""
    found = {"message_id": message.message_id, "conversation_id": message.conversation_id, "agent_id": agent_id}
    user_id = message.payload.context.get("on_behalf_of")
    if isinstance(user_id, str):
        found["user_id"] = user_id
    return found


def _stopped_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _cancelled_inside(error: asyncio.CancelledError) -> RuntimeError:
    fault = RuntimeError("the handler was cancelled by something it waited for")
    fault.__cause__ = error
    return fault


def _is_fault(error: Exception) -> bool:
    """Whether the code is wrong, and not what it was asked for."""
    return not isinstance(error, FolkmootError) or error.family is Family.INTERNAL


def _family(error: Exception) -> Family | None:
    return error.family if isinstance(error, FolkmootError) else None


def _in_words(error: Exception) -> str:
    """Our own faults by their code, whose meaning is written down; others by their class, which is all there is."""
    if isinstance(error, FolkmootError):
        return f"{error.code}: {error.message}"
    return f"{type(error).__name__}: {error}"


def _said(text: str) -> str:
    # An error may quote what no database takes, such as half of a surrogate pair in a file's name.
    return text[:_LONGEST_ERROR].encode("utf-8", "replace").decode()
