"""`AgentCommunicationMixin`: an existing class becomes an agent beside what it was (SPEC B2)."""

from collections.abc import Mapping

from folkmoot.agents import Answering
from folkmoot.agents.config import AgentConfig
from folkmoot.agents.mixin import Communicating
from folkmoot.assembly.programs.agent import BaseAgent


class AgentCommunicationMixin(Communicating):
    """Joins as `BaseAgent` does; `initialize_communication` takes a `redis_url` too."""

    def _spokesperson(self, config: AgentConfig, handlers: Mapping[str, Answering]) -> BaseAgent:
        return BaseAgent(config, handlers=handlers)
