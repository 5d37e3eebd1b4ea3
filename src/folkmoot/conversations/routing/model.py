"""The nouns of the router. Pure."""

from dataclasses import dataclass, field

from folkmoot.kernel import JsonValue


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One agent that may answer now. `aliases` are what else it is mentioned by: its specialty, role, person."""

    agent_id: str
    name: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another agent that might be meant, and how likely that is, 0..1."""

    agent_id: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who is to answer. `confidence` is the chance, 0..1, that this agent is the right one, `in_scope_confidence`
    that any but the fallback is. `method` is the stage that decided: `mention`, `sticky`, `keywords`, `classifier`,
    `model`, `fallback`, `chosen`. `evidence` is what each stage said: enough to replay it.
    """

    agent_id: str
    confidence: float
    in_scope_confidence: float
    method: str
    reasoning: str
    alternatives: tuple[Alternative, ...] = ()
    evidence: dict[str, JsonValue] = field(default_factory=dict)
