"""What can go wrong with several agents over one input."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class WorkflowError(FolkmootError):
    """The family of these faults."""

    code: ClassVar[str] = "workflow"
    family: ClassVar[Family] = Family.INVALID


class BadFlowError(WorkflowError):
    """The document describes no flow that can run; `errors` names each wrong place by its path."""

    code = "bad_flow"


class FlowFailedError(WorkflowError):
    """No agent of the flow could answer."""

    code = "flow_failed"
    family = Family.UNAVAILABLE


class FlowTimeoutError(WorkflowError):
    """The flow took longer than it may."""

    code = "flow_timeout"
    family = Family.TIMEOUT
