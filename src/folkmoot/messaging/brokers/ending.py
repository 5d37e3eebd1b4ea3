"""How messages end, as those who wait for an end hear of it, whichever broker keeps them."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from folkmoot.kernel import Family
from folkmoot.messaging.broker import MessageStatus
from folkmoot.messaging.brokers.write import Answer

K = TypeVar("K", int, str)
"""What a broker knows a message by: a number in its journal, or the message's id."""


@dataclass(slots=True)
class Settlement(Generic[K]):
    """The end of one message. `at` is a POSIX time; `reply` the JSON of the reply message, `answer` that
    message where it was written in this process.

    `family` and `retry_after_seconds` say what kind of fault it was, where somebody waits who was told.
    """

    key: K
    status: MessageStatus
    at: float
    attempts: int
    error: str | None = None
    reply: bytes | None = None
    family: Family | None = None
    retry_after_seconds: float | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class First(Generic[K]):
    """The message that had an id before, and the mailbox it went to."""

    key: K
    mailbox: str
