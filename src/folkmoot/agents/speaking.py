"""What an agent says and asks by itself: `send_message`, `discover_agents` (SPEC B1).

What is sent while a message is handled is sent on behalf of the same user (`behalf.py`); who sends without being an
agent is in `sender.py`.
"""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any, Literal, overload

from folkmoot.agents.behalf import passed_on
from folkmoot.agents.context import AgentContext
from folkmoot.agents.errors import AgentSilencedError
from folkmoot.agents.letter import Patience, letter
from folkmoot.messaging import AgentMessage, Priority, Receipt
from folkmoot.registry import AgentRecord

PATIENCE = timedelta(seconds=30)


class Speaking(ABC):
    """The part of an agent that speaks first."""

    @property
    @abstractmethod
    def agent_id(self) -> str:
        """Who speaks."""

    @property
    @abstractmethod
    def context(self) -> AgentContext:
        """The parts of the workplace."""

    @property
    @abstractmethod
    def is_silenced(self) -> bool:
        """Whether a person silenced it."""

    @overload
    async def send_message(
        self,
        recipient_id: str,
        intent: str,
        data: dict[str, Any] | None = None,
        *,
        wait_for_response: Literal[True],
        timeout: Patience = PATIENCE,
        priority: Priority | str = Priority.NORMAL,
        conversation_id: str | None = None,
        correlation_id: str | None = None,
        context: dict[str, Any] | None = None,
    ) -> AgentMessage: ...
    @overload
    async def send_message(
        self,
        recipient_id: str,
        intent: str,
        data: dict[str, Any] | None = None,
        *,
        wait_for_response: Literal[False] = False,
        timeout: Patience = PATIENCE,
        priority: Priority | str = Priority.NORMAL,
        conversation_id: str | None = None,
        correlation_id: str | None = None,
        context: dict[str, Any] | None = None,
    ) -> Receipt: ...
    @overload
    async def send_message(
        self,
        recipient_id: str,
        intent: str,
        data: dict[str, Any] | None = None,
        *,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
        priority: Priority | str = Priority.NORMAL,
        conversation_id: str | None = None,
        correlation_id: str | None = None,
        context: dict[str, Any] | None = None,
    ) -> Receipt | AgentMessage: ...
    async def send_message(
        self,
        recipient_id: str,
        intent: str,
        data: dict[str, Any] | None = None,
        *,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
        priority: Priority | str = Priority.NORMAL,
        conversation_id: str | None = None,
        correlation_id: str | None = None,
        context: dict[str, Any] | None = None,
    ) -> Receipt | AgentMessage:
        """Send to an agent or an address such as `role:cso`: the broker's receipt, or the reply if it is waited for.

        `timeout` is a timedelta, or seconds. While a message is handled, what is sent is sent on behalf of the same
        user. Raises what `Broker.publish` and `Broker.request` raise, `InvalidRequestError`, `AgentSilencedError`.
        """
        if self.is_silenced:
            raise AgentSilencedError(f"'{self.agent_id}' is silenced and sends nothing", agent_id=self.agent_id)
        message, patience = letter(
            sender_id=self.agent_id,
            recipient_id=recipient_id,
            intent=intent,
            data=data,
            waits=wait_for_response,
            timeout=timeout,
            priority=priority,
            conversation_id=conversation_id,
            correlation_id=correlation_id,
            context=passed_on(context),
            at=self.context.clock.now(),
        )
        if wait_for_response:
            return await self.context.broker.request(message, timeout=patience)
        return await self.context.broker.publish(message)

    async def discover_agents(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = True,
    ) -> list[AgentRecord]:
        """The agents that fit everything that is given and let this one see them; this one included."""
        return await self.context.registry.discover(
            role=role,
            department=department,
            capability=capability,
            intent=intent,
            online_only=online_only,
            viewer=self.agent_id,
        )
