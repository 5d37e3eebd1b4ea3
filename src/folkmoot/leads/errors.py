"""What can go wrong with leads."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class LeadError(FolkmootError):
    """The family of faults of leads."""

    code: ClassVar[str] = "lead"
    family: ClassVar[Family] = Family.INVALID


class UnknownLeadError(LeadError):
    """There is no such lead, or none that the asker may see."""

    code = "unknown_lead"
    family = Family.NOT_FOUND


class IllegalLeadMoveError(LeadError):
    """A lead cannot go from its status to the wanted one."""

    code = "illegal_lead_status"
    family = Family.CONFLICT


class LeadNotDeletedError(LeadError):
    """Only a deleted lead can be brought back."""

    code = "lead_not_deleted"
    family = Family.CONFLICT


class AnalysisFailedError(LeadError):
    """The analysis of a lead did not end well; the lead itself is kept."""

    code = "lead_analysis_failed"
    family = Family.UNAVAILABLE
