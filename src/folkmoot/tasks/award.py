"""The award: one transaction in which the task, its owner's places and the events change together, or not at all.

Whoever is first in the verdict and still has a free place gets the task. A place can have been taken since the agent
answered, by another task or by hand; then the next in the verdict is tried, and the reasoning says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.storage import Database
from folkmoot.tasks import events, store
from folkmoot.tasks.model import Assignment, Shortfall, Task, TaskState, check_move
from folkmoot.tasks.roster import Roster
from folkmoot.tasks.sentences import listed
from folkmoot.tasks.talk import Consultation, Verdict


@dataclass(frozen=True, kw_only=True)
class Award:
    """Gives a task to whom the verdict names."""

    database: Database
    log: EventLog
    clock: Clock
    roster: Roster

    async def give(self, task_id: str, attempt: int, verdict: Verdict) -> Task:
        """The task as it stands afterwards: assigned, or unchanged if no place is free or the attempt was overtaken."""
        workers = {one.agent_id: one for one in await self.roster.workers()}
        full: list[str] = []
        async with self.database.write() as session:
            await store.lock_places(session, verdict.ranking)
            task = await store.lock_task(session, task_id)
            if overtaken(task, attempt):
                return task
            for agent_id in verdict.ranking:
                worker = workers.get(agent_id)
                if worker is None:
                    continue
                taken = await store.count_open(session, agent_id, except_task=task_id)
                if worker.places is not None and taken >= worker.places:
                    full.append(agent_id)
                    continue
                names = {one.agent_id: one.name or one.agent_id for one in workers.values()}
                return await self._assign(session, task, _assignment(verdict, agent_id, full, names))
        return task

    async def give_up(self, task_id: str, attempt: int, shortfall: Shortfall) -> Task:
        """Leave the task unassigned, with reasons; unchanged if the attempt was overtaken."""
        async with self.database.write() as session:
            task = await store.lock_task(session, task_id)
            if overtaken(task, attempt):
                return task
            check_move(task_id, task.status, TaskState.UNASSIGNED)
            changed = task.model_copy(
                update={"status": TaskState.UNASSIGNED, "shortfall": shortfall, "assignment": None}
            )
            kept = await store.save_task(session, changed, at=self.clock.now())
            await self.log.record(session, events.TASK_UNASSIGNED, task_id, events.unassigned(kept))
            return kept

    async def _assign(self, session: store.AsyncSession, task: Task, assignment: Assignment) -> Task:
        check_move(task.task_id, task.status, TaskState.ASSIGNED)
        changed = task.model_copy(
            update={"status": TaskState.ASSIGNED, "assignment": assignment, "shortfall": None, "progress": 0.0}
        )
        kept = await store.save_task(session, changed, at=self.clock.now())
        await self.log.record(session, events.TASK_ASSIGNED, task.task_id, events.assigned(kept, assignment))
        taken = await store.count_open(session, assignment.owner)
        await self.roster.set_workload(session, assignment.owner, taken)
        return kept


def overtaken(task: Task, attempt: int) -> bool:
    """Whether somebody else settled the task meanwhile: given by hand, cancelled, or shared out anew."""
    return task.attempt != attempt or task.settled


def _assignment(verdict: Verdict, owner: str, full: Sequence[str], names: Mapping[str, str]) -> Assignment:
    if not full:
        return Assignment(owner=owner, helpers=verdict.helpers, reasoning=verdict.reasoning)
    reasoning = (
        f"{listed([names[one] for one in full])} came first, but had no place left when it was awarded; "
        f"{names[owner]} is the next best. "
        f"Before that: {verdict.reasoning}"
    )
    return Assignment(owner=owner, helpers=tuple(one for one in verdict.helpers if one != owner), reasoning=reasoning)


def shortfall_of(
    answers: Sequence[Consultation], task: Task, names: Mapping[str, str] = MappingProxyType({})
) -> Shortfall:
    """Why nobody takes a task, in the agents' own words, and what would help; `names`: of the agents, by id."""
    required, called = task.required_skills, dict(names)

    def name(agent_id: str) -> str:
        return called.get(agent_id, agent_id)

    reasons = [f"{name(one.agent)} {one.abstained}." for one in answers if one.abstained]
    reasons += [f"{name(one.agent)}: {one.message}" for one in answers if one.can_do is False]
    reasons += [f"{name(one)} declined it." for one in task.declined_by]
    kinds = {name(one.agent): {ground.kind.value for ground in one.concerns} for one in answers if one.can_do is False}
    full = sorted(name for name, found in kinds.items() if "workload" in found)
    away = sorted(name for name, found in kinds.items() if "calendar" in found)
    silent = sorted(name(one.agent) for one in answers if one.abstained)
    missing = tuple(one for one in required if not any(one in answer.covers for answer in answers))
    help_: list[str] = []
    if full:
        help_.append(f"Raise the capacity of {listed(full, last='or')}, or complete a task of theirs.")
    if away:
        help_.append(f"Wait for {listed(away, last='or')}, or make them available.")
    if silent:
        help_.append(f"See to {listed(silent)}: without an answer they cannot be given work.")
    if missing:
        help_.append(f"Nobody brings {listed(missing)}: add somebody who does, or declare it as a capability.")
    if not help_:
        help_.append("Add an agent whose work or declared capabilities speak for such a task, or assign it by hand.")
    if not answers:
        reasons.append("There is nobody who takes work.")
    want = "capacity" if full else "presence" if away else "answers" if silent else "ability"
    return Shortfall(reasons=tuple(reasons), would_help=tuple(help_), missing_skills=missing, for_want_of=want)


def no_place_left(verdict: Verdict, names: Mapping[str, str] = MappingProxyType({})) -> Shortfall:
    """All who could do it lost their last place to other tasks meanwhile."""
    called = [names.get(one, one) for one in verdict.ranking]
    return Shortfall(
        reasons=(f"{listed(called)} could do it, but had no place left when it was to be awarded.",),
        would_help=(f"Raise the capacity of {listed(called, last='or')}, or complete a task of theirs.",),
        for_want_of="capacity",
    )
