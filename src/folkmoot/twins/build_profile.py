"""Building a profile from a stream of messages: first the signs of each, then the words that are the person's own.

Words of a matter are learned by comparing how often they occur in the person's messages and in those around them
(log-odds with an informative prior, Monroe and others 2008). The comparison uses the person's own export only: so
nothing of a profile rests on another person's consent.
"""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from folkmoot.kernel import words
from folkmoot.skills.small_words import SMALL_WORDS
from folkmoot.twins.model import TwinMessage
from folkmoot.twins.profile import (
    EVIDENCE,
    HOURS,
    Decisions,
    Measure,
    Phrase,
    Preferences,
    Profile,
    Skill,
    Style,
    by_weight,
    level,
)
from folkmoot.twins.signals import Signals, is_marker, read_signals
from folkmoot.twins.skill_patterns import SkillPatterns

_LEARNED: Final = 20  # words learned at most
_LEAST: Final = 3  # messages that must hold a word
_SURE: Final = 1.96  # standard deviations above what the surroundings would say
_SHORTEST: Final = 4  # letters: shorter words are mostly grammar
_PRIOR: Final = 50.0
_REMEMBERED: Final = 200_000  # distinct words; the rarest are let go beyond
_COMMON: Final = 0.2  # a word in more of one's messages than this is a habit of speech
_REPLY: Final = timedelta(hours=12)
_GREETINGS: Final = 5


class _Tally:
    """A mean that remembers the newest messages it was made of."""

    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0
        self.newest: deque[str] = deque(maxlen=EVIDENCE)

    def add(self, value: float | None, message_id: str, *, cite: bool = True) -> None:
        if value is not None:
            self.total += value
            self.count += 1
            if cite:
                self.newest.append(message_id)

    def measure(self) -> Measure | None:
        if not self.count:
            return None
        return Measure(value=self.total / self.count, messages=self.count, evidence=list(self.newest))


