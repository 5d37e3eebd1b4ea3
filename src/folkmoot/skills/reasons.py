"""Why a person was rated as they were: phrases that cite the texts they rest on, and are nothing without them.

Every reason is looked up in the texts themselves at the time of asking; the likeness it weighs is the one the estimate
used. Nothing is phrased from the hashed rows, where two words may share a column.
"""

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from folkmoot.kernel import excerpt, words
from folkmoot.skills.declared import matches
from folkmoot.skills.features import Document, Floats, document
from folkmoot.skills.fitting import Fitted, day_of
from folkmoot.skills.habits import folders
from folkmoot.skills.model import Declared, Evidence, Reason, TaskText
from folkmoot.skills.small_words import SMALL_WORDS

_SIMILAR, _WORDS, _PATHS, _CITED = 3, 4, 2, 5
_ALIKE = 0.08  # less likeness than this is chance
_NEIGHBOURS = 20
_LATELY = 20  # latest texts of the whole team looked at for recency


class Index:
    """In which texts a word stands: places in the order of evidence. Grows with it, never before it is asked."""

    def __init__(self) -> None:
        self._places: dict[str, list[int]] = {}
        self._read = 0
        self._lock = threading.Lock()

    def places(self, word: str, evidence: Sequence[Evidence]) -> list[int]:
        """Places of the texts holding `word` among `evidence`, which only ever grows at its end."""
        with self._lock:
            for place in range(self._read, len(evidence)):
                title, body = document(evidence[place])
                for found in set(words(title)) | set(words(body)):
                    self._places.setdefault(found, []).append(place)
                self._read = place + 1
        return [place for place in self._places.get(word, ()) if place < len(evidence)]


@dataclass(frozen=True)
class Grounds:
    """What the reasons of one estimate are drawn from."""

    fitted: Fitted | None
    index: Index
    task: TaskText
    doc: Document
    likeness: Floats | None
    at: datetime
    declared: Mapping[str, Declared]
    _own: dict[str, list[int]] = field(default_factory=dict)

    def own(self, person: str) -> list[int]:
        """Places of the texts that speak for a person."""
        if not self._own and self.fitted is not None:
            for place, item in enumerate(self.fitted.evidence):
                if item.weight > 0:
                    self._own.setdefault(item.person, []).append(place)
        return self._own.get(person, [])


def reasons_for(grounds: Grounds, person: str, *, text: float, lately: float, declared: float) -> tuple[Reason, ...]:
    """Reasons for one person, weightiest first. The shares say how much of what speaks for them is of which sort."""
    found: list[Reason] = []
    if grounds.fitted is not None and grounds.likeness is not None and (own := grounds.own(person)):
        near = [place for place in own if grounds.likeness[place] >= _ALIKE]
        found += _scaled(list(_similar(grounds, near)), text / 2)
        named = [*_words(grounds, own), *_paths(grounds, own)]
        found += _scaled(named, text / 2)
        found += _recency(grounds, own, lately)
    if (said := grounds.declared.get(person)) is not None:
        found += _scaled(
            [Reason(kind="declared", detail=name, weight=much) for name, much in matches(said, grounds.task)[:3]],
            declared,
        )
    return tuple(sorted(found, key=lambda reason: (-reason.weight, reason.kind, reason.detail)))


def _scaled(reasons: list[Reason], share: float) -> list[Reason]:
    total = sum(reason.weight for reason in reasons)
    if total <= 0:
        return []
    return [
        Reason(kind=one.kind, detail=one.detail, evidence=one.evidence, weight=share * one.weight / total)
        for one in reasons
    ]


def _similar(grounds: Grounds, near: list[int]) -> Iterator[Reason]:
    assert grounds.fitted is not None
    assert grounds.likeness is not None
    drift, day = grounds.fitted.process.drift, day_of(grounds.at)
    places = np.array(near, dtype=np.int64)
    strength = grounds.likeness[places] * drift.over_words(day - grounds.fitted.days[places])
    for k in np.lexsort((places, -strength))[:_SIMILAR]:
        item = grounds.fitted.evidence[int(places[k])]
        yield Reason(
            kind="similar", detail=excerpt(item.title or item.text), evidence=(item.id,), weight=float(strength[k])
        )


def _words(grounds: Grounds, own: list[int]) -> list[Reason]:
    """Words of the task that stand in the person's texts, rare ones and those peculiar to the person first."""
    assert grounds.fitted is not None
    evidence, mine, number = grounds.fitted.evidence, set(own), len(grounds.fitted.evidence)
    found: list[Reason] = []
    for word in dict.fromkeys((*words(grounds.doc[0]), *words(grounds.doc[1]))):
        if word in SMALL_WORDS or len(word) < 3 or word.isdigit():  # noqa: PLR2004  # shorter ones say nothing alone
            continue
        places = grounds.index.places(word, evidence)
        theirs = [place for place in places if place in mine]
        if not theirs:
            continue
        usual = (len(places) - len(theirs)) / max(1, number - len(mine))
        peculiar = (len(theirs) / len(mine)) / (len(theirs) / len(mine) + usual)
        found.append(
            Reason(
                kind="words",
                detail=word,
                evidence=tuple(evidence[place].id for place in reversed(theirs[-_CITED:])),
                weight=math.log(1 + number / len(places)) * peculiar,
            )
        )
    return sorted(found, key=lambda reason: (-reason.weight, reason.detail))[:_WORDS]


def _paths(grounds: Grounds, own: list[int]) -> list[Reason]:
    """Folders the task names, else those that the most similar texts of anybody touched, where the person worked."""
    assert grounds.fitted is not None
    assert grounds.likeness is not None
    evidence = grounds.fitted.evidence
    wanted: dict[str, float] = dict.fromkeys(folders(grounds.task.labels), 1.0)
    if not wanted:
        for place in np.argsort(-grounds.likeness, kind="stable")[:_NEIGHBOURS]:
            much = float(grounds.likeness[place])
            if much >= _ALIKE:
                for label in evidence[int(place)].labels:
                    wanted[label] = wanted.get(label, 0.0) + much / _NEIGHBOURS
    if not wanted:
        return []
    there: dict[str, list[int]] = {}
    for place in own:
        for label in {*evidence[place].labels, *folders(evidence[place].labels)} & wanted.keys():
            there.setdefault(label, []).append(place)
    found = [
        Reason(
            kind="paths",
            detail=f"{label} ({len(places)} of {len(own)})",
            evidence=tuple(evidence[place].id for place in reversed(places[-_CITED:])),
            weight=wanted[label] * len(places) / len(own),
        )
        for label, places in there.items()
    ]
    return sorted(found, key=lambda reason: (-reason.weight, reason.detail))[:_PATHS]


def _recency(grounds: Grounds, own: list[int], share: float) -> list[Reason]:
    assert grounds.fitted is not None
    number = len(grounds.fitted.evidence)
    latest = [place for place in own if place >= number - _LATELY]
    if share <= 0 or not latest:
        return []
    return [
        Reason(
            kind="recency",
            detail=f"{len(latest)} of the team's latest {min(number, _LATELY)} texts",
            evidence=tuple(grounds.fitted.evidence[place].id for place in reversed(latest[-_CITED:])),
            weight=share,
        )
    ]
