"""The cascade itself, a pure function: from what each stage found to who answers, how sure that is, and why.

In this order: a message that names somebody; a message that is one agent's keywords and nothing else; the language
model, where it was asked because the rest was unclear; the classifier, where its best score is above the line; else
the fallback. An agent that answered before keeps a message unless the chances speak clearly for another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Final, Self

from folkmoot.conversations.routing.model import Alternative, Decision
from folkmoot.kernel import JsonValue

STAY: Final = 0.8  # taken as the chance that the next message of a conversation is for the same agent
_NAMED: Final = 0.99
# Taken, not measured: how often a language model that was told all agents is right on what was unclear before.
_MODEL_AGREES: Final = 0.85  # with the classifier's best
_MODEL_DIFFERS: Final = 0.65
_CLEARLY: Final = 1.05  # so that what is even goes to who is there for everything
_ALTERNATIVES: Final = 4
_SHOWN: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the stages found about one message. Chances are of the candidates that were there."""

    chances: Mapping[str, float]  # an agent's chance to be the right one; the rest to 1 is "for nobody here"
    best: str | None  # by score; None without candidates that can be scored
    score: float
    lead: float
    line: float  # a best score below it counts as out of scope
    in_scope: float
    out_share: float = 0.0  # taken for the share of messages out of scope when this was weighed
    names: Mapping[str, str] = field(default_factory=dict)
    mentioned: str | None = None
    keywords_of: str | None = None  # the one agent that everything said is a keyword of
    keywords: Sequence[str] = ()
    keyword_right: float = 0.9  # how often that stage is right
    words: Sequence[str] = ()  # that speak most for the best
    sticky: str | None = None
    fallback: str | None = None
    asked: str | None = None  # the language model that was asked
    model_says: str | None = None  # an agent, or "" for nobody here; None if it was not asked or failed
    model_reason: str = ""
    trained: str = ""  # fingerprint of what judged
    meaning: bool = False  # whether an embedding model took part

    def as_json(self) -> dict[str, JsonValue]:
        """What is stored as evidence."""
        # Not asdict, which copies deeply and takes longer than all of the rest.
        return {**vars(self), "names": dict(self.names), "keywords": list(self.keywords), "words": list(self.words)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The findings of stored evidence; raises `TypeError` for what is no evidence."""
        return cls(**stored)


def decide(found: Findings) -> Decision:
    """Who answers."""
    if found.mentioned is not None:
        return _made(found, found.mentioned, _NAMED, "mention", f"The message names {_name(found, found.mentioned)}.")
    chances = _in_conversation(found)
    if found.keywords_of is not None:
        sure = max(found.keyword_right, chances.get(found.keywords_of, 0.0))
        said = f"All that it says ({_quoted(found.keywords)}) is a keyword of {_name(found, found.keywords_of)}."
        return _made(found, found.keywords_of, sure, "keywords", said, in_scope=max(sure, found.in_scope))
    if found.sticky is not None:
        return _sticking(found, chances)
    if found.model_says is not None:
        return _by_model(found)
    if found.best is not None and (found.score >= found.line or _likelier_than_fallback(found)):
        return _made(found, found.best, chances[found.best], "classifier", _because(found, found.best))
    return _falling_back(found)


def unclear(found: Findings, *, below: float) -> bool:
    """Whether a language model should be asked: nothing explicit decides, and what the rest says is less sure."""
    if found.mentioned is not None or found.keywords_of is not None:
        return False
    return decide(replace(found, model_says=None)).confidence < below


def _in_conversation(found: Findings) -> dict[str, float]:
    """The chances, when the one who answered before is the likelier one, and small talk is theirs."""
    if found.sticky is None:
        return dict(found.chances)
    nobody = max(0.0, 1.0 - found.in_scope)
    weighed = {
        agent: STAY * (chance + nobody) if agent == found.sticky else (1 - STAY) * chance
        for agent, chance in found.chances.items()
    }
    total = sum(weighed.values()) or 1.0
    return {agent: chance / total for agent, chance in weighed.items()}


def _sticking(found: Findings, chances: Mapping[str, float]) -> Decision:
    sticky = found.sticky or ""
    best = max(chances, key=lambda agent: (chances[agent], agent))
    if best != sticky and found.score >= found.line and chances[best] > chances.get(sticky, 0.0):
        said = f"The topic changes from {_name(found, sticky)}: {_because(found, best)}"
        return _made(found, best, chances[best], "classifier", said, chances=chances)
    said = f"{_name(found, sticky)} answered before, and the message does not clearly ask for another."
    return _made(found, sticky, chances.get(sticky, 0.0), "sticky", said, chances=chances)


def _by_model(found: Findings) -> Decision:
    chosen = found.model_says or found.fallback
    reason = found.model_reason.strip().rstrip(".")
    if not chosen or chosen not in found.chances:
        return _falling_back(found)
    agrees = chosen == found.best or (not found.model_says and found.score < found.line)
    sure = _MODEL_AGREES if agrees else _MODEL_DIFFERS
    method = "model" if found.model_says else "fallback"
    said = f"The words left it unclear; the language model chose {_name(found, chosen)}" + (
        f": {reason}." if reason else "."
    )
    return _made(found, chosen, sure, method, said, in_scope=sure if found.model_says else 1 - sure)


def _likelier_than_fallback(found: Findings) -> bool:
    """Where an agent is there for everything else, whichever of the two is likelier answers, line or not."""
    if found.fallback is None or found.best is None:
        return False
    fallback = max(0.0, 1.0 - found.in_scope) + found.chances.get(found.fallback, 0.0)
    return found.chances[found.best] > _CLEARLY * fallback


def _falling_back(found: Findings) -> Decision:
    if found.fallback is not None:
        own = found.chances.get(found.fallback, 0.0)
        sure = min(1.0, max(0.0, 1.0 - found.in_scope) + own)
        said = f"The message is not clearly for anybody here, so {_name(found, found.fallback)} answers."
        return _made(found, found.fallback, sure, "fallback", said)
    best = found.best or max(found.chances, key=lambda agent: (found.chances[agent], agent))
    said = f"The message is not clearly for anybody here; {_name(found, best)} is nearest."
    return _made(found, best, found.chances.get(best, 0.0), "fallback", said)


def _made(
    found: Findings,
    agent: str,
    confidence: float,
    method: str,
    reasoning: str,
    *,
    in_scope: float | None = None,
    chances: Mapping[str, float] | None = None,
) -> Decision:
    weighed = chances or found.chances
    scope = found.in_scope if in_scope is None else in_scope
    likely = sorted(weighed.items(), key=itemgetter(1), reverse=True)[: _ALTERNATIVES + 1]
    total = sum(weighed.values()) - weighed.get(agent, 0.0)
    scale = min(1.0, (1.0 - confidence) / total) if total > 0 else 0.0
    return Decision(
        agent_id=agent,
        confidence=round(confidence, 4),
        in_scope_confidence=round(max(scope, _NAMED) if method == "mention" else scope, 6),
        method=method,
        reasoning=reasoning,
        alternatives=tuple(
            Alternative(agent_id=one, confidence=round(other * scale, 4))
            for one, other in likely
            if one != agent and other * scale >= _SHOWN
        ),
        evidence=found.as_json(),
    )


def _because(found: Findings, agent: str) -> str:
    name = _name(found, agent)
    if agent == found.best and found.words:
        return f"{_quoted(found.words)} {'speaks' if len(found.words) == 1 else 'speak'} for {name}."
    return f"It reads most like what {name} is asked."


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _name(found: Findings, agent: str) -> str:
    return found.names.get(agent, agent)
