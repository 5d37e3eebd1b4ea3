"""The ledger of everything the estimator may learn from, in one order, so that the same texts give the same estimator."""

import math
from collections.abc import Iterable, Sequence

from folkmoot.skills.errors import InvalidEvidenceError
from folkmoot.skills.model import Declared, Evidence


class Ledger:
    """Evidence by id and declarations by person; no estimate is made here."""

    def __init__(self) -> None:
        self._evidence: dict[str, Evidence] = {}
        self._declared: dict[str, Declared] = {}

    def put(self, evidence: Iterable[Evidence]) -> list[Evidence]:
        """Take all or, if one is unusable, none; answer those that were new or changed."""
        batch = list(evidence)
        for item in batch:
            check(item)
        fresh = [item for item in batch if self._evidence.get(item.id) != item]
        self._evidence.update((item.id, item) for item in fresh)
        return fresh

    def declare(self, declared: Iterable[Declared]) -> None:
        self._declared.update((item.person, item) for item in declared)

    def drop(self, person: str) -> int:
        """Take out everything of a person; answer how many texts that were."""
        doomed = [key for key, item in self._evidence.items() if item.person == person]
        for key in doomed:
            del self._evidence[key]
        self._declared.pop(person, None)
        return len(doomed)

    def clear(self) -> None:
        self._evidence.clear()
        self._declared.clear()

    def ordered(self) -> list[Evidence]:
        """By time, then id: whatever the order of arrival was."""
        return sorted(self._evidence.values(), key=lambda item: (item.at, item.id))

    def get(self, evidence_id: str) -> Evidence | None:
        return self._evidence.get(evidence_id)

    def declarations(self) -> Sequence[Declared]:
        return sorted(self._declared.values(), key=lambda item: item.person)

    def __len__(self) -> int:
        return len(self._evidence)


def check(item: Evidence) -> None:
    """Refuse what would poison a fit: no id, no person, a naive time, a weight that is no number."""
    if not item.id or not item.person:
        raise InvalidEvidenceError("evidence needs an id and a person", id=item.id, person=item.person)
    if item.at.tzinfo is None:
        raise InvalidEvidenceError(f"the time of {item.id} has no zone: give it one, UTC if in doubt", id=item.id)
    if not math.isfinite(item.weight):
        raise InvalidEvidenceError(f"the weight of {item.id} is {item.weight}, not a finite number", id=item.id)
