"""Where rooms of one floor meet: what one needs, in the terms of the other.

Each class here keeps a Protocol that a room states and asks another room for the answer; nothing is decided here.
"""

from collections.abc import Mapping, Sequence

from folkmoot.agents import AgentHost
from folkmoot.tasks.mind import Character
from folkmoot.tasks.outcomes import Outcomes
from folkmoot.tasks.task_types import DEFAULT_TASK_TYPES, TaskTypes
from folkmoot.twins import Twin


class CurrentTypes(TaskTypes):
    """The task types of the team that is up now."""

    def replace(self, types: Mapping[str, Sequence[str]]) -> None:
        """Use the workplace's map, beside the usual types that it does not name."""
        super().__init__({**DEFAULT_TASK_TYPES, **types})


class HostCharacters:
    """Models and personas for `tasks`, as the definitions of the hosted agents say."""

    def __init__(self) -> None:
        self._host: AgentHost | None = None

    def follow(self, host: AgentHost) -> None:
        """Ask this host; it is made after those who ask."""
        self._host = host

    def character(self, agent_id: str) -> Character | None:
        agent = self._host.agents.get(agent_id) if self._host else None
        if agent is None:
            return None
        one = agent.definition
        return Character(model=one.model, persona=one.persona, person=one.person)


class OutcomesPart:
    """What tasks keep of a person, for `twins` to forget."""

    name = "task outcomes and answers"

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes

    async def forget(self, twin: Twin) -> int:
        return await self._outcomes.forget(agent_id=twin.agent_id, person=twin.person)
