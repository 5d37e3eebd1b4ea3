"""What can go wrong with agents."""

from collections.abc import Sequence
from typing import ClassVar

from folkmoot.agents.place import Fault
from folkmoot.kernel import Family, FolkmootError


class AgentsError(FolkmootError):
    """The family of agents' faults."""

    code: ClassVar[str] = "agents"
    family: ClassVar[Family] = Family.INVALID


class WorkplaceInvalidError(AgentsError):
    """A workplace file cannot be used as it stands; every fault in it is named by file, line and field."""

    code = "agents.workplace_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(
            "\n".join(str(fault) for fault in faults),
            errors=[{"file": one.file, "line": one.line, "field": one.field, "message": one.message} for one in faults],
        )
        self.faults = tuple(faults)


class WorkplaceMissingError(AgentsError):
    """There is no workplace file at the given path, or it cannot be read."""

    code = "agents.workplace_missing"
    family = Family.NOT_FOUND


class UnsupportedIntentError(AgentsError):
    """The agent has no handler for the intent; its supported ones are in the fields."""

    code = "agents.unsupported_intent"


class InvalidRequestError(AgentsError):
    """A message's payload lacks what its intent needs."""

    code = "agents.invalid_request"


class NotInitializedError(AgentsError):
    """The agent is not part of a running workplace yet."""

    code = "agents.not_initialized"
    family = Family.CONFLICT


class BadAgentConfigError(AgentsError):
    """What was said of an agent cannot be; each fault names its field."""

    code = "agents.bad_config"


class NotConfiguredError(AgentsError):
    """The line by which the agent joined has no such part."""

    code = "agents.not_configured"
    family = Family.UNAVAILABLE
    passing = False


class UnattendedError(AgentsError):
    """Nobody sits behind the user proxy."""

    code = "agents.unattended"
    family = Family.UNAVAILABLE


class TwinSilentError(AgentsError):
    """The twin may not answer: its person has given no live consent to it."""

    code = "agents.twin_silent"
    family = Family.FORBIDDEN


class AgentSilencedError(AgentsError):
    """A person silenced the agent: it does nothing until a person lets it speak again."""

    code = "agent_silenced"
    family = Family.CONFLICT
