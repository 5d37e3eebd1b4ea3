"""What personal data looks like in a text, kind by kind. Each finder yields spans `(start, end)` in linear time."""

from folkmoot.security.patterns.addresses import find_addresses, find_emails
from folkmoot.security.patterns.numbers import find_cards, find_ibans, find_phones
from folkmoot.security.patterns.secrets import find_secrets

__all__ = ["find_addresses", "find_cards", "find_emails", "find_ibans", "find_phones", "find_secrets"]
