"""The stage of declared keywords: it decides where everything that a message says is one agent's keywords.

A keyword among other words is evidence that the classifier weighs; alone (`invoice please`) it leaves no doubt.
"""

from collections.abc import Sequence

from folkmoot.conversations.routing.features import stem, telling
from folkmoot.conversations.routing.model import Candidate
from folkmoot.kernel import words


class Keywords:
    """Which agents declare which words."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._owners: dict[str, set[str]] = {}
        for one in candidates:
            for keyword in one.keywords:
                for word in telling(words(keyword)):
                    self._owners.setdefault(stem(word), set()).add(one.agent_id)

    def find(self, found: Sequence[str]) -> tuple[str | None, list[str]]:
        """(the one agent that everything is a keyword of, the words that are anybody's keywords)."""
        said = telling(found)
        hits = [word for word in said if stem(word) in self._owners]
        if not hits or len(hits) < len(said):
            return None, hits
        everybody = set.intersection(*(self._owners[stem(word)] for word in hits))
        alone = next(iter(everybody)) if len(everybody) == 1 else None
        return alone, hits
