"""What people do to a task by hand: give it, begin it, complete it, cancel it, decline it, share it out again.

Each verb is one transaction and answers a `Change`: what is to follow from it once it is committed. The states and
their legal moves are in `model.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.skills import Evidence
from folkmoot.storage import Database
from folkmoot.tasks import events, store
from folkmoot.tasks.errors import IllegalMoveError, NotTheOwnerError, UnknownAssigneeError
from folkmoot.tasks.model import OPEN, Assignment, Shortfall, Task, TaskState, check_move
from folkmoot.tasks.outcomes import Ending, Outcomes
from folkmoot.tasks.roster import Roster, Worker
from folkmoot.tasks.table import Edit

_BY_DISTRIBUTION: Final = frozenset({TaskState.CONSULTING, TaskState.NEGOTIATING, TaskState.UNASSIGNED})
_ROOM_WANTED: Final = frozenset({"capacity", "presence", "answers"})


@dataclass(frozen=True, kw_only=True)
class Change:
    """A committed change. `freed`: tasks that waited for this one; `places_freed`: places it left at an owner's."""

    task: Task
    evidence: tuple[Evidence, ...] = ()
    freed: tuple[Task, ...] = ()
    places_freed: int = 0


@dataclass(frozen=True, kw_only=True)
class Hand:
    """The verbs."""

    database: Database
    log: EventLog
    clock: Clock
    roster: Roster
    outcomes: Outcomes

    async def assign(self, task_id: str, agent_id: str, *, reasoning: str = "") -> Change:
        """See `TaskDesk.assign`."""
        worker = await self._worker(agent_id)
        async with self.database.write() as session:
            await store.lock_places(session, [agent_id])
            task = await store.lock_task(session, task_id)
            return await self._assign(session, task, worker, reasoning)

    async def set_status(self, task_id: str, status: TaskState, *, progress: float | None = None) -> Change:
        """See `TaskDesk.set_status`."""
        if status is TaskState.PENDING:
            async with self.database.write() as session:
                task = await store.lock_task(session, task_id)
                if task.status is not TaskState.UNASSIGNED:
                    return await self._same_or_refuse(task, status)
                return await self._reopen(session, task)
        workers = {one.agent_id: one for one in await self.roster.workers()}
        async with self.database.write() as session:
            task = await store.lock_task(session, task_id)
            return await self._move(session, task, status, workers, progress=progress)

    async def decline(self, task_id: str, agent_id: str, *, reason: str = "") -> Change:
        """See `TaskDesk.decline`."""
        worker = await self._worker(agent_id)
        async with self.database.write() as session:
            task = await store.lock_task(session, task_id)
            if task.owner != agent_id or task.status not in OPEN:
                raise NotTheOwnerError(
                    f"task {task_id} is not in the hands of {agent_id}, so {agent_id} cannot decline it",
                    task_id=task_id,
                    owner=task.owner,
                )
            evidence = await self.outcomes.keep(
                session,
                task,
                agent_id=agent_id,
                person=worker.subject,
                ending=Ending.DECLINED,
                at=self.clock.now(),
            )
            declined = tuple(dict.fromkeys([*task.declined_by, agent_id]))
            change = await self._reopen(session, task.model_copy(update={"declined_by": declined}), because=reason)
            return Change(task=change.task, evidence=(evidence,), places_freed=change.places_freed)

    async def reopen(self, task_id: str) -> Change:
        """See `TaskDesk.share_out_again`."""
        async with self.database.write() as session:
            return await self._reopen(session, await store.lock_task(session, task_id))

    async def reopen_for_room(self, places: int) -> list[Task]:
        """Reopen as many tasks that found no room as there is room now, the most urgent first."""
        async with self.database.write() as session:
            waiting, _ = await store.select_tasks(session, statuses=[TaskState.UNASSIGNED])
            wanting = [one for one in waiting if one.shortfall and one.shortfall.for_want_of in _ROOM_WANTED]
            wanting.sort(key=lambda one: (-one.priority, one.number))
            return [(await self._reopen(session, one)).task for one in wanting[:places]]

    async def take_over(self, edits: Sequence[Edit]) -> list[Change]:
        """Make the edits of a table, all or none."""
        workers = {one.agent_id: one for one in await self.roster.workers()}
        for edit in edits:
            if edit.owner is not None and edit.owner not in workers:
                raise _unknown(edit.owner)
        changes: list[Change] = []
        async with self.database.write() as session:
            await store.lock_places(session, [edit.owner for edit in edits if edit.owner])
            for edit in edits:
                task = await store.lock_task(session, edit.task.task_id)
                if edit.fields:
                    edited = task.model_copy(update=dict(edit.fields))
                    task = await store.save_task(session, edited, at=self.clock.now())
                    await self._tell(session, task, before=task.status)
                change = Change(task=task)
                if edit.owner is not None:
                    change = await self._assign(session, task, workers[edit.owner], "Chosen in the table.")
                    changes.append(change)
                if edit.status is not None:
                    change = await self._move(session, change.task, edit.status, workers)
                changes.append(change)
        return changes

    async def _assign(self, session: store.AsyncSession, task: Task, worker: Worker, reasoning: str) -> Change:
        before = task.assignment.owner if task.assignment and task.status in OPEN else None
        if before == worker.agent_id and task.status is TaskState.ASSIGNED and not reasoning:
            return Change(task=task)
        check_move(task.task_id, task.status, TaskState.ASSIGNED)
        now = self.clock.now()
        assignment = Assignment(
            owner=worker.agent_id, reasoning=reasoning.strip() or "Assigned by hand; no reason was given.", by="hand"
        )
        changed = task.model_copy(
            update={
                "status": TaskState.ASSIGNED,
                "assignment": assignment,
                "shortfall": None,
                "declined_by": tuple(one for one in task.declined_by if one != worker.agent_id),
            }
        )
        kept = await store.save_task(session, changed, at=now)
        await self.log.record(session, events.TASK_ASSIGNED, task.task_id, events.assigned(kept, assignment))
        await self._count(session, worker.agent_id, *([before] if before else []))
        evidence = await self.outcomes.keep(
            session, kept, agent_id=worker.agent_id, person=worker.subject, ending=Ending.CHOSEN, at=now
        )
        return Change(task=kept, evidence=(evidence,), places_freed=int(before not in {None, worker.agent_id}))

    async def _move(
        self,
        session: store.AsyncSession,
        task: Task,
        status: TaskState,
        workers: dict[str, Worker],
        *,
        progress: float | None = None,
    ) -> Change:
        if task.status is status and progress is None:
            return Change(task=task)
        if status in _BY_DISTRIBUTION or (status is TaskState.ASSIGNED and task.status is not status):
            return await self._same_or_refuse(task, status)
        if task.status is not status:
            check_move(task.task_id, task.status, status)
        now = self.clock.now()
        done = status is TaskState.COMPLETED
        changed = task.model_copy(
            update={
                "status": status,
                "progress": 1.0 if done else task.progress if progress is None else progress,
                "completed_at": now if done else task.completed_at,
            }
        )
        kept = await store.save_task(session, changed, at=now)
        await self._tell(session, kept, before=task.status)
        if kept.status in OPEN or task.status not in OPEN:
            if status is TaskState.CANCELLED:
                await self._cancel_waiting(session, kept)
            return Change(task=kept)
        return await self._ended(session, kept, workers)

    async def _ended(self, session: store.AsyncSession, task: Task, workers: dict[str, Worker]) -> Change:
        owner = task.owner or ""
        await self._count(session, owner)
        if task.status is TaskState.CANCELLED:
            await self._cancel_waiting(session, task)
            return Change(task=task, places_freed=1)
        worker = workers.get(owner)
        evidence = [
            await self.outcomes.keep(
                session,
                task,
                agent_id=owner,
                person=worker.subject if worker else owner,
                ending=Ending.COMPLETED,
                at=self.clock.now(),
            )
        ]
        waiting = [await store.find_task(session, one) for one in await store.select_waiting_for(session, task.task_id)]
        return Change(task=task, evidence=tuple(evidence), freed=tuple(waiting), places_freed=1)

    async def _cancel_waiting(self, session: store.AsyncSession, task: Task) -> None:
        """What waits for a cancelled task, directly or through others, will never begin by itself: say so."""
        reached = [(one, "") for one in await store.select_waiting_for(session, task.task_id)]
        for task_id, through in reached:  # grows while it is gone through; nothing can wait for itself
            waiting = await store.lock_task(session, task_id)
            if waiting.status is not TaskState.PENDING:
                continue
            why = f"It waits for {through or f'{task.task_id} ({task.title})'}, which "
            why += f"waits for {task.task_id} ({task.title}); that was cancelled." if through else "was cancelled."
            shortfall = Shortfall(
                reasons=(why,), would_help=("Assign it by hand, or cancel it too.",), for_want_of="dependency"
            )
            changed = waiting.model_copy(update={"status": TaskState.UNASSIGNED, "shortfall": shortfall})
            kept = await store.save_task(session, changed, at=self.clock.now())
            await self.log.record(session, events.TASK_UNASSIGNED, task_id, events.unassigned(kept))
            further = await store.select_waiting_for(session, task_id)
            reached += [(one, f"{task_id} ({waiting.title})") for one in further]

    async def _reopen(self, session: store.AsyncSession, task: Task, *, because: str = "") -> Change:
        check_move(task.task_id, task.status, TaskState.PENDING)
        owner = task.owner if task.status in OPEN else None
        changed = task.model_copy(
            update={
                "status": TaskState.PENDING,
                "assignment": None,
                "shortfall": None,
                "attempt": task.attempt + 1,
                "progress": 0.0,
            }
        )
        kept = await store.save_task(session, changed, at=self.clock.now())
        data = events.status(kept, str(task.status)) | ({"reason": because, "declined_by": owner} if because else {})
        await self.log.record(session, events.TASK_STATUS, task.task_id, data)
        if owner:
            await self._count(session, owner)
        return Change(task=kept, places_freed=int(owner is not None))

    async def _count(self, session: store.AsyncSession, *agent_ids: str) -> None:
        for agent_id in agent_ids:
            await self.roster.set_workload(session, agent_id, await store.count_open(session, agent_id))

    async def _tell(self, session: store.AsyncSession, task: Task, *, before: TaskState) -> None:
        await self.log.record(session, events.TASK_STATUS, task.task_id, events.status(task, str(before)))

    async def _same_or_refuse(self, task: Task, status: TaskState) -> Change:
        if task.status is status:
            return Change(task=task)
        raise IllegalMoveError(
            f"task {task.task_id} is {task.status} and cannot be made {status} by hand; "
            "use in_progress, completed or cancelled, or assign it",
            task_id=task.task_id,
            status=task.status,
            wanted=status,
        )

    async def _worker(self, agent_id: str) -> Worker:
        worker = await self.roster.worker(agent_id)
        if worker is None:
            raise _unknown(agent_id)
        return worker


def _unknown(agent_id: str) -> UnknownAssigneeError:
    return UnknownAssigneeError(
        f"no agent that takes work is called '{agent_id}'; GET /api/agents/directory lists them", agent_id=agent_id
    )
