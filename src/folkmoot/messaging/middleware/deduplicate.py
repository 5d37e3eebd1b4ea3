"""A sender that cannot keep a message's id may name a key instead: what bears the same key is the same message.

The core keeps ids, and accepts each once. Here the id follows from the sender and the key, so that a program that was
restarted, or a caller that retries without knowing the id, sends one message however often it tries.
"""

import uuid
from typing import Final

from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.middleware.middleware import Middleware

KEY: Final = "idempotency_key"
_KEYED: Final = uuid.UUID("5c1b7a56-6f0e-4f2b-9a53-0a9f3f6b7d21")


class Deduplicate(Middleware):
    """Reads the key from `payload.context["idempotency_key"]`; messages without one keep the id they have."""

    async def sending(self, message: AgentMessage) -> AgentMessage:
        key = message.payload.context.get(KEY)
        if not isinstance(key, str) or not key:
            return message
        return message.model_copy(
            update={"message_id": str(uuid.uuid5(_KEYED, f"{message.sender_id} {message.recipient_id} {key}"))}
        )
