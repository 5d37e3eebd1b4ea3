"""What a person permitted, until when, and the one gate that everything about a person's texts passes.

A grant is for one person, one platform and some purposes; it expires and can be withdrawn. Rows derived from a
person's texts carry its id and go with it: the ledger deletes them, tells whoever keeps something outside the database
(`OnWithdrawn`), erases the bytes from the file and notes when nothing was left.
"""

from folkmoot.consent.errors import ConsentMissingError, InvalidConsentError, UnknownConsentError
from folkmoot.consent.gate import ConsentGate
from folkmoot.consent.ledger import ConsentLedger, OnWithdrawn
from folkmoot.consent.model import Consent, Purpose, display_name, person_key

__all__ = [
    "Consent",
    "ConsentGate",
    "ConsentLedger",
    "ConsentMissingError",
    "InvalidConsentError",
    "OnWithdrawn",
    "Purpose",
    "UnknownConsentError",
    "display_name",
    "person_key",
]
