"""Ids, clock, errors and small text: what every room may lean on, leaning on nothing itself."""

from folkmoot.kernel.clock import Clock, SimulatedClock, SystemClock, rfc3339
from folkmoot.kernel.errors import Family, FolkmootError
from folkmoot.kernel.ids import new_id
from folkmoot.kernel.text import JsonValue, excerpt, slug, words

__all__ = [
    "Clock",
    "Family",
    "FolkmootError",
    "JsonValue",
    "SimulatedClock",
    "SystemClock",
    "excerpt",
    "new_id",
    "rfc3339",
    "slug",
    "words",
]
