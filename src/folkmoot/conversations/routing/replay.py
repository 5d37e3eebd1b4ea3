"""A stored decision, made again: from its own evidence, and by what the router knows now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from folkmoot.conversations.routing.cascade import Findings, decide
from folkmoot.conversations.routing.model import Candidate, Decision
from folkmoot.conversations.routing.router import Router
from folkmoot.kernel import JsonValue


@dataclass(frozen=True, kw_only=True)
class Replay:
    """`again`: decided from the stored evidence. `now`: decided by the present classifiers, None if nobody is there.

    `same`: the evidence leads to the very decision. `differs`: another agent would answer now.
    """

    decision: Decision
    again: Decision
    now: Decision | None

    @property
    def same(self) -> bool:
        return self.again == self.decision

    @property
    def differs(self) -> bool:
        return self.now is not None and self.now.agent_id != self.decision.agent_id


async def replay(text: str, decision: Decision, *, router: Router, candidates: Sequence[Candidate]) -> Replay:
    """Decide again. No language model is asked: what it said then is taken as said."""
    stored = Findings.from_json(decision.evidence)
    again = decide(stored)
    now = None
    if candidates:
        found = await router.find(
            text, candidates=candidates, sticky=stored.sticky, fallback=stored.fallback, learn_share=False
        )
        present = {one.agent_id for one in candidates}
        says = stored.model_says if router.is_unclear(found) and (stored.model_says or "") in {"", *present} else None
        now = decide(replace(found, asked=stored.asked, model_says=says, model_reason=stored.model_reason))
    return Replay(decision=decision, again=_chosen(decision, again), now=now)


def _chosen(decision: Decision, again: Decision) -> Decision:
    """A user's own choice stands above what the stages say."""
    if decision.method != "chosen":
        return again
    evidence: dict[str, JsonValue] = dict(decision.evidence)
    return replace(decision, evidence=evidence)
