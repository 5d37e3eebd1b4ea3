"""A message that nobody handled before its `expires_at` is not handled any more."""

from datetime import datetime

from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware.middleware import Middleware


class Expiry(Middleware):
    """Keeps what senders say; without it `expires_at` is a note to the recipient."""

    def too_late_at(self, message: AgentMessage) -> datetime | None:
        return message.expires_at
