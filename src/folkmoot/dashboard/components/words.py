"""How times, figures and states are said. Pure."""

import hashlib
from datetime import UTC, datetime
from typing import Final

from folkmoot.tasks import TaskState

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400

STATES: Final[dict[TaskState, tuple[str, str, str]]] = {  # words, colour, icon
    TaskState.PENDING: ("Waiting", "", "clock"),
    TaskState.CONSULTING: ("Consulting", "blue", "chat"),
    TaskState.NEGOTIATING: ("Negotiating", "violet", "scales"),
    TaskState.ASSIGNED: ("Assigned", "teal", "people"),
    TaskState.IN_PROGRESS: ("In progress", "amber", "play"),
    TaskState.COMPLETED: ("Completed", "green", "check"),
    TaskState.CANCELLED: ("Cancelled", "", "cross"),
    TaskState.UNASSIGNED: ("Unassigned", "red", "alert"),
}
AVAILABILITY: Final[dict[str, tuple[str, str, str]]] = {
    "available": ("Available", "green", "check"),
    "busy": ("Busy", "amber", "load"),
    "away": ("Away", "", "clock"),
    "offline": ("Not working", "", "cross"),
}
PRESENCE: Final[dict[str, tuple[str, str, str]]] = {
    "online": ("Online", "green", "pulse"),
    "offline": ("Offline", "", "cross"),
    "silenced": ("Silenced", "red", "alert"),
}
STANCES: Final[dict[str, tuple[str, str, str]]] = {
    "keep": ("keeps the claim", "teal", "hand"),
    "concede": ("concedes", "", "undo"),
    "propose_share": ("proposes to share", "blue", "people"),
    "counter": ("counters", "violet", "scales"),
}
KINDS: Final = {"twin": "Twin", "specialist": "Specialist", "manager": "Manager", "user_proxy": "Person"}


def initials(name: str) -> str:
    """`Zoë van Müller` → `ZM`; one letter for one word."""
    parts = [part for part in name.replace(".", " ").replace("-", " ").replace("_", " ").split() if part[0].isalnum()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def hue(key: str) -> int:
    """A colour of somebody's own: an angle from 0 to 359 that is always the same for the same id."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 360


def percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share:.1%}"  # noqa: PLR2004  # small shares need a digit


def hours(amount: float | None) -> str:
    return "not said" if amount is None else f"{amount:.3g} h"


def ago(then: datetime, now: datetime) -> str:
    """`just now`, `4 min ago`, `3 h ago`, then the date."""
    seconds = (now - then).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    if seconds < _DAY:
        return f"{int(seconds // _HOUR)} h ago"
    return day(then)


def span(seconds: float) -> str:
    """A length of time: `45 s`, `12 min`, `3 h 5 min`, `4 d 2 h`."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def day(then: datetime) -> str:
    at = then.astimezone(UTC)
    return f"{at.day} {at:%b %Y}"


def moment(then: datetime) -> str:
    at = then.astimezone(UTC)
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M} UTC"


def count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def sentence(text: str | None) -> str:
    """What somebody typed, with a full stop where it has no end of its own; nothing stays nothing."""
    text = (text or "").strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."


def plain(word: str) -> str:
    """`in_progress` → `In progress`."""
    return word.replace("_", " ").replace("-", " ").strip().capitalize()
