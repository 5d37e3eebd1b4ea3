"""Labels whose values may come from outside: as many are told apart as are worth a series each."""

from typing import Final

OTHER: Final = "other"


class Bounded:
    """Gives the first `limit` values their own label, and every later one `other`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: set[str] = set()

    def __call__(self, value: str) -> str:
        if value in self._seen:
            return value
        if len(self._seen) >= self._limit:
            return OTHER
        self._seen.add(value)
        return value


def intent_label(intent: str) -> str:
    """An intent as a label: those that applications add share one."""
    return "custom" if intent.startswith("custom:") else intent
