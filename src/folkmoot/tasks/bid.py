"""An agent's own judgement: what it answers the manager, what it tells a peer, and what it makes of what it hears.

All of it is arithmetic on the estimator's figures and on the agent's desk; nothing here waits, sends or looks up. Two
figures matter. *Confidence* is what the manager hears: the fit, less what the deadline takes from it. *Worth* adds
what only the agent knows: its load, which of its own tasks would become late, and whether it did what this one
builds on. Without deadlines and with room for everybody both keep the estimator's order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from folkmoot.tasks import sentences as say
from folkmoot.tasks.calendar import Plan, plan
from folkmoot.tasks.situation import Ability, Brief, Inquiry, Situation
from folkmoot.tasks.talk import Argument, Consultation, Ground, Position, Stance

# What each fact weighs. These are judgements, not fitted to any history: docs/explanation/sharing-out-work.md.
LEAST_SHARE: Final = 0.1  # of an even share among those asked: below it, others fit so much better that one passes
LEAST_FIT: Final = 0.01  # below one in a hundred nobody would call it a yes
SKILL_WEIGHT: Final = 0.5  # how much of the fit hangs on the required skills
SLIP: Final = 0.7  # a task of one's own that becomes late leaves this much of the worth
LOAD_WEIGHT: Final = 0.4  # what full places take away; the square makes the first tasks cheap and the last dear
CONTINUITY: Final = 1.15  # who did what this builds on starts with that in hand
_LATE_FACTOR: Final = 5
_SPOKEN_REASONS: Final = 3
_ARGUED_REASONS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Everything an agent knows about itself and a task, worked out."""

    inquiry: Inquiry
    me: Situation
    ability: Ability
    hours: float
    planned: Plan
    fit: float
    confidence: float
    worth: float
    late_hours: float

    @property
    def brief(self) -> Brief:
        return self.inquiry.brief

    @property
    def asked(self) -> int:
        return len(self.inquiry.subjects)

    @property
    def missing(self) -> tuple[str, ...]:
        """The required skills it can show nothing for."""
        return tuple(one for one in self.brief.required_skills if one not in self.ability.skills)


def judge(inquiry: Inquiry, me: Situation, ability: Ability) -> Judgement:
    """Work out fit, dates, confidence and worth."""
    brief = inquiry.brief
    wanted = brief.required_skills
    covered = len(ability.skills) / len(wanted) if wanted else 1.0
    fit = ability.estimate.probability * (1 - SKILL_WEIGHT * (1 - covered))
    needed = brief.estimated_hours * (2 - covered)  # what one must first learn takes as long again
    planned = plan(
        me.held, hours=needed, priority=brief.priority, deadline=brief.deadline, now=inquiry.at, week=me.week
    )
    late = max(0.0, say.hours_between(brief.deadline, planned.finish)) if brief.deadline else 0.0
    confidence = fit / (1 + late / max(brief.estimated_hours, 4.0))
    worth = confidence * SLIP ** len(planned.at_risk) * (1 - LOAD_WEIGHT * me.load**2)
    if me.did_before:
        worth = min(1.0, worth * CONTINUITY)
    return Judgement(
        inquiry=inquiry,
        me=me,
        ability=ability,
        hours=needed,
        planned=planned,
        fit=fit,
        confidence=confidence,
        worth=worth,
        late_hours=late,
    )


def bid(judged: Judgement) -> Consultation:
    """The answer to the manager's question."""
    brief, me, agent = judged.brief, judged.me, judged.me.agent_id
    refusal = _refusal(judged)
    reasons = list(judged.ability.grounds)
    reasons[1:1] = [ground for grounds in judged.ability.skills.values() for ground in grounds]
    concerns: list[Ground] = [refusal] if refusal else []
    if judged.missing:
        concerns.append(say.lacks(agent, judged.missing))
    if refusal is None:
        dates = [say.schedule(me, judged.planned)]
        if brief.deadline is not None:
            (concerns if judged.late_hours else dates).append(say.in_time(brief, judged.planned.finish))
        if me.load >= 0.5:  # noqa: PLR2004  # half-full places are worth a word
            concerns.append(say.workload(me))
        spoken = [*reasons[:_SPOKEN_REASONS], *dates, *concerns]
        reasons = [*reasons, *dates]
    else:
        spoken = concerns
    return Consultation(
        agent=agent,
        can_do=refusal is None,
        confidence=judged.confidence,
        estimated_hours=round(judged.hours, 2),
        earliest_start=judged.planned.start,
        reasons=tuple(reasons),
        concerns=tuple(concerns),
        message=in_words(spoken),
        covers=judged.ability.covers,
        would_help=can_help(judged),
    )


def _refusal(judged: Judgement) -> Ground | None:
    me, estimate = judged.me, judged.ability.estimate
    if me.availability in {"away", "offline"}:
        return say.absent(me)
    if me.full:
        return say.no_place(me)
    if estimate.basis == "nothing" or (estimate.basis == "declared" and not estimate.reasons):
        return say.nothing_known(me.agent_id)
    least = max(LEAST_FIT, LEAST_SHARE / max(1, judged.asked))
    # Whoever fits well stays in the running however late it would be: all may be late.
    if judged.fit < least or (judged.fit < _LATE_FACTOR * least and judged.confidence < least / 2):
        return say.others_fit_better(me.agent_id, estimate.probability, judged.asked)
    return None


