"""What this room tells the log of events, by name: figures and states, never a stranger's words."""

from typing import Any, Final

from folkmoot.leads.model import Lead

LEAD_SUBMITTED: Final = "lead_submitted"
LEAD_ANALYZED: Final = "lead_analyzed"
LEAD_CHANGED: Final = "lead_changed"
LEAD_DELETED: Final = "lead_deleted"
ALL: Final = (LEAD_SUBMITTED, LEAD_ANALYZED, LEAD_CHANGED, LEAD_DELETED)


def of_lead(lead: Lead) -> dict[str, Any]:
    """`{lead_id, user_id, status, score, priority}`."""
    score = lead.analysis.lead_score if lead.analysis else None
    return {
        "lead_id": lead.lead_id,
        "user_id": lead.user_id,
        "status": str(lead.status),
        "score": score.score if score else None,
        "priority": str(score.priority) if score else None,
    }
