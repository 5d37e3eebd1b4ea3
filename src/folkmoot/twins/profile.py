"""What was learned of a person, as numbers that can be traced to the messages they come from.

Each measure says its value, on how many messages it rests, and which (the newest of them). How texts become signs is
in `signals.py`, how signs become a profile in `build_profile.py`. Parts learned under different consents are kept
apart and put together here when they are read, so that each part can vanish with its consent.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

EVIDENCE: Final = 50  # ids of messages named beside a number; `messages` counts all
HOURS: Final = 24
MOST_SKILLS: Final = 40
# So many messages about a thing make half of a full level.
_HALF: Final = 5
_CASUAL_BELOW, _FORMAL_ABOVE = 0.4, 0.6
_CONCISE_BELOW, _VERBOSE_ABOVE = 10.0, 25.0


T = TypeVar("T")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Measure(_Frozen):
    """One number and where it comes from."""

    value: float
    messages: int  # on how many messages it rests
    evidence: list[str]  # ids of the newest of these


class Skill(_Frozen):
    """Something the person knows about, by a configured pattern or by words that are theirs more than others'."""

    name: str
    kind: Literal["pattern", "learned"]
    level: float  # 0..1: n / (n + 5) for n messages
    messages: int
    evidence: list[str]


class Phrase(_Frozen):
    """A greeting, and how often it opens a message."""

    text: str
    messages: int
    evidence: list[str]


class Style(_Frozen):
    """How the person writes. A measure is None where no message tells."""

    formality: Measure | None  # 0 casual .. 1 formal
    words: Measure | None  # words in a message, on average
    emoji: Measure | None  # share of messages with one
    questions: Measure | None  # share of messages that ask
    greetings: list[Phrase]
    reply_minutes: Measure | None  # median time to answer, within half a day
    active_hours: list[int]  # messages in each hour of the day, from midnight, in the export's time zone

    @property
    def labels(self) -> list[str]:
        """The style in words: `formal` or `casual`, `verbose` or `concise`, where it is clear."""
        found: list[str] = []
        if self.formality is not None and self.formality.value > _FORMAL_ABOVE:
            found.append("formal")
        if self.formality is not None and self.formality.value < _CASUAL_BELOW:
            found.append("casual")
        if self.words is not None and self.words.value > _VERBOSE_ABOVE:
            found.append("verbose")
        if self.words is not None and self.words.value < _CONCISE_BELOW:
            found.append("concise")
        return found


class Preferences(_Frozen):
    """How the person likes to work."""

    collaboration: Measure | None  # 0 on their own .. 1 together with others


class Decisions(_Frozen):
    """How the person decides."""

    risk: Measure | None  # 0 careful .. 1 bold
    detail: Measure | None  # 0 in outline .. 1 in detail


class Profile(_Frozen):
    """What was learned of one person."""

    platforms: list[str]
    messages: int  # of the person's own
    context: int  # of others around them, for comparison only
    first_at: datetime | None
    last_at: datetime | None
    skills: list[Skill]
    style: Style
    preferences: Preferences
    decisions: Decisions


def level(messages: int) -> float:
    """How much so many messages about a thing say: 0 for none, half for five, never quite 1."""
    return messages / (messages + _HALF)


def merged(parts: Sequence[Profile]) -> Profile:
    """One profile of several parts: means weighted by messages, counts added."""
    if len(parts) == 1:
        return parts[0]
    times = [moment for part in parts for moment in (part.first_at, part.last_at) if moment is not None]
    styles = [part.style for part in parts]
    return Profile(
        platforms=sorted({platform for part in parts for platform in part.platforms}),
        messages=sum(part.messages for part in parts),
        context=sum(part.context for part in parts),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        skills=_skills([skill for part in parts for skill in part.skills]),
        style=Style(
            formality=_mean(styles, lambda one: one.formality),
            words=_mean(styles, lambda one: one.words),
            emoji=_mean(styles, lambda one: one.emoji),
            questions=_mean(styles, lambda one: one.questions),
            greetings=_greetings([phrase for one in styles for phrase in one.greetings]),
            reply_minutes=_mean(styles, lambda one: one.reply_minutes),
            active_hours=[sum(hour) for hour in zip(*(one.active_hours for one in styles), strict=True)],
        ),
        preferences=Preferences(collaboration=_mean(parts, lambda one: one.preferences.collaboration)),
        decisions=Decisions(
            risk=_mean(parts, lambda one: one.decisions.risk), detail=_mean(parts, lambda one: one.decisions.detail)
        ),
    )


def by_weight(skills: list[Skill]) -> list[Skill]:
    """The best-founded skills first, and no more than can be taken in."""
    return sorted(skills, key=lambda skill: (-skill.messages, skill.kind != "pattern", skill.name))[:MOST_SKILLS]


def _mean(parts: Sequence[T], pick: Callable[[T], Measure | None]) -> Measure | None:
    found = [measure for part in parts if (measure := pick(part)) is not None]
    messages = sum(measure.messages for measure in found)
    if not messages:
        return None
    return Measure(
        value=sum(measure.value * measure.messages for measure in found) / messages,
        messages=messages,
        evidence=_shared([measure.evidence for measure in found]),
    )


def _skills(skills: list[Skill]) -> list[Skill]:
    groups: dict[tuple[str, str], list[Skill]] = {}
    for skill in skills:
        groups.setdefault((skill.name, skill.kind), []).append(skill)
    found: list[Skill] = []
    for group in groups.values():
        messages = sum(skill.messages for skill in group)
        evidence = _shared([skill.evidence for skill in group])
        found.append(group[0].model_copy(update={"messages": messages, "level": level(messages), "evidence": evidence}))
    return by_weight(found)


def _greetings(phrases: list[Phrase]) -> list[Phrase]:
    groups: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        groups.setdefault(phrase.text, []).append(phrase)
    found = [
        Phrase(
            text=text,
            messages=sum(phrase.messages for phrase in group),
            evidence=_shared([phrase.evidence for phrase in group]),
        )
        for text, group in groups.items()
    ]
    return sorted(found, key=lambda phrase: (-phrase.messages, phrase.text))


def _shared(lists: list[list[str]]) -> list[str]:
    """Some of each list, so that each part stays traceable."""
    share = EVIDENCE // len(lists)
    return [message_id for ids in lists for message_id in ids[-share:]]
