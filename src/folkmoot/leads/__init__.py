"""A sales lead: kept, scored with reasons, followed up once, and moved to its end.

`desk.py` is the one object that the faces call. What is read out of a lead's words is in `money.py`, `timing.py` and
`signals.py`, what that makes of it in `factors.py` and `score.py`, and what a language model may add in `judge.py`:
never a score that the factors do not allow. What is sent out goes through the tool log, by a key of the lead, so that
nobody gets the same mail twice.
"""

from folkmoot.leads.desk import LeadDesk
from folkmoot.leads.errors import LeadError, UnknownLeadError
from folkmoot.leads.model import Lead, LeadAnalysis, LeadChange, LeadData, LeadStatus, Priority
from folkmoot.leads.services import Offer

__all__ = [
    "Lead",
    "LeadAnalysis",
    "LeadChange",
    "LeadData",
    "LeadDesk",
    "LeadError",
    "LeadStatus",
    "Offer",
    "Priority",
    "UnknownLeadError",
]
