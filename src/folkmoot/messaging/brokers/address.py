"""Who an address means: an agent by its id, or one fitting agent for `role:x`, `capability:x`, `department:x`."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from folkmoot.messaging.broker import Directory, Receipt
from folkmoot.messaging.envelope import EVERYBODY, AgentMessage, selects
from folkmoot.messaging.errors import NobodyFitsError

_COPIES: Final = uuid.UUID("0d7c3f1a-8f5e-4f7b-9a70-5f7f6a2f4c55")


class Addresses:
    """Asks the directory, if there is one."""

    def __init__(self, directory: Directory | None) -> None:
        self._directory = directory

    async def resolved(self, message: AgentMessage) -> AgentMessage:
        """The message with an agent's id as its recipient. Raises `NobodyFitsError`."""
        if message.recipient_id == EVERYBODY:
            raise NobodyFitsError(
                "'everybody' is not one agent; use broadcast for a message to all", selector=EVERYBODY
            )
        fitting = await self._fitting(message)
        if not fitting:
            raise NobodyFitsError(
                f"no online agent fits '{message.recipient_id}'; start one, or send to an agent by its id",
                selector=message.recipient_id,
            )
        return message.model_copy(update={"recipient_id": fitting[0]})

    async def everyone(self, message: AgentMessage) -> list[str]:
        """All whom a broadcast is for; the sender is not among them."""
        if not selects(message.recipient_id):
            return [message.recipient_id]
        return await self._fitting(message)

    async def _fitting(self, message: AgentMessage) -> list[str]:
        if self._directory is None:
            raise NobodyFitsError(
                f"'{message.recipient_id}' cannot be resolved, as this broker has no directory; "
                "send to an agent by its id",
                selector=message.recipient_id,
            )
        # Who asks for a role wants somebody else of that role.
        return [
            agent_id
            for agent_id in await self._directory.fitting(message.recipient_id, sender=message.sender_id)
            if agent_id != message.sender_id
        ]


def copy_for(message: AgentMessage, recipient_id: str) -> AgentMessage:
    """One recipient's copy of a broadcast. Its id follows from the broadcast's, so repeating it changes nothing."""
    return message.model_copy(
        update={
            "message_id": str(uuid.uuid5(_COPIES, f"{message.message_id} {recipient_id}")),
            "recipient_id": recipient_id,
            "correlation_id": message.correlation_id or message.message_id,
        }
    )


async def to_each(
    message: AgentMessage, recipients: Sequence[str], publish: Callable[[AgentMessage], Awaitable[Receipt]]
) -> dict[str, Receipt | Exception]:
    """Send everyone their copy; what became of each."""
    outcomes = await asyncio.gather(
        *(publish(copy_for(message, recipient)) for recipient in recipients), return_exceptions=True
    )
    results: dict[str, Receipt | Exception] = {}
    for recipient, outcome in zip(recipients, outcomes, strict=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, Exception):
            raise outcome
        results[recipient] = outcome
    return results
