"""The ledger of all that is learned from, in one order, so that the same texts always give the same estimator."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from folkmoot.skills.errors import InvalidEvidenceError
from folkmoot.skills.model import Declared, Evidence


class Ledger:
    """Evidence by id and declarations by person; no estimate is made here."""

    def __init__(self) -> None:
        self._evidence: dict[str, Evidence] = {}
        self._declared: dict[str, Declared] = {}
        self._last: datetime | None = None

    def put(self, evidence: Iterable[Evidence]) -> list[Evidence]:
        """Take all or, if one is unusable, none; answer those that were new or changed."""
        batch = {item.id: item for item in evidence}
        for item in batch.values():
            check(item)
        fresh = [item for item in batch.values() if self._evidence.get(item.id) != item]
        self._evidence.update((item.id, item) for item in fresh)
        for item in fresh:
            if self._last is None or self._last < item.at:
                self._last = item.at
        return fresh

    def last(self) -> datetime | None:
        """The time of the latest text; after a text was moved to an earlier time, perhaps later than that."""
        return self._last

    def declare(self, declared: Iterable[Declared]) -> None:
        self._declared.update((item.person, item) for item in declared)

    def withdraw(self, person: str) -> None:
        self._declared.pop(person, None)

    def drop(self, person: str) -> bool:
        """Take out everything of a person; whether there was evidence among it."""
        before = len(self._evidence)
        self._evidence = {key: item for key, item in self._evidence.items() if item.person != person}
        self._last = max((item.at for item in self._evidence.values()), default=None)
        self.withdraw(person)
        return len(self._evidence) < before

    def ordered(self) -> list[Evidence]:
        """By time; texts of one moment in the order in which they came."""
        return sorted(self._evidence.values(), key=lambda item: item.at)

    def declarations(self) -> Mapping[str, Declared]:
        """A copy, by person."""
        return dict(self._declared)

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
