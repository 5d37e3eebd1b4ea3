"""Answers that are still true: found once, kept until a passage changes or others need the room.

The key holds everything an answer depends on, the scopes and filters first of all: what was found for one agent is
never another's unless both may see exactly the same.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from folkmoot.memory.model import Filters, Findings

SIZE: Final = 512
# An answer with more text than this is quickly found again and would push out many others.
MAX_CHARACTERS: Final = 100_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an answer is the answer to."""

    words: tuple[str, ...]
    scopes: tuple[str, ...]
    filters: Filters
    limit: int
    text: str = ""  # the question itself, where its vector counts as well


class SearchCache:
    """The last `size` answers, of one state of the knowledge."""

    def __init__(self, *, size: int = SIZE) -> None:
        self._size = size
        self._state: Hashable = None
        self._kept: OrderedDict[Asked, Findings] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, asked: Asked, *, state: Hashable) -> Findings | None:
        """The answer found in this state, None if there is none."""
        if state != self._state:
            self.clear()
            self._state = state
        found = self._kept.get(asked)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(asked)
        return found

    def keep(self, asked: Asked, findings: Findings, *, state: Hashable) -> None:
        """Keep an answer of this state; the one that was asked for longest ago goes."""
        if state != self._state or sum(len(one.text) for one in findings.results) > MAX_CHARACTERS:
            return
        self._kept[asked] = findings
        self._kept.move_to_end(asked)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget every answer."""
        self._kept.clear()
