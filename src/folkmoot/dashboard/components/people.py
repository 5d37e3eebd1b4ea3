"""Who is who, for components that show agents by id: names, roles, avatars."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from folkmoot.dashboard.components import marks
from folkmoot.dashboard.components.dom import link, tag
from folkmoot.registry import AgentRecord


@dataclass(frozen=True)
class People:
    """The agents of the workplace by id. Who is gone is called by their id."""

    agents: Mapping[str, AgentRecord]

    def name(self, agent_id: str) -> str:
        agent = self.agents.get(agent_id)
        return agent.name if agent else agent_id

    def said(self, sentence: str) -> str:
        """An agent's sentence with twins called by their names: agents know each other by id."""
        twins = {one.agent_id: one.name for one in self.agents.values() if one.type == "twin"}
        if not twins:
            return sentence
        ids = "|".join(re.escape(one) for one in sorted(twins, key=len, reverse=True))
        return re.sub(rf"(?<![\w-])({ids})(?![\w-])", lambda found: twins[found[1]], sentence)

    def role(self, agent_id: str) -> str:
        agent = self.agents.get(agent_id)
        return agent.role if agent else ""

    def avatar(self, agent_id: str, *, size: str = "") -> None:
        agent = self.agents.get(agent_id)
        if agent is not None:
            marks.of_agent(agent, size=size)
        else:
            marks.avatar(agent_id, agent_id, size=size)

    def linked(self, agent_id: str, *, css: str = "strong") -> None:
        """The name, leading to the agent's page if there is one."""
        if agent_id in self.agents:
            link(self.name(agent_id), "agents", agent_id, css=css)
        else:
            tag("span", agent_id, css=css)

    def line(self, agent_id: str, *, size: str = "s") -> None:
        """Avatar and name in one line."""
        with tag("span", css="row tight"):
            self.avatar(agent_id, size=size)
            self.linked(agent_id, css="clip")
