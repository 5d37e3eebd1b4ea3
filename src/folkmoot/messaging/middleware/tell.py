"""Tells the house of messages: see `folkmoot.messaging.news`."""

from typing import Final

from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware.middleware import Happening, Middleware
from folkmoot.messaging.news import MESSAGE_DEAD, MESSAGE_HANDLED, MESSAGE_SENT, Listener, MessageNews

_TOLD: Final = {
    Happening.ACCEPTED: MESSAGE_SENT,
    Happening.HANDLED: MESSAGE_HANDLED,
    Happening.DEAD: MESSAGE_DEAD,
}


class Tell(Middleware):
    """Passes acceptance, handling and giving up on to a listener."""

    def __init__(self, tell: Listener) -> None:
        self._tell = tell

    def happened(self, what: Happening, message: AgentMessage) -> None:
        told = _TOLD.get(what)
        if told is not None:
            self._tell(
                MessageNews(
                    type=told,
                    message_id=message.message_id,
                    sender_id=message.sender_id,
                    recipient_id=message.recipient_id,
                    intent=message.intent,
                )
            )
