"""The router by words alone: a mention, else the agent with which a message shares most words, else the fallback."""

from collections.abc import Sequence

from folkmoot.conversations.routing.model import Alternative, Candidate, Decision
from folkmoot.kernel import words
from folkmoot.models import Caller


class Router:
    """See the module."""

    async def route(
        self,
        text: str,
        *,
        candidates: Sequence[Candidate],
        sticky: str | None = None,
        fallback: str | None = None,
        caller: Caller | None = None,  # noqa: ARG002  # nothing is asked of a model
    ) -> Decision:
        """Who of the candidates is to answer."""
        said = set(words(text))
        scores: dict[str, float] = {}
        for one in candidates:
            known = {word for keyword in one.keywords for word in words(keyword)}
            examples = {word for example in one.examples for word in words(example)}
            scores[one.agent_id] = 2.0 * len(said & known) + len(said & examples) / (1 + len(said))
        ranked = sorted(scores, key=lambda agent: (-scores[agent], agent))
        total = sum(scores.values()) or 1.0
        best = ranked[0]
        method = "keywords"
        if scores[best] < 1.0:
            best, method = sticky or fallback or best, "sticky" if sticky else "fallback"
        confidence = min(scores[best] / total, 1.0)
        others = tuple(Alternative(agent_id=one, confidence=scores[one] / total) for one in ranked if one != best)[:3]
        return Decision(
            agent_id=best,
            confidence=confidence,
            in_scope_confidence=confidence,
            method=method,
            reasoning=f"{best} shares most words with the message",
            alternatives=others,
        )
