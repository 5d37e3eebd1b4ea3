"""Who exists and who is online: agents, what they can do, whether they may be given work, how much they have.

Presence (is there a heartbeat), availability (what people said) and load (what tasks it holds) are three things and
stay apart. The registry is also the directory that resolves addresses such as `role:cso` for messages. What an agent
is and who runs it is said in `agents`.
"""

from folkmoot.registry.errors import AgentExistsError, BadAgentError, UnknownAgentError
from folkmoot.registry.model import AgentInfo, AgentRecord, AgentType, Availability, Presence, RegistryStats
from folkmoot.registry.registry import Registry

__all__ = [
    "AgentExistsError",
    "AgentInfo",
    "AgentRecord",
    "AgentType",
    "Availability",
    "BadAgentError",
    "Presence",
    "Registry",
    "RegistryStats",
    "UnknownAgentError",
]
