"""What an agent is and how it is run: definitions as data, the agent, the kinds that come with the house, the host.

`workplace.py` reads the workplace file, `agent.py` is the actor, `answering.py` the part of it that asks a model,
`host.py` runs many. Agents are reached by messages alone; what they do about tasks comes as a `Behaviour` of that room,
and who exists and is online is the registry's business.
"""

from folkmoot.agents.agent import BaseAgent
from folkmoot.agents.context import AgentContext, Answering, Behaviour
from folkmoot.agents.definition import AgentDefinition
from folkmoot.agents.errors import WorkplaceInvalidError
from folkmoot.agents.host import AgentHost
from folkmoot.agents.workplace import Workplace, load_workplace, parse_workplace

__all__ = [
    "AgentContext",
    "AgentDefinition",
    "AgentHost",
    "Answering",
    "BaseAgent",
    "Behaviour",
    "Workplace",
    "WorkplaceInvalidError",
    "load_workplace",
    "parse_workplace",
]
