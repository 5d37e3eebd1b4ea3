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