class ProfileBuilder:
    """Takes messages in the order of time, the person's own and those around them, and answers a `Profile`.

    Memory does not grow with the number of messages beyond a few numbers each. Blocking: call it in a thread.
    """

    def __init__(self, *, platform: str, patterns: SkillPatterns, zone: ZoneInfo) -> None:
        self._platform = platform
        self._patterns = patterns
        self._zone = zone
        self._own = 0
        self._context = 0
        self._span: tuple[datetime, datetime] | None = None
        self._tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._skills: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._greetings: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._hours = [0] * HOURS
        self._own_words: Counter[str] = Counter()
        self._other_words: Counter[str] = Counter()
        self._asked: dict[str, datetime] = {}
        self._replies: list[float] = []
        self._replied: deque[str] = deque(maxlen=EVIDENCE)

    def add(self, messages: Iterable[TwinMessage]) -> None:
        """Take further messages."""
        for message in messages:
            if message.own:
                self._add_own(message, read_signals(message.text))
            else:
                self._context += 1
                _count(self._other_words, words(message.text))
                if message.at is not None:
                    self._asked[message.thread] = message.at

    def learned_words(self) -> dict[str, float]:
        """The words of matter that are the person's more than the surroundings', each with its standard score."""
        own_total, other_total = self._own_words.total(), self._other_words.total()
        scores: dict[str, float] = {}
        for word, own in self._own_words.items():
            if own < _LEAST or own > max(_LEAST, self._own * _COMMON):
                continue
            other = self._other_words[word]
            prior = _PRIOR * (own + other) / max(1, own_total + other_total)
            ours = (own + prior) / max(1.0, own_total + _PRIOR - own - prior)
            theirs = (other + prior) / max(1.0, other_total + _PRIOR - other - prior)
            score = (math.log(ours) - math.log(theirs)) / math.sqrt(1 / (own + prior) + 1 / (other + prior))
            if score > _SURE or not other_total:
                scores[word] = score if other_total else float(own)
        best = sorted(scores, key=lambda word: (-scores[word], word))[:_LEARNED]
        return {word: scores[word] for word in best}

    def build(self, cited: dict[str, Sequence[str]]) -> Profile:
        """The profile; `cited` names for each learned word the messages that hold it (see `cite`)."""
        tallies = self._tallies
        replies = None
        if self._replies:
            replies = Measure(value=median(self._replies), messages=len(self._replies), evidence=list(self._replied))
        patterned = [_skill(name, "pattern", tally.count, list(tally.newest)) for name, tally in self._skills.items()]
        known = {skill.name for skill in patterned}
        learned = [
            _skill(word, "learned", self._own_words[word], list(ids))
            for word, ids in cited.items()
            if word not in known
        ]
        span = self._span or (None, None)
        return Profile(
            platforms=[self._platform],
            messages=self._own,
            context=self._context,
            first_at=span[0],
            last_at=span[1],
            skills=by_weight([*patterned, *learned]),
            style=Style(
                formality=tallies["formality"].measure(),
                words=tallies["words"].measure(),
                emoji=tallies["emoji"].measure(),
                questions=tallies["questions"].measure(),
                greetings=self._common_greetings(),
                reply_minutes=replies,
                active_hours=self._hours,
            ),
            preferences=Preferences(collaboration=tallies["collaboration"].measure()),
            decisions=Decisions(risk=tallies["risk"].measure(), detail=tallies["detail"].measure()),
        )

    def _add_own(self, message: TwinMessage, signals: Signals) -> None:
        self._own += 1
        message_id = message.message_id
        tallies = self._tallies
        tallies["formality"].add(signals.formality, message_id)
        tallies["words"].add(len(signals.words), message_id)
        tallies["emoji"].add(signals.emoji, message_id, cite=signals.emoji)
        tallies["questions"].add(signals.question, message_id, cite=signals.question)
        tallies["collaboration"].add(signals.collaboration, message_id)
        tallies["risk"].add(signals.risk, message_id)
        tallies["detail"].add(signals.detail, message_id)
        if signals.greeting is not None:
            self._greetings[signals.greeting].add(1.0, message_id)
        for skill in self._patterns.find(message.text):
            self._skills[skill].add(1.0, message_id)
        _count(self._own_words, signals.words)
        if message.at is not None:
            self._add_time(message, message.at)

    def _add_time(self, message: TwinMessage, at: datetime) -> None:
        self._hours[at.astimezone(self._zone).hour] += 1
        first, last = self._span or (at, at)
        self._span = (min(first, at), max(last, at))
        asked = self._asked.pop(message.thread, None)
        if asked is not None and timedelta(0) <= at - asked <= _REPLY:
            self._replies.append((at - asked).total_seconds() / 60)
            self._replied.append(message.message_id)

    def _common_greetings(self) -> list[Phrase]:
        found = [
            Phrase(text=text, messages=tally.count, evidence=list(tally.newest))
            for text, tally in self._greetings.items()
        ]
        return sorted(found, key=lambda phrase: (-phrase.messages, phrase.text))[:_GREETINGS]


def cite(learned: Iterable[str], messages: Iterable[TwinMessage], into: dict[str, deque[str]]) -> None:
    """Note which messages hold which of these words, the newest last and at most as many as are shown."""
    wanted = set(learned)
    for message in messages:
        for word in wanted.intersection(_matter(words(message.text))):
            into.setdefault(word, deque(maxlen=EVIDENCE)).append(message.message_id)


def _matter(found: list[str]) -> set[str]:
    return {
        word
        for word in found
        if len(word) >= _SHORTEST and word.isalpha() and not is_marker(word) and word not in SMALL_WORDS
    }


def _count(counter: Counter[str], found: list[str]) -> None:
    counter.update(_matter(found))
    if len(counter) > _REMEMBERED:
        for word in [word for word, count in counter.items() if count == 1]:
            del counter[word]


def _skill(name: str, kind: str, messages: int, evidence: list[str]) -> Skill:
    return Skill.model_validate(
        {"name": name, "kind": kind, "level": level(messages), "messages": messages, "evidence": evidence}
    )
