"""What can go wrong when it is told who answers."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class RoutingError(FolkmootError):
    """The family of faults of routing."""

    code: ClassVar[str] = "routing"
    family: ClassVar[Family] = Family.INVALID


class NobodyToAnswerError(RoutingError):
    """No agent is online that this user may talk to."""

    code = "nobody_to_answer"
    family = Family.UNAVAILABLE


class BadRoutingFileError(RoutingError):
    """A file of agents or messages for a backtest cannot be read."""

    code = "bad_routing_file"
