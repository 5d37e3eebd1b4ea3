"""Routing messages whose right answer is known, through the same router as live ones, and measuring it.

The right answers are looked up after all decisions are made.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from folkmoot.conversations.routing.errors import BadRoutingFileError
from folkmoot.conversations.routing.files import NOBODY, Message
from folkmoot.conversations.routing.measures import Judged, Measures, measure
from folkmoot.conversations.routing.model import Candidate, Decision
from folkmoot.conversations.routing.replay import replay
from folkmoot.conversations.routing.router import Router


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Who answers one message; `agent` is `general` where it is out of scope."""

    id: str
    agent: str
    confidence: float
    in_scope_confidence: float
    ms: float
    method: str
    unclear: bool
    asked: bool

    def as_json(self) -> dict[str, Any]:
        """One line of the predictions."""
        return {
            "id": self.id,
            "agent": self.agent,
            "confidence": round(self.confidence, 4),
            "in_scope_confidence": round(self.in_scope_confidence, 6),
            "ms": round(self.ms, 4),
            "method": self.method,
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came out. `measures` is None without right answers; `prepare_seconds` is the training."""

    predictions: tuple[Prediction, ...]
    measures: Measures | None
    methods: Mapping[str, int]
    prepare_seconds: float
    replayed: int | None = None  # decisions that their stored evidence led to again; None if that was not asked

    def as_json(self) -> dict[str, Any]:
        """`{messages, accuracy, oos_recall, balanced, auroc, ece, ms_mean, ms_p95, unclear, asked, bins, …}`."""
        times = sorted(one.ms for one in self.predictions)
        told: dict[str, Any] = {
            "messages": len(times),
            "ms_mean": sum(times) / len(times),
            "ms_p95": times[min(len(times) - 1, int(0.95 * len(times)))],
            "unclear": sum(one.unclear for one in self.predictions) / len(times),
            "asked": sum(one.asked for one in self.predictions) / len(times),
        }
        if self.measures is not None:
            told |= self.measures.as_json()
        told |= {"methods": dict(self.methods), "prepare_seconds": self.prepare_seconds}
        return told | ({} if self.replayed is None else {"replayed": self.replayed})


async def backtest(
    candidates: Sequence[Candidate],
    messages: Sequence[Message],
    gold: Mapping[str, str] | None,
    *,
    router: Router,
    again: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Route every message, in order; with `again`, decide each once more from its evidence.

    Raises `BadRoutingFileError` if there is no message, or the right answer of one is not in `gold`.
    """
    if not messages:
        raise BadRoutingFileError("there is no message to route")
    missing = [one.id for one in messages if gold is not None and one.id not in gold]
    if missing:
        raise BadRoutingFileError(
            f"the right agent of {len(missing)} messages is not said, the first is '{missing[0]}'; "
            "see whether the gold file belongs to these messages",
            missing=len(missing),
        )
    fallback = next((one.agent_id for one in candidates if one.agent_id == NOBODY), None)
    started = time.perf_counter()
    await router.prepare(candidates)
    await router.find(messages[0].text, candidates=candidates, fallback=fallback, learn_share=False)
    prepared = time.perf_counter() - started
    predictions, replayed = [], 0
    methods: dict[str, int] = {}
    for number, message in enumerate(messages, 1):
        before = time.perf_counter()
        decision = await router.route(message.text, candidates=candidates, fallback=fallback)
        passed = (time.perf_counter() - before) * 1000.0
        predictions.append(_prediction(message, decision, passed, router, fallback))
        methods[decision.method] = methods.get(decision.method, 0) + 1
        if again:
            replayed += (await replay(message.text, decision, router=router, candidates=())).same
        if progress is not None:
            progress(number, len(messages))
    return Report(
        predictions=tuple(predictions),
        measures=None if gold is None else measure([_judged(one, gold[one.id]) for one in predictions]),
        methods=methods,
        prepare_seconds=prepared,
        replayed=replayed if again else None,
    )


def _prediction(message: Message, decision: Decision, ms: float, router: Router, fallback: str | None) -> Prediction:
    in_scope, agent, confidence = decision.in_scope_confidence, decision.agent_id, decision.confidence
    if fallback is None and decision.method == "fallback":
        agent, confidence = NOBODY, 1.0 - in_scope
    if fallback is not None:
        own = next((one.confidence for one in decision.alternatives if one.agent_id == fallback), 0.0)
        in_scope = 1.0 - (confidence if agent == fallback else max(own, 1.0 - in_scope))
    return Prediction(
        id=message.id,
        agent=agent,
        confidence=confidence,
        in_scope_confidence=in_scope,
        ms=ms,
        method=decision.method,
        unclear=router.was_unclear(decision),
        asked=decision.evidence.get("asked") is not None,
    )


def _judged(prediction: Prediction, right: str) -> Judged:
    return Judged(
        agent=None if prediction.agent == NOBODY else prediction.agent,
        gold=None if right == NOBODY else right,
        confidence=prediction.confidence,
        in_scope_confidence=prediction.in_scope_confidence,
        ms=prediction.ms,
        unclear=prediction.unclear,
        asked=prediction.asked,
    )
