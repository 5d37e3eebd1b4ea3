"""A decision of the router as it is kept with an answer, sent with its message, and read back. Pure."""

from typing import Any

from folkmoot.conversations.routing.model import Alternative, Decision
from folkmoot.kernel import JsonValue


def routing_of(decision: Decision) -> dict[str, JsonValue]:
    """A decision as it is kept with the answer, and shown."""
    others: list[JsonValue] = [
        {"agent_id": one.agent_id, "confidence": one.confidence} for one in decision.alternatives
    ]
    return {
        "agent_id": decision.agent_id,
        "confidence": decision.confidence,
        "in_scope_confidence": decision.in_scope_confidence,
        "method": decision.method,
        "reasoning": decision.reasoning,
        "alternatives": others,
        "evidence": decision.evidence,
    }


def without_evidence(decision: Decision) -> dict[str, JsonValue]:
    """What of it goes with the message to the agent."""
    return {name: value for name, value in routing_of(decision).items() if name != "evidence"}


def decision_of(kept: dict[str, Any]) -> Decision:
    """The same, read back."""
    others = tuple(Alternative(**one) for one in kept.get("alternatives", ()))
    return Decision(**{"evidence": {}, **kept, "alternatives": others})
