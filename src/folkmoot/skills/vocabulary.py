"""How far a task is of a person's subjects, told from that person's own texts alone: needed where others have none.

The regression tells people with texts from one another; of a lone one it learns nothing, and beside people who are only
declared its scores have no scale. Here each person's words are a distribution over subjects, and the question is by how
many nats a task's words are likelier from it than from anybody in the team. Who has no texts stands at 0 and is never
touched by what others wrote; texts on other subjects give less than 0. Shares of words are compared, not texts that
hold them, so that writing at length is no advantage.
"""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence

from folkmoot.skills.features import Document, document, subject_stems
from folkmoot.skills.model import Evidence

_UNSEEN = 2e-5  # share of any one word with whoever has no texts: one of fifty thousand
_DRAWN = 500.0  # words of the whole team's that each person is taken to have said beside their own
_NATS = 0.8  # worth of a nat, over the root of the words: neighbouring words say much the same


class Vocabulary:
    """Words by person. Like the index of reasons it is read from the evidence when first asked, and grows with it."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, float]] = {}  # word → person → how often
        self._spoken: Counter[str] = Counter()  # person → all words
        self._read = 0
        self._lock = threading.Lock()

    def nearness(self, doc: Document, evidence: Sequence[Evidence], silent: int) -> Mapping[str, float]:
        """For each person with texts in `evidence` (which only ever grows at its end), how much they speak for a text:
        0 says nothing, in nats. `silent` people of the team have no texts.
        """
        asked = sorted(set(subject_stems(doc)))
        with self._lock:
            self._grow(evidence)
            spoken = dict(self._spoken)
            said = {word: dict(self._said.get(word, {})) for word in asked}
        if not asked or not spoken:
            return dict.fromkeys(spoken, 0.0)
        found = dict.fromkeys(spoken, 0.0)
        for by in said.values():
            everybody = sum(count / spoken[person] for person, count in by.items())
            usual = (everybody + silent * _UNSEEN) / (len(spoken) + silent) + _UNSEEN / 1000
            for person, total in spoken.items():
                own = (by.get(person, 0.0) + _DRAWN * usual) / (total + _DRAWN)
                found[person] += math.log(own / usual)
        return {person: _NATS * nats / math.sqrt(len(asked)) for person, nats in found.items()}

    def _grow(self, evidence: Sequence[Evidence]) -> None:
        for place in range(self._read, len(evidence)):
            item = evidence[place]
            self._read = place + 1
            if item.weight <= 0:
                continue
            for word in subject_stems(document(item)):
                by = self._said.setdefault(word, {})
                by[item.person] = by.get(item.person, 0.0) + 1.0
                self._spoken[item.person] += 1
