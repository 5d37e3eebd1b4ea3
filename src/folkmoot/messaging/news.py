"""What a broker tells the house while messages travel; whoever listens must be quick, and keeps what it is told itself.

Told are a message's acceptance, its handling and its giving up. A message that expired is counted, not told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MESSAGE_SENT: Final = "message_sent"
MESSAGE_HANDLED: Final = "message_handled"
MESSAGE_DEAD: Final = "message_dead"


@dataclass(frozen=True, kw_only=True)
class MessageNews:
    """What happened to which message. It bears no text: news may outlive what the message was about."""

    type: str
    message_id: str
    sender_id: str
    recipient_id: str
    intent: str


Listener = Callable[[MessageNews], None]


def nobody(news: MessageNews) -> None:
    """The listener of a broker whose news nobody wants."""
