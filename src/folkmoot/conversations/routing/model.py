"""The nouns of routing: an agent that may answer now, and the decision who does."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from folkmoot.kernel import JsonValue

Method = Literal["mention", "sticky", "keywords", "classifier", "model", "fallback", "chosen"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One agent that may answer now: online, allowed, takes chat."""

    agent_id: str
    name: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()  # what else it is mentioned by: specialty, role, person

    @cached_property
    def lesson(self) -> str:
        """A fingerprint of what a classifier learns of it."""
        return _digest((self.agent_id, self.name, self.description, "\x1e", *self.keywords, "\x1e", *self.examples))

    @cached_property
    def whole(self) -> str:
        """A fingerprint of all of it."""
        return _digest((self.lesson, *self.aliases))


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Who else it could have been, and the chance of that."""

    agent_id: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who answers. `confidence` is the calibrated chance that this agent is the right one.

    `evidence` is what each stage said: `cascade.decide` makes the same decision of it again.
    """

    agent_id: str
    confidence: float
    in_scope_confidence: float
    method: str  # one of `Method`
    reasoning: str  # one sentence for a person
    alternatives: tuple[Alternative, ...]
    evidence: dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A message whose right answer is known; `agent_id` None: it is for nobody here."""

    text: str
    agent_id: str | None


def fingerprint(candidates: Iterable[Candidate]) -> str:
    """Of what is learned of a set of candidates, in any order."""
    return _digest(sorted(one.lesson for one in candidates))


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
