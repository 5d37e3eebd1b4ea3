"""One trace from whoever asked to the last agent: a message bears the span in which it was sent."""

from folkmoot.messaging.broker import Delivery, Handler, Reply
from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware.middleware import Middleware
from folkmoot.telemetry import Tracing
from folkmoot.telemetry.traces import known_parent


class Trace(Middleware):
    """W3C `traceparent` in the envelope; a span around each attempt, below the sender's."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    async def sending(self, message: AgentMessage) -> AgentMessage:
        if not self._tracing.on or known_parent(message.trace):
            return message
        return message.model_copy(update={"trace": self._tracing.traceparent()})

    async def handling(self, delivery: Delivery, handle: Handler) -> Reply:
        if not self._tracing.on:
            return await handle(delivery)
        message = delivery.message
        with self._tracing.span(
            f"handle {message.intent}",
            kind="consumer",
            parent=message.trace,
            **{
                "messaging.system": "folkmoot",
                "messaging.message.id": message.message_id,
                "messaging.message.conversation_id": message.conversation_id,
                "messaging.destination.name": message.recipient_id,
                "folkmoot.sender_id": message.sender_id,
            },
        ):
            return await handle(delivery)
