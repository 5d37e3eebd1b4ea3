"""What is sent because of a lead: the arguments of the tools, made of a lead. Pure.

Every value is one line or plain text: the model of a lead lets no line break into what becomes the header of a mail.
"""

from collections.abc import Mapping
from typing import Any, Final

from folkmoot.kernel import excerpt
from folkmoot.leads.model import Lead

RESPOND, NOTIFY, SYNC = "send_mail", "send_qualification_notification", "sync_lead_to_crm"
_LINE: Final = 180


def auto_response(lead: Lead, *, house: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """A confirmation to whoever wrote; it repeats no text of theirs but the name."""
    services = [titles.get(one, one) for one in (lead.analysis.recommended_services if lead.analysis else ())]
    about = f" It sounds like something for our {_listed(services)}." if services else ""
    text = (
        f"Hello {lead.data.name},\n\nthank you for your message, which has reached us.{about} "
        "A person will read it and answer within one working day.\n\n"
        f"If you want to add something, just answer this mail.\n\nKind regards\n{house}"
    )
    return {
        "to": lead.data.email,
        "to_name": excerpt(lead.data.name, _LINE),
        "subject": f"Your message to {excerpt(house, 100)}",
        "text": text,
    }


def notification(lead: Lead) -> dict[str, Any]:
    """News for the team about a lead worth a look today."""
    assert lead.analysis is not None
    score = lead.analysis.lead_score
    return {
        "lead_name": excerpt(lead.data.name, _LINE),
        "lead_email": lead.data.email,
        "summary": "\n".join(lead.analysis.key_insights) or "A new lead.",
        "score": score.score,
        "priority": str(score.priority),
        "actions": [excerpt(one, _LINE) for one in lead.analysis.suggested_actions],
        "lead_id": lead.lead_id,
    }


def crm_entry(lead: Lead) -> dict[str, Any]:
    """What the CRM gets."""
    entry: dict[str, Any] = {
        "email": lead.data.email,
        "name": excerpt(lead.data.name, _LINE),
        "company": excerpt(lead.data.company or "", _LINE),
        "phone": lead.data.phone or "",
        "lead_id": lead.lead_id,
    }
    if lead.data.message.strip():
        entry["message"] = lead.data.message
    if lead.analysis is not None:
        entry |= {
            "score": lead.analysis.lead_score.score,
            "priority": str(lead.analysis.lead_score.priority),
            "services": list(lead.analysis.recommended_services),
        }
    return entry


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
