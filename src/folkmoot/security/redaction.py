"""Takes personal data and secrets out of a text, leaving `[email]`, `[phone]` and the like in their places.

Used on every text that is imported. It knows forms, not meanings: what it finds is sure to be of the form, and a
name in words or an unusual form of a number stays. What it costs does not grow faster than the text.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError
from folkmoot.security.patterns import (
    find_addresses,
    find_cards,
    find_emails,
    find_ibans,
    find_phones,
    find_secrets,
)

Finder = Callable[[str], Iterable[tuple[int, int]]]

FINDERS: tuple[tuple[str, Finder], ...] = (
    ("secret", find_secrets),
    ("email", find_emails),
    ("iban", find_ibans),
    ("card", find_cards),
    ("phone", find_phones),
    ("address", find_addresses),
)
"""Kinds in the order of their right to a piece of text: a secret may look like anything else."""
_WITH_DIGITS = frozenset({"iban", "card", "phone", "address"})
_DIGIT = re.compile(r"\d")
_AT = re.compile(r"[\[(]\s?at\s?[\])]|\sat\s\S{1,63}\sdot\s", re.IGNORECASE)


class RedactionError(FolkmootError):
    """A text could not be redacted; what was going to store it must not."""

    code: ClassVar[str] = "redaction_failed"
    family: ClassVar[Family] = Family.INTERNAL


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without what was found in it, and how many pieces of each kind that were."""

    text: str
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Redactor:
    """Finds and replaces. Holds nothing of the texts; may be shared by threads."""

    def __init__(self, *, finders: Iterable[tuple[str, Finder]] = FINDERS) -> None:
        self._finders = tuple(finders)

    def redact(self, text: str) -> Redacted:
        """The text with each finding replaced by its kind in brackets. `RedactionError` if any finder fails."""
        try:
            spans = self._spans(text)
        except Exception as error:
            raise RedactionError(
                f"personal data could not be looked for ({type(error).__name__}); nothing may be stored"
            ) from error
        if not spans:
            return Redacted(text)
        pieces: list[str] = []
        counts: Counter[str] = Counter()
        done = 0
        for start, end, kind in spans:
            pieces += (text[done:start], f"[{kind}]")
            counts[kind] += 1
            done = end
        pieces.append(text[done:])
        return Redacted("".join(pieces), MappingProxyType(dict(counts)))

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        """Findings in the order of the text, none touching another: the earlier kind keeps what two claim."""
        has_digit = _DIGIT.search(text) is not None
        has_at = "@" in text or _AT.search(text) is not None
        spans: list[tuple[int, int, str]] = []
        taken = bytearray()
        for kind, finder in self._finders:
            if (kind in _WITH_DIGITS and not has_digit) or (kind == "email" and not has_at):
                continue
            for start, end in finder(text):
                taken = taken or bytearray(len(text))
                if not any(taken[start:end]):
                    taken[start:end] = b"\1" * (end - start)
                    spans.append((start, end, kind))
        spans.sort()
        return spans
