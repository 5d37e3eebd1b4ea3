"""A program that is no agent: it sends, asks, finds and calls together (SPEC A8).

By what way it reaches a workplace is given to it as a `Joining`. Times are in seconds, priorities are words.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self, overload

from folkmoot.agents.errors import InvalidRequestError
from folkmoot.agents.letter import Patience, letter
from folkmoot.agents.reach import Joining
from folkmoot.agents.sent import AgentStatus, Delivered, SenderStats, delivered, status_of
from folkmoot.kernel import FolkmootError
from folkmoot.messaging import EVERYBODY, AgentMessage, MessageIntent, Priority, Receipt, selects
from folkmoot.messaging.errors import ReplyTimeoutError
from folkmoot.registry import AgentRecord

PATIENCE: Final = 30.0
_Data = Mapping[str, Any]


class Sender:
    """Sends in the name of `sender_id`. Usable as `async with`; joins by itself when it is first used."""

    def __init__(self, joining: Joining, *, sender_id: str) -> None:
        self.sender_id = sender_id
        self._joining = joining
        self._stats = SenderStats(
            sender_id=sender_id, messages_sent=0, broadcasts_sent=0, replies_received=0, timeouts=0, failures=0
        )

    async def initialize(self) -> None:
        """Join the workplace; twice is once."""
        await self._joining.open()

    async def close(self) -> None:
        """Leave it. One that is not closed leaves when the program's event loop ends."""
        await self._joining.close()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @overload
    async def send_message(
        self,
        recipient_id: str,
        intent: str,
        data: _Data | None = None,
        *,
        wait_for_response: Literal[True],
        timeout: Patience = PATIENCE,
        priority: Priority | str = Priority.NORMAL,
        context: _Data | None = None,
        attachments: Sequence[_Data] = (),
        conversation_id: str | None = None,
        message_id: str | None = None,
    ) -> AgentMessage: ...
    @overload
    async def send_message(
        self,
        recipient_id: str,
        intent: str,
        data: _Data | None = None,
        *,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
        priority: Priority | str = Priority.NORMAL,
        context: _Data | None = None,
        attachments: Sequence[_Data] = (),
        conversation_id: str | None = None,
        message_id: str | None = None,
    ) -> Receipt | AgentMessage: ...
    async def send_message(
        self,
        recipient_id: str,
        intent: str,
        data: _Data | None = None,
        *,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
        priority: Priority | str = Priority.NORMAL,
        context: _Data | None = None,
        attachments: Sequence[_Data] = (),
        conversation_id: str | None = None,
        message_id: str | None = None,
    ) -> Receipt | AgentMessage:
        """Send to an agent that is known, or to `role:…`, `capability:…`, `department:…` for one that fits.

        Answers the receipt, or the reply if it is waited for. Repeat with the same `message_id` to be sure: it stays
        one message. Raises `UnknownAgentError`, `NobodyFitsError`, `ReplyTimeoutError`, `HandlingFailedError`,
        `MailboxFullError`, `InvalidRequestError`.
        """
        reach = await self._joining.open()
        message, patience = letter(
            sender_id=self.sender_id,
            recipient_id=recipient_id,
            intent=intent,
            data=data,
            waits=wait_for_response,
            timeout=timeout,
            priority=priority,
            context=context,
            attachments=attachments,
            conversation_id=conversation_id,
            message_id=message_id,
            at=reach.clock.now(),
        )
        try:
            if not selects(recipient_id):
                await reach.known.get(recipient_id)  # a mailbox that nobody opens would take it all the same
            self._stats["messages_sent"] += 1
            if not wait_for_response:
                return await reach.letters.publish(message)
            reply = await reach.letters.request(message, timeout=patience)
        except FolkmootError as error:
            self._stats["timeouts" if isinstance(error, ReplyTimeoutError) else "failures"] += 1
            raise
        self._stats["replies_received"] += 1
        return reply

    @overload
    async def assign_task(
        self,
        agent_id: str,
        task_id: str,
        task_description: str = "",
        *,
        description: str = "",
        priority: Priority | str = Priority.NORMAL,
        details: _Data | None = None,
        context: _Data | None = None,
        wait_for_response: Literal[True],
        timeout: Patience = PATIENCE,
    ) -> AgentMessage: ...
    @overload
    async def assign_task(
        self,
        agent_id: str,
        task_id: str,
        task_description: str = "",
        *,
        description: str = "",
        priority: Priority | str = Priority.NORMAL,
        details: _Data | None = None,
        context: _Data | None = None,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
    ) -> Receipt | AgentMessage: ...
    async def assign_task(
        self,
        agent_id: str,
        task_id: str,
        task_description: str = "",
        *,
        description: str = "",
        priority: Priority | str = Priority.NORMAL,
        details: _Data | None = None,
        context: _Data | None = None,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
    ) -> Receipt | AgentMessage:
        """Give an agent a task: its handler gets `{task_id, description, …details}`. `description` is the text too."""
        data = {"task_id": task_id, "description": task_description or description, **(details or {})}
        return await self.send_message(
            agent_id,
            MessageIntent.ASSIGN_TASK,
            data,
            priority=priority,
            context=context,
            wait_for_response=wait_for_response,
            timeout=timeout,
        )

    @overload
    async def request_knowledge(
        self,
        agent_id: str,
        query: str,
        context: _Data | None = None,
        *,
        priority: Priority | str = Priority.NORMAL,
        wait_for_response: Literal[True],
        timeout: Patience = PATIENCE,
    ) -> AgentMessage: ...
    @overload
    async def request_knowledge(
        self,
        agent_id: str,
        query: str,
        context: _Data | None = None,
        *,
        priority: Priority | str = Priority.NORMAL,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
    ) -> Receipt | AgentMessage: ...
    async def request_knowledge(
        self,
        agent_id: str,
        query: str,
        context: _Data | None = None,
        *,
        priority: Priority | str = Priority.NORMAL,
        wait_for_response: bool = False,
        timeout: Patience = PATIENCE,
    ) -> Receipt | AgentMessage:
        """Ask an agent what it knows: its handler gets `{query}`, and `context` beside it."""
        return await self.send_message(
            agent_id,
            MessageIntent.REQUEST_KNOWLEDGE,
            {"query": query},
            priority=priority,
            context=context,
            wait_for_response=wait_for_response,
            timeout=timeout,
        )

    async def discover_agents(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = False,
    ) -> list[AgentRecord]:
        """The agents that fit everything that is given."""
        reach = await self._joining.open()
        return await reach.known.discover(
            role=role,
            department=department,
            capability=capability,
            intent=None if intent is None else str(intent),
            online_only=online_only,
        )

    async def broadcast_message(
        self,
        intent: str,
        data: _Data | None = None,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        priority: Priority | str = Priority.NORMAL,
        context: _Data | None = None,
        message_id: str | None = None,
    ) -> dict[str, Delivered]:
        """Send to everyone online of a role, a department or with a capability; without one, to everybody.

        What became of it, by agent; empty if nobody fits.
        """
        given = {"role": role, "department": department, "capability": capability}
        chosen = [f"{kind}:{value}" for kind, value in given.items() if value is not None]
        if len(chosen) > 1:
            raise InvalidRequestError(
                f"a broadcast goes to one of role, department and capability, not to {' and '.join(chosen)}",
                field="recipient_id",
            )
        reach = await self._joining.open()
        message, _ = letter(
            sender_id=self.sender_id,
            recipient_id=chosen[0] if chosen else EVERYBODY,
            intent=intent,
            data=data,
            waits=False,
            timeout=PATIENCE,
            priority=priority,
            context=context,
            message_id=message_id,
            at=reach.clock.now(),
        )
        outcomes = await reach.letters.broadcast(message)
        self._stats["broadcasts_sent"] += 1
        self._stats["messages_sent"] += sum(isinstance(one, Receipt) for one in outcomes.values())
        return {agent_id: delivered(outcome) for agent_id, outcome in outcomes.items()}

    async def get_agent_status(self, agent_id: str) -> AgentStatus:
        """Where an agent stands. Raises `UnknownAgentError`."""
        one = await (await self._joining.open()).known.get(agent_id)
        return status_of(one)

    async def get_sender_stats(self) -> SenderStats:
        """This sender's own figures."""
        return self._stats.copy()
