"""Who may send to whom: asked before a message is accepted."""

from collections.abc import Awaitable, Callable

from folkmoot.messaging.envelope import AgentMessage
from folkmoot.messaging.errors import NotReachableError
from folkmoot.messaging.middleware.middleware import Middleware


class Permit(Middleware):
    """`may_address(sender_id, recipient_id)` decides; for a selector such as `role:cso` the directory does."""

    def __init__(self, may_address: Callable[[str, str], Awaitable[bool]]) -> None:
        self._may_address = may_address

    async def sending(self, message: AgentMessage) -> AgentMessage:
        if not await self._may_address(message.sender_id, message.recipient_id):
            raise NotReachableError(
                f"{message.sender_id} may not send to {message.recipient_id}; who may is said by `reachable_by` in the "
                "workplace file",
                sender_id=message.sender_id,
                recipient_id=message.recipient_id,
            )
        return message
