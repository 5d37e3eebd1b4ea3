"""What can go wrong with the registry."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class RegistryError(FolkmootError):
    """The family of faults of the registry."""

    code: ClassVar[str] = "registry"
    family: ClassVar[Family] = Family.INTERNAL


class UnknownAgentError(RegistryError):
    """No agent has that id."""

    code = "unknown_agent"
    family = Family.NOT_FOUND


class AgentExistsError(RegistryError):
    """An agent has that id already."""

    code = "agent_exists"
    family = Family.CONFLICT


class BadAgentError(RegistryError):
    """What was said of an agent cannot be."""

    code = "bad_agent"
    family = Family.INVALID


def unknown_agent(agent_id: str) -> UnknownAgentError:
    """The error for an id that nobody has."""
    return UnknownAgentError(f"there is no agent '{agent_id}'; `folkmoot agent list` shows who is", agent_id=agent_id)


def agent_exists(agent_id: str) -> AgentExistsError:
    """The error for an id that somebody has already."""
    return AgentExistsError(f"there is an agent '{agent_id}' already; choose another id", agent_id=agent_id)
