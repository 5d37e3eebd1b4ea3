"""Where people bring tasks and hear what became of them: the one object that the faces call.

Each verb is one transaction, in which the task, the owner's workload, the outcome and the event change together; what
follows from it (a run is launched, the estimator learns) is made good at the next start if the process dies between.
"""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, Protocol

from folkmoot.events import EventLog
from folkmoot.kernel import Clock, new_id
from folkmoot.storage import Database
from folkmoot.tasks import events, store
from folkmoot.tasks.distribute import RUN_NAME
from folkmoot.tasks.errors import BadTableError, NotYoursError, UnknownDependencyError
from folkmoot.tasks.hand import Change, Hand
from folkmoot.tasks.model import NewTask, Sight, Task, TaskState
from folkmoot.tasks.order import creation_order
from folkmoot.tasks.outcomes import Outcomes
from folkmoot.tasks.quotations import Quotations
from folkmoot.tasks.table import Edit, edit_of, read_rows, row_of
from folkmoot.tasks.talk import Negotiation
from folkmoot.tasks.views import TaskReport
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.tasks")
_KEYS: Final = uuid.UUID("3d1f6a9e-5a0e-5f0b-8a56-0c1f6d1f6b7a")
_UNSETTLED: Final = (TaskState.PENDING, TaskState.CONSULTING, TaskState.NEGOTIATING)


class Launcher(Protocol):
    """What of `folkmoot.runs.RunEngine` is needed here."""

    async def launch(self, name: str, run_id: str, input: Any = None) -> str:  # noqa: A002  # the engine's word
        """Accept a run; the same id again is the same run."""
        ...