def open_with(bids: Sequence[Consultation], agent_id: str) -> tuple[Stance, str | None]:
    """Where an agent stands by the answers to the manager alone, like with like; and toward whom it concedes."""
    leader = min(bids, key=lambda one: (-one.confidence, one.agent), default=None)
    if leader is None or leader.agent == agent_id:
        return Stance.KEEP, None
    return Stance.CONCEDE, leader.agent


def argue(judged: Judgement, stance: Stance, bids: Sequence[Consultation]) -> Argument:
    """What the agent tells a peer: the figures that only it knows, in words and numbers."""
    me, brief = judged.me, judged.brief
    _, leader = open_with(bids, me.agent_id)
    grounds = [say.behind(leader, judged.inquiry) if leader else say.ahead([one.agent for one in bids], brief.task_id)]
    grounds += judged.ability.grounds[:_ARGUED_REASONS]
    grounds.append(say.schedule(me, judged.planned))
    if brief.deadline is not None:
        grounds.append(say.in_time(brief, judged.planned.finish))
    if me.held or me.availability == "busy":
        grounds.append(say.workload(me))
    if judged.planned.at_risk:
        grounds.append(say.at_risk(judged.planned.at_risk))
    if me.did_before:
        grounds.append(say.did_before(me.did_before))
    if judged.missing:
        grounds.append(say.lacks(me.agent_id, judged.missing))
    return Argument(
        agent=me.agent_id,
        stance=stance,
        fit=judged.fit,
        worth=judged.worth,
        finish_at=judged.planned.finish,
        late_hours=judged.late_hours,
        load=me.load,
        at_risk=judged.planned.at_risk,
        covers=judged.ability.covers,
        would_help=can_help(judged),
        grounds=tuple(grounds),
        message=in_words(grounds),
    )


def can_help(judged: Judgement) -> bool:
    """Whether a small part of the task still fits: present, not full, and nothing of its own gets late by it."""
    present = judged.me.availability not in {"away", "offline"}
    return present and not judged.me.full and judged.me.load < 1 and not judged.planned.at_risk


def reconsider(
    judged: Judgement,
    mine: Argument,
    heard: Mapping[str, Argument],
    opening: tuple[Stance, str | None],
    gave_way: Mapping[str, str] = MappingProxyType({}),
) -> Position:
    """Where the agent stands after it heard its peers; `heard` maps the message in which each spoke to what it said.

    `gave_way`: who stepped back in favour of this agent, and in which message; what they are worth no longer counts.
    """
    stance, toward = opening
    if heard and all(one.agent in gave_way for one in heard.values()):
        yielded = (say.yielded(gave_way, judged.inquiry),)
        return _position(mine, Stance.COUNTER if stance is Stance.CONCEDE else Stance.KEEP, stance, yielded)
    heard = {said_in: one for said_in, one in heard.items() if one.agent not in gave_way}
    if not heard:
        return Position(
            agent=mine.agent, stance=stance, opening=stance, worth=mine.worth, toward=toward,
            reasons=mine.grounds[:1], message=in_words(mine.grounds[:1]),
        )  # fmt: skip
    best_in = min(heard, key=lambda one: _order(heard[one]))
    best = heard[best_in]
    if _order(best) < _order(mine):
        called = judged.inquiry.called
        grounds = (*say.compared(mine, best, judged.inquiry, best_in), say.concession(called(best.agent), best_in))
        return _position(mine, Stance.CONCEDE, stance, grounds, toward=best.agent)
    rivals = [judged.inquiry.called(one.agent) for one in heard.values()]
    grounds = (
        *say.compared(mine, best, judged.inquiry, best_in),
        say.claim(rivals, list(heard), was_behind=stance is Stance.CONCEDE),
    )
    for helper_in, helper in sorted(heard.items(), key=lambda pair: _order(pair[1])):
        brings = tuple(one for one in judged.missing if one in helper.covers)
        if brings and helper.would_help:
            grounds = (*grounds, say.share_wanted(judged.inquiry.called(helper.agent), brings, helper_in))
            return _position(mine, Stance.PROPOSE_SHARE, stance, grounds, toward=helper.agent, share=brings)
    return _position(mine, Stance.COUNTER if stance is Stance.CONCEDE else Stance.KEEP, stance, grounds)


def _position(
    mine: Argument,
    stance: Stance,
    opening: Stance,
    grounds: tuple[Ground, ...],
    *,
    toward: str | None = None,
    share: tuple[str, ...] = (),
) -> Position:
    return Position(
        agent=mine.agent,
        stance=stance,
        opening=opening,
        worth=mine.worth,
        toward=toward,
        share=share,
        reasons=grounds,
        message=in_words(grounds),
    )


def _order(one: Argument) -> tuple[float, float, str]:
    # Equal worth: a name decides, the same for both sides, so that two agents never concede to each other.
    return (-round(one.worth, 9), one.finish_at.timestamp(), one.agent)


def in_words(grounds: Sequence[Ground]) -> str:
    """The sentences one after another, each said once."""
    return " ".join(dict.fromkeys(one.text for one in grounds))
