"""Ids, clock, errors and small text: what every room may lean on, leaning on nothing itself."""

from folkmoot.kernel.clock import Clock, SimulatedClock, SystemClock, rfc3339
from folkmoot.kernel.errors import Family, FolkmootError
from folkmoot.kernel.ids import new_id
from folkmoot.kernel.small_words import SMALL_WORDS, Language, language_of, small_words_of
from folkmoot.kernel.tasks import cancel_and_wait
from folkmoot.kernel.text import JsonValue, excerpt, slug, words

__all__ = [
    "SMALL_WORDS",
    "Clock",
    "Family",
    "FolkmootError",
    "JsonValue",
    "Language",
    "SimulatedClock",
    "SystemClock",
    "cancel_and_wait",
    "excerpt",
    "language_of",
    "new_id",
    "rfc3339",
    "slug",
    "small_words_of",
    "words",
]
