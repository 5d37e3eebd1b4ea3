"""The sentences an offline agent can say: one function for each sort of fact, each naming what it rests on.

There is no sentence here without evidence, and no figure that does not come from what is passed in.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from folkmoot.skills import Reason
from folkmoot.skills.model import ReasonKind
from folkmoot.tasks.calendar import Plan
from folkmoot.tasks.situation import Brief, Inquiry, Situation
from folkmoot.tasks.talk import Argument, Ground, GroundKind

_HOUR: Final = 3600.0
_TWO_DAYS: Final = 48.0
_ENOUGH: Final = 3  # texts that speak of a skill: fewer may have named it by chance
_SKILL_WEIGHT: Final = 0.3


def moment(at: datetime) -> str:
    """`Mon 5 Jan 09:00`, in UTC."""
    at = at.astimezone(UTC)
    return f"{at:%a} {at.day} {at:%b %H:%M}"


def hours(amount: float) -> str:
    """`4 h`, `2.5 h`."""
    return f"{round(amount, 1):g} h"


def span(amount: float) -> str:
    """A stretch of time in hours, or in days where that is easier to grasp: `5 h`, `26 days`."""
    return hours(amount) if amount < _TWO_DAYS else f"{amount / 24:.0f} days"


def hours_between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds() / _HOUR


def abilities(reasons: Sequence[Reason], agent_id: str, times: Mapping[str, datetime]) -> list[Ground]:
    """What the estimator found, as the agent says it: one sentence for each sort of fact, the weightiest first.

    `times`: when the pieces of evidence were written or done, as far as that is known.
    """
    by_kind: dict[ReasonKind, list[Reason]] = {}
    for one in reasons:
        by_kind.setdefault(one.kind, []).append(one)
    found = [_ability(kind, ones, agent_id, times) for kind, ones in by_kind.items()]
    # To have been busy lately says least about this task, whatever it weighs.
    return sorted(found, key=lambda one: (one.kind is GroundKind.RECENCY, -one.weight))


def _ability(kind: ReasonKind, reasons: Sequence[Reason], agent_id: str, times: Mapping[str, datetime]) -> Ground:
    evidence = tuple(dict.fromkeys(id_ for one in reasons for id_ in one.evidence))
    weight = max(-1.0, min(1.0, sum(one.weight for one in reasons)))
    if kind == "declared":
        names = listed(tuple(dict.fromkeys(one.detail for one in reasons)))
        declared = evidence or (f"agent:{agent_id}/capabilities",)
        return Ground(kind=GroundKind.DECLARED, text=f"I am declared able: {names}.", evidence=declared, weight=weight)
    several, single = _SHOWN[kind]
    said = single if len(evidence) == 1 else several.format(len(evidence))
    when = _when(evidence, times)
    return Ground(kind=GroundKind(kind), text=f"{said}{when}.", evidence=evidence, weight=weight)


# Each with several pieces of evidence, and with one.
_SHOWN: Final[Mapping[ReasonKind, tuple[str, str]]] = MappingProxyType(
    {
        "similar": ("I can point to {} pieces of work like this", "I can point to one piece of work like this"),
        "words": ("{} texts of mine speak of the same things", "One text of mine speaks of the same things"),
        "paths": ("I can point to {} changes of mine in that part", "I can point to one change of mine in that part"),
        "recency": ("{} of the team's latest texts are mine", "One of the team's latest texts is mine"),
    }
)


def _when(evidence: Sequence[str], times: Mapping[str, datetime]) -> str:
    known = [times[one] for one in evidence if one in times]
    if not known:
        return ""
    last = f"{max(known).astimezone(UTC):%B %Y}"
    return f", from {last}" if len(evidence) == 1 else f", the latest from {last}"


def brings(skill: str, reasons: Sequence[Reason], agent_id: str, times: Mapping[str, datetime]) -> tuple[Ground, ...]:
    """What an agent can show for one skill; nothing if that is too little to promise help with it."""
    shown = [one for one in reasons if one.kind != "recency"]
    declared = any(one.kind == "declared" for one in shown)
    evidence = tuple(dict.fromkeys(id_ for one in shown for id_ in one.evidence))
    if len(evidence) >= _ENOUGH:
        said = f"I bring {skill}: I can point to {len(evidence)} texts of mine{_when(evidence, times)}."
    elif declared:
        said = f"I bring {skill}, as is declared of me."
        evidence = (f"agent:{agent_id}/capabilities", *evidence)
    else:
        return ()
    return (Ground(kind=GroundKind.SKILL, text=said, evidence=evidence, weight=_SKILL_WEIGHT),)


def nothing_known(agent_id: str) -> Ground:
    return Ground(
        kind=GroundKind.DECLARED,
        text="Nothing I wrote or did, and nothing declared of me, speaks for this task.",
        evidence=(f"agent:{agent_id}/capabilities",),
    )


def others_fit_better(agent_id: str, probability: float, asked: int) -> Ground:
    return Ground(
        kind=GroundKind.SIMILAR,
        text=f"Too little speaks for me: {probability:.1%} of what speaks for anybody, with {asked} asked.",
        evidence=(f"agent:{agent_id}/capabilities",),
    )


def absent(me: Situation) -> Ground:
    until = f" until {moment(me.until)}" if me.until else ""
    return Ground(
        kind=GroundKind.CALENDAR,
        text=f"I am {me.availability}{until}.",
        evidence=(f"agent:{me.agent_id}/availability",),
    )


def no_place(me: Situation) -> Ground:
    return Ground(
        kind=GroundKind.WORKLOAD,
        text=f"All my {me.places} places are taken.",
        evidence=(*(one.task_id for one in me.held), f"agent:{me.agent_id}/max_capacity"),
    )


def workload(me: Situation) -> Ground:
    held = sum(one.hours for one in me.held)
    noun = "task" if (me.places or len(me.held)) == 1 else "tasks"
    places = f" of {me.places}" if me.places is not None else ""
    busy = " and am marked busy" if me.availability == "busy" else ""
    return Ground(
        kind=GroundKind.WORKLOAD,
        text=f"I hold {len(me.held)}{places} {noun} with {hours(held)} left{busy}.",
        evidence=(*(one.task_id for one in me.held), f"agent:{me.agent_id}/max_capacity"),
    )


def schedule(me: Situation, planned: Plan) -> Ground:
    return Ground(
        kind=GroundKind.CALENDAR,
        text=f"I can start {moment(planned.start)} and be done {moment(planned.finish)}.",
        evidence=planned.before or (f"agent:{me.agent_id}/availability",),
    )


def in_time(brief: Brief, finish: datetime) -> Ground:
    assert brief.deadline is not None
    slack = hours_between(finish, brief.deadline)
    said = f"That leaves {span(slack)} to the deadline." if slack >= 0 else f"That is {span(-slack)} too late."
    return Ground(kind=GroundKind.DEADLINE, text=said, evidence=(f"{brief.task_id}/deadline",))


def at_risk(task_ids: Sequence[str]) -> Ground:
    what = "a task of mine" if len(task_ids) == 1 else f"{len(task_ids)} tasks of mine"
    return Ground(
        kind=GroundKind.DEADLINE, text=f"To take it would make {what} miss the deadline.", evidence=tuple(task_ids)
    )


def did_before(task_ids: Sequence[str]) -> Ground:
    return Ground(
        kind=GroundKind.CONTINUITY, text="It builds on what I did before.", evidence=tuple(task_ids), weight=0.2
    )


def lacks(agent_id: str, skills: Sequence[str]) -> Ground:
    return Ground(
        kind=GroundKind.SKILL,
        text=f"I can show nothing for {listed(skills)}.",
        evidence=(f"agent:{agent_id}/capabilities",),
    )


def compared(mine: Argument, other: Argument, inquiry: Inquiry, heard_in: str) -> tuple[Ground, ...]:
    """What tells two agents apart, said by the first; `heard_in` is the message in which the second spoke."""
    brief, name = inquiry.brief, inquiry.called(other.agent)
    evidence = (heard_in,)
    said: list[str] = []
    if mine.at_risk or other.at_risk:
        said.append(_risk(mine, other, name))
    if brief.deadline is not None and (mine.late_hours > 0 or other.late_hours > 0):
        said.append(
            f"{name} would be {_late(other.late_hours)}, and I {_late(mine.late_hours)}."
            if mine.late_hours != other.late_hours
            else f"Neither of us is in time: both are {_late(mine.late_hours)}."
        )
    elif mine.finish_at != other.finish_at:
        said.append(f"{name} would be done {moment(other.finish_at)}, and I {moment(mine.finish_at)}.")
    if abs(mine.load - other.load) > 0.1:  # noqa: PLR2004  # below a tenth nobody would mention it
        said.append(f"{name}'s places are {other.load:.0%} taken, and mine {mine.load:.0%}.")
    said.append(f"{name} fits by {other.fit:.0%}, and I by {mine.fit:.0%}.")
    return tuple(Ground(kind=GroundKind.PEER, text=one, evidence=evidence) for one in said)


def concession(toward: str, heard_in: str) -> Ground:
    return Ground(
        kind=GroundKind.PEER, text=f"By all that, {toward} should have it.", evidence=(heard_in,), weight=-1.0
    )


def claim(over: Sequence[str], heard_in: Sequence[str], *, was_behind: bool) -> Ground:
    start = "I was behind, but after what I heard I am the better one than" if was_behind else "I hold my claim before"
    return Ground(kind=GroundKind.PEER, text=f"{start} {listed(over)}.", evidence=tuple(heard_in), weight=1.0)


def yielded(gave_way: Mapping[str, str], inquiry: Inquiry) -> Ground:
    """`gave_way`: who stepped back, and in which message."""
    agents = sorted(gave_way)
    return Ground(
        kind=GroundKind.PEER,
        text=f"{listed([inquiry.called(one) for one in agents])} left it to me, so I take it.",
        evidence=tuple(gave_way[one] for one in agents),
        weight=1.0,
    )


def ahead(bids_of: Sequence[str], task_id: str) -> Ground:
    """An opening by the answers of the consultation alone."""
    return Ground(
        kind=GroundKind.PEER,
        text="By the answers to the manager I am ahead.",
        evidence=tuple(f"{task_id}/consultation/{agent}" for agent in bids_of),
    )


def behind(leader: str, inquiry: Inquiry) -> Ground:
    return Ground(
        kind=GroundKind.PEER,
        text=f"By the answers to the manager {inquiry.called(leader)} is ahead.",
        evidence=(f"{inquiry.brief.task_id}/consultation/{leader}",),
    )


def share_wanted(helper: str, skills: Sequence[str], heard_in: str) -> Ground:
    return Ground(
        kind=GroundKind.SKILL,
        text=f"I would own it and ask {helper} for {listed(skills)}, for which I can show nothing.",
        evidence=(heard_in,),
    )


def share_agreed(helper: str, skills: Sequence[str], heard_in: str) -> Ground:
    return Ground(
        kind=GroundKind.PEER,
        text=f"I own it, and {helper} helps me with {listed(skills)}.",
        evidence=(heard_in,),
        weight=1.0,
    )


def alone_after_all(helper: str, heard_in: str) -> Ground:
    return Ground(
        kind=GroundKind.PEER, text=f"{helper} cannot help, so I take it alone.", evidence=(heard_in,), weight=0.5
    )


def share_accepted(skills: Sequence[str], grounds: Sequence[Ground], agent_id: str) -> Ground:
    evidence = tuple(dict.fromkeys(one for ground in grounds for one in ground.evidence))
    return Ground(
        kind=GroundKind.SKILL,
        text=f"I help with {listed(skills)}.",
        evidence=evidence or (f"agent:{agent_id}/capabilities",),
    )


def _risk(mine: Argument, other: Argument, name: str) -> str:
    if mine.at_risk and not other.at_risk:
        return f"It would make {_tasks(mine.at_risk)} of mine late, and none of {name}'s."
    if other.at_risk and not mine.at_risk:
        return f"It would make {_tasks(other.at_risk)} of {name}'s late, and none of mine."
    return f"It would make {_tasks(mine.at_risk)} of mine late, and {_tasks(other.at_risk)} of {name}'s."


def _tasks(task_ids: Sequence[str]) -> str:
    return "1 task" if len(task_ids) == 1 else f"{len(task_ids)} tasks"


def _late(late_hours: float) -> str:
    return f"{span(late_hours)} late" if late_hours > 0 else "in time"


def listed(names: Sequence[str], *, last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
