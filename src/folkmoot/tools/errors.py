"""What can go wrong with tools; the last four are for tools themselves to raise."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class ToolsError(FolkmootError):
    """The family of tools' faults."""

    code: ClassVar[str] = "tools"
    family: ClassVar[Family] = Family.INVALID


class ToolDefinitionError(ToolsError):
    """A function cannot be a tool as it is written, or its name is taken."""

    code = "tools.definition"


class UnknownCallError(ToolsError):
    """There is no such call in the log, or it is somebody else's."""

    code = "tools.unknown_call"
    family = Family.NOT_FOUND


class NotWaitingError(ToolsError):
    """The call waits for nobody's word: it ended, or somebody else spoke first."""

    code = "tools.not_waiting"
    family = Family.CONFLICT


class NotYoursToDecideError(ToolsError):
    """Only the administrator, or whoever the call is made for, may decide about it."""

    code = "tools.not_yours"
    family = Family.FORBIDDEN


class SealBrokenError(ToolsError):
    """The kept arguments of a call cannot be read: the key that sealed them is gone."""

    code = "tools.seal_broken"
    family = Family.CONFLICT


class ToolFailedError(ToolsError):
    """For a tool to raise when it did nothing, and knows that."""

    code = "tools.failed"


class ToolSkippedError(ToolsError):
    """For a tool to raise when its service is not configured or down: it did nothing, and the agent goes on."""

    code = "tools.skipped"
    family = Family.UNAVAILABLE


class ToolAwayError(ToolSkippedError):
    """As `ToolSkippedError`, for a reason that passes by itself: the service is down, or wants fewer calls."""

    code = "tools.away"


class ToolUncertainError(ToolsError):
    """For a tool to raise when it cannot know whether its effect took place, as after a request without an answer."""

    code = "tools.uncertain"
    family = Family.UNAVAILABLE
