"""The sentences an offline agent can say: one function for each sort of fact, each naming what it rests on.

There is no sentence here without evidence, and no figure that does not come from what is passed in.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from folkmoot.skills import Reason
from folkmoot.tasks.calendar import Plan
from folkmoot.tasks.situation import Brief, Situation
from folkmoot.tasks.talk import Argument, Ground, GroundKind

_HOUR: Final = 3600.0


def moment(at: datetime) -> str:
    """`Mon 5 Jan 09:00`, in UTC."""
    at = at.astimezone(UTC)
    return f"{at:%a} {at.day} {at:%b %H:%M}"


def hours(amount: float) -> str:
    """`4 h`, `2.5 h`."""
    return f"{round(amount, 1):g} h"


def hours_between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds() / _HOUR


def ability(reason: Reason, agent_id: str) -> Ground:
    """What the estimator found, as the agent says it."""
    count = len(reason.evidence)
    weight = min(1.0, max(-1.0, reason.weight))
    match reason.kind:
        case "similar":
            said = "I have done work much like this." if count < 2 else f"I have done {count} pieces of such work."  # noqa: PLR2004  # the grammatical number
            return Ground(
                kind=GroundKind.SIMILAR, text=said, quote=reason.detail, evidence=reason.evidence, weight=weight
            )
        case "words":
            said = f"Its subject is mine: I wrote of it {_times(count)}."
            return Ground(
                kind=GroundKind.WORDS, text=said, quote=reason.detail, evidence=reason.evidence, weight=weight
            )
        case "paths":
            said = f"I worked on that part {_times(count)}."
            return Ground(
                kind=GroundKind.PATHS, text=said, quote=reason.detail, evidence=reason.evidence, weight=weight
            )
        case "recency":
            said = "I have been at work on such things lately."
            return Ground(
                kind=GroundKind.RECENCY, text=said, quote=reason.detail, evidence=reason.evidence, weight=weight
            )
        case "declared":
            said = f"I am declared able: {reason.detail}."
            evidence = reason.evidence or (f"agent:{agent_id}/capabilities",)
            return Ground(kind=GroundKind.DECLARED, text=said, evidence=evidence, weight=weight)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def nothing_known(agent_id: str) -> Ground:
    return Ground(
        kind=GroundKind.DECLARED,
        text="Nothing I wrote or did, and nothing declared of me, speaks for this task.",
        evidence=(f"agent:{agent_id}/capabilities",),
    )


def others_fit_better(agent_id: str, probability: float, asked: int) -> Ground:
    return Ground(
        kind=GroundKind.SIMILAR,
        text=f"My share of what speaks for somebody here is {probability:.1%}, with {asked} asked: others fit better.",
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
    places = f" of {me.places}" if me.places is not None else ""
    busy = " and am marked busy" if me.availability == "busy" else ""
    return Ground(
        kind=GroundKind.WORKLOAD,
        text=f"I hold {len(me.held)}{places} tasks with {hours(held)} left{busy}.",
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
    said = f"That leaves {hours(slack)} to the deadline." if slack >= 0 else f"That is {hours(-slack)} too late."
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
        text=f"I can show nothing for {_and(skills)}.",
        evidence=(f"agent:{agent_id}/capabilities",),
    )


def compared(mine: Argument, other: Argument, brief: Brief, heard_in: str) -> tuple[Ground, ...]:
    """What tells two agents apart, said by the first; `heard_in` is the message in which the second spoke."""
    evidence = (heard_in,)
    said: list[str] = []
    if mine.at_risk or other.at_risk:
        said.append(_risk(mine, other))
    if brief.deadline is not None and (mine.late_hours > 0 or other.late_hours > 0):
        said.append(
            f"{other.agent} would be {_late(other.late_hours)}, and I {_late(mine.late_hours)}."
            if mine.late_hours != other.late_hours
            else f"Neither of us is in time: both are {_late(mine.late_hours)}."
        )
    elif mine.finish_at != other.finish_at:
        said.append(f"{other.agent} would be done {moment(other.finish_at)}, and I {moment(mine.finish_at)}.")
    if abs(mine.load - other.load) > 0.1:  # noqa: PLR2004  # below a tenth nobody would mention it
        said.append(f"{other.agent}'s places are {other.load:.0%} taken, and mine {mine.load:.0%}.")
    said.append(f"{other.agent}'s fit is {other.fit:.2f}, and mine {mine.fit:.2f}.")
    return tuple(Ground(kind=GroundKind.PEER, text=one, evidence=evidence) for one in said)


def concession(toward: str, heard_in: str) -> Ground:
    return Ground(
        kind=GroundKind.PEER, text=f"By all that, {toward} should have it.", evidence=(heard_in,), weight=-1.0
    )


def claim(over: Sequence[str], heard_in: Sequence[str], *, was_behind: bool) -> Ground:
    start = "I was behind, but after what I heard I am the better one than" if was_behind else "I hold my claim before"
    return Ground(kind=GroundKind.PEER, text=f"{start} {_and(over)}.", evidence=tuple(heard_in), weight=1.0)


def yielded(gave_way: Mapping[str, str]) -> Ground:
    """`gave_way`: who stepped back, and in which message."""
    names = sorted(gave_way)
    return Ground(
        kind=GroundKind.PEER,
        text=f"{_and(names)} left it to me, so I take it.",
        evidence=tuple(gave_way[name] for name in names),
        weight=1.0,
    )


def ahead(bids_of: Sequence[str], task_id: str) -> Ground:
    """An opening by the answers of the consultation alone."""
    return Ground(
        kind=GroundKind.PEER,
        text="By the answers to the manager I am ahead.",
        evidence=tuple(f"{task_id}/consultation/{agent}" for agent in bids_of),
    )


def behind(leader: str, task_id: str) -> Ground:
    return Ground(
        kind=GroundKind.PEER,
        text=f"By the answers to the manager {leader} is ahead.",
        evidence=(f"{task_id}/consultation/{leader}",),
    )


def share_wanted(helper: str, skills: Sequence[str], heard_in: str) -> Ground:
    return Ground(
        kind=GroundKind.SKILL,
        text=f"I would own it and ask {helper} for {_and(skills)}, for which I can show nothing.",
        evidence=(heard_in,),
    )


def share_agreed(helper: str, skills: Sequence[str], heard_in: str) -> Ground:
    return Ground(
        kind=GroundKind.PEER,
        text=f"I own it, and {helper} helps me with {_and(skills)}.",
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
        text=f"I help with {_and(skills)}.",
        evidence=evidence or (f"agent:{agent_id}/capabilities",),
    )


def _risk(mine: Argument, other: Argument) -> str:
    if mine.at_risk and not other.at_risk:
        return f"It would make {_tasks(mine.at_risk)} of mine late, and none of {other.agent}'s."
    if other.at_risk and not mine.at_risk:
        return f"It would make {_tasks(other.at_risk)} of {other.agent}'s late, and none of mine."
    return f"It would make {_tasks(mine.at_risk)} of mine late, and {_tasks(other.at_risk)} of {other.agent}'s."


def _tasks(task_ids: Sequence[str]) -> str:
    return "1 task" if len(task_ids) == 1 else f"{len(task_ids)} tasks"


def _late(late_hours: float) -> str:
    return f"{hours(late_hours)} late" if late_hours > 0 else "in time"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
