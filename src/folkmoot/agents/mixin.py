"""Communication for a class that existed before: it becomes an agent without ceasing to be what it was (SPEC B2).

An agent beside it holds the mailbox and the place in the registry; the class's own methods are the handlers. They are
found by `handle_<intent>`, or by what such classes call them: `_handle_knowledge_request`, `_handle_task_assignment`,
`_handle_status_request` and their kin, which `dispatch.SPOKEN` lists. How it joins is decided by whoever makes it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from folkmoot.agents.agent import BaseAgent
from folkmoot.agents.answers import Answer, answer_of
from folkmoot.agents.config import AgentConfig, create_agent_config, id_of
from folkmoot.agents.context import Answering
from folkmoot.agents.dispatch import spoken_handlers
from folkmoot.agents.errors import NotInitializedError
from folkmoot.agents.letter import Patience
from folkmoot.agents.speaking import PATIENCE
from folkmoot.messaging import MessageIntent


class Communicating(ABC):
    """The mixin. It keeps one attribute, which no method of the class needs to know of."""

    _communication: BaseAgent | None = None

    @abstractmethod
    def _spokesperson(self, config: AgentConfig, handlers: Mapping[str, Answering]) -> BaseAgent:
        """The agent beside this object, not initialized yet."""

    @property
    def communication(self) -> BaseAgent:
        """The agent that speaks for this object: `send_message`, `discover_agents` and all else."""
        if self._communication is None:
            raise NotInitializedError("call initialize_communication(...) first: nobody speaks for this object yet")
        return self._communication

    async def initialize_communication(
        self,
        agent_id: str,
        role: str,
        department: str,
        capabilities: Sequence[str] | Mapping[str, float] = (),
        user_name: str = "",
        *,
        redis_url: str | None = None,
        **further: Any,
    ) -> None:
        """Join the workplace as an agent; twice is once. What an id may not hold, such as blanks, becomes a dash.

        `further` are fields of `AgentDefinition`. Raises `BadAgentConfigError` and what joining raises.
        """
        if self._communication is not None and self._communication.is_started:
            return
        config = create_agent_config(
            agent_id=id_of(agent_id),
            user_name=user_name or agent_id,
            role=role,
            department=department,
            capabilities=capabilities,
            redis_url=redis_url,
            **further,
        )
        agent = self._spokesperson(config, spoken_handlers(self))
        await agent.initialize()
        self._communication = agent
        if config.agent_id != agent_id:
            agent.log.warning("agent_id_changed", given=agent_id, agent_id=config.agent_id)

    async def end_communication(self) -> None:
        """Take no more mail, finish what is in hand, go offline. Without it this happens when the program ends."""
        agent, self._communication = self._communication, None
        if agent is not None:
            await agent.shutdown()

    async def request_info_from_agent(
        self, role: str, question: str, context: Mapping[str, Any] | None = None, *, timeout: Patience = PATIENCE
    ) -> Answer:
        """Ask the least loaded online agent of a role: `{success, data, error}`. Raises `NotInitializedError`."""
        return await answer_of(
            self.communication.send_message(
                f"role:{role}",
                MessageIntent.REQUEST_KNOWLEDGE,
                {"query": question},
                wait_for_response=True,
                timeout=timeout,
                context=dict(context or {}),
            )
        )