class TaskDesk:
    """Takes tasks in, has them shared out, and follows them to their end."""

    def __init__(
        self,
        *,
        database: Database,
        log: EventLog,
        clock: Clock,
        engine: Launcher,
        hand: Hand,
        outcomes: Outcomes,
        quotations: Quotations,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._engine = engine
        self._hand = hand
        self._outcomes = outcomes
        self._quotations = quotations

    async def resume(self) -> int:
        """Share out whatever an earlier process left unsettled; after the engine has started. How many tasks."""
        async with self._database.read() as session:
            left, _ = await store.select_tasks(session, statuses=_UNSETTLED)
        launched = [task for task in left if await self._launch(task)]
        return len(launched)

    async def create(
        self, new: NewTask, *, key: str | None = None, created_by: str | None = None, sight: Sight | None = None
    ) -> Task:
        """Store a task and have it shared out, as soon as what it depends on is completed.

        The same `key` again is the same task. It can depend on what is in `sight`.
        Raises `UnknownDependencyError`; then nothing was stored.
        """
        task_id = f"task_{uuid.uuid5(_KEYS, key).hex}" if key else new_id("task")
        async with self._database.write() as session:
            if key and task_id in await store.known_statuses(session, [task_id]):
                return await store.find_task(session, task_id)
            task = await self._insert(session, new, task_id, created_by=created_by, sight=sight)
        await self._launch(task)
        return task

    async def create_all(
        self, drafts: Mapping[str, NewTask], *, created_by: str | None = None, sight: Sight | None = None
    ) -> dict[str, Task]:
        """Store several tasks at once, all or none. `dependencies` may name the keys of `drafts`.

        Raises `UnknownDependencyError`, or `CyclicDependencyError` for tasks that wait for each other.
        """
        order = creation_order(drafts)
        ids = {key: new_id("task") for key in order}
        made: dict[str, Task] = {}
        async with self._database.write() as session:
            for key in order:
                draft = drafts[key]
                needs = tuple(ids.get(one, one) for one in draft.dependencies)
                new = draft.model_copy(update={"dependencies": needs})
                made[key] = await self._insert(session, new, ids[key], created_by=created_by, sight=sight)
        for task in made.values():
            await self._launch(task)
        return {key: made[key] for key in drafts}

    async def find(self, task_id: str, *, sight: Sight | None = None) -> Task:
        """Raises `UnknownTaskError`, the same for a task out of `sight` (None: everything is in sight)."""
        async with self._database.read() as session:
            return await store.find_task(session, task_id, sight)

    async def seen(self, task_ids: Collection[str], sight: Sight | None) -> frozenset[str]:
        """Which of these tasks are there and in `sight`."""
        async with self._database.read() as session:
            return frozenset(await store.known_statuses(session, task_ids, sight))

    async def report(self, task_id: str, *, sight: Sight | None = None) -> TaskReport:
        """A task with all that was said about it, and the words of the evidence that may be shown now.

        Raises `UnknownTaskError`.
        """
        async with self._database.read() as session:
            task = await store.find_task(session, task_id, sight)
            answers = await store.select_consultations(session, task_id, task.attempt)
            rounds, verdict = await store.select_rounds(session, task_id, task.attempt)
        said, negotiation = await self._quotations.into(answers, Negotiation(rounds=tuple(rounds), outcome=verdict))
        return TaskReport(task=task, consultation=said, negotiation=negotiation)

    async def tasks(
        self,
        *,
        status: TaskState | None = None,
        agent: str | None = None,
        task_type: str | None = None,
        sight: Sight | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[Task], int]:
        """A page of tasks, the newest first, and how many fit in all."""
        async with self._database.read() as session:
            return await store.select_tasks(
                session,
                statuses=None if status is None else (status,),
                owner=agent,
                task_type=task_type,
                sight=sight,
                limit=limit,
                offset=offset,
                newest_first=True,
            )

    async def counts(self, *, sight: Sight | None = None) -> dict[TaskState, int]:
        """How many tasks are in each state."""
        async with self._database.read() as session:
            return await store.count_by_status(session, sight)

    async def in_hand(
        self, agent_ids: Collection[str] | None = None, *, sight: Sight | None = None
    ) -> dict[str, list[str]]:
        """The ids of the open tasks of each agent that has any."""
        async with self._database.read() as session:
            held = await store.select_open(session, agent_ids, sight)
        desks: dict[str, list[str]] = {}
        for task in held:
            desks.setdefault(task.owner or "", []).append(task.task_id)
        return desks

    async def wait(self, task_id: str, *, seconds: float) -> Task:
        """The task as soon as sharing it out has ended, or as it stands after `seconds`. Raises `UnknownTaskError`."""
        seen = await self._log.latest_id()
        task = await self.find(task_id)
        if task.settled or seconds <= 0:
            return task
        try:
            async with asyncio.timeout(seconds), aclosing(self._log.follow(after=seen, subject=task_id)) as follow:
                async for _ in follow:
                    task = await self.find(task_id)
                    if task.settled:
                        return task
        except TimeoutError:
            return await self.find(task_id)
        return task

    async def assign(self, task_id: str, agent_id: str, *, reasoning: str = "") -> Task:
        """Give a task to an agent by hand, whatever was negotiated; its places do not count then.

        Raises `UnknownTaskError`, `UnknownAssigneeError`, or `IllegalMoveError` for a task that has ended.
        """
        return await self._done(await self._hand.assign(task_id, agent_id, reasoning=reasoning))

    async def set_status(self, task_id: str, status: TaskState, *, progress: float | None = None) -> Task:
        """Begin, complete or cancel a task, or share an unassigned one out again (`pending`).

        Raises `UnknownTaskError`, `IllegalMoveError`.
        """
        return await self._done(await self._hand.set_status(task_id, status, progress=progress))

    async def decline(self, task_id: str, agent_id: str, *, reason: str = "") -> Task:
        """The owner gives a task back; it is shared out again without them.

        Raises `UnknownTaskError`, `NotTheOwnerError`, `IllegalMoveError`.
        """
        return await self._done(await self._hand.decline(task_id, agent_id, reason=reason))

    async def share_out_again(self, task_id: str) -> Task:
        """Take a task from its owner, or an unassigned one, and ask everybody anew.

        Raises `UnknownTaskError`, `IllegalMoveError`.
        """
        return await self._done(await self._hand.reopen(task_id))

    async def room_made(self, places: int = 1) -> int:
        """Somebody can take more, or is back: share out again what found no room or nobody present. How many tasks."""
        reopened = await self._hand.reopen_for_room(places)
        for task in reopened:
            await self._launch(task)
        return len(reopened)

    async def rows(self, *, sight: Sight | None = None) -> list[dict[str, Any]]:
        """All tasks as the rows of a table front end."""
        async with self._database.read() as session:
            found, _ = await store.select_tasks(session, sight=sight)
        return [row_of(task) for task in found]

    async def take_rows(self, table: Sequence[Any], *, sight: Sight | None = None) -> int:
        """Take over the edits in a table that came back, all or none; how many rows were edited.

        Rows that are missing stay as they are; whoever sees a part alone edits what they handed in. Raises
        `BadTableError`, `NotYoursError`, `UnknownAssigneeError`, `IllegalMoveError`.
        """
        rows = read_rows(table)
        async with self._database.read() as session:
            known = await store.select_by_number(session, [row.id for row in rows], sight)
        edits: list[Edit] = []
        for row in rows:
            if row.id not in known:
                raise BadTableError(f"there is no task in row {row.id}; add tasks by POST /api/tasks", row=row.id)
            edit = edit_of(row, known[row.id])
            if edit is None:
                continue
            if sight is not None and edit.task.created_by != sight.user_id:
                raise NotYoursError(f"row {row.id} was handed in by somebody else; they can edit it", row=row.id)
            edits.append(edit)
        if edits:
            for change in await self._hand.take_over(edits):
                await self._done(change)
        return len(edits)

    async def _insert(
        self,
        session: store.AsyncSession,
        new: NewTask,
        task_id: str,
        *,
        created_by: str | None = None,
        sight: Sight | None = None,
    ) -> Task:
        statuses = await store.known_statuses(session, new.dependencies, sight)
        for needs in new.dependencies:
            if needs not in statuses:
                raise UnknownDependencyError(f"there is no task '{needs}' to depend on", dependency=needs)
            if statuses[needs] is TaskState.CANCELLED:
                raise UnknownDependencyError(
                    f"task '{needs}' was cancelled; nothing can depend on it", dependency=needs
                )
        task = await store.insert_task(session, new, task_id=task_id, at=self._clock.now(), created_by=created_by)
        await self._log.record(session, events.TASK_CREATED, task_id, events.created(task))
        return task

    async def _launch(self, task: Task) -> bool:
        """Start the run of this attempt, unless the task must wait for others."""
        if task.dependencies:
            async with self._database.read() as session:
                statuses = await store.known_statuses(session, task.dependencies)
            if any(one is not TaskState.COMPLETED for one in statuses.values()):
                return False
        run_id = f"{task.task_id}:{task.attempt}"
        await self._engine.launch(RUN_NAME, run_id, {"task_id": task.task_id, "attempt": task.attempt})
        return True

    async def _done(self, change: Change) -> Task:
        """What follows from a change that is committed: learning, and runs of what may be shared out now."""
        self._outcomes.learn(change.evidence)
        for task in (change.task, *change.freed):
            if task.status is TaskState.PENDING:
                await self._launch(task)
        if change.places_freed:
            await self.room_made(change.places_freed)
        return change.task
