"""What is read from and written to the rows of tasks; every function works within the caller's session.

State is changed by reading a task under lock (`lock_task`), making the new value, and `save_task`. Whoever gives a
task to an agent locks the agent's places first (`lock_places`), so that two tasks cannot take the same free place.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Column, Select, Table, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from folkmoot.tasks.calendar import Held
from folkmoot.tasks.errors import UnknownTaskError
from folkmoot.tasks.model import OPEN, NewTask, Sight, Task, TaskState
from folkmoot.tasks.tables import (
    ConsultationRow,
    OutcomeRow,
    TaskDependencyRow,
    TaskRow,
    UtteranceRow,
    VerdictRow,
)
from folkmoot.tasks.talk import Consultation, Position, Quotation, Round, Utterance, Verdict

__all__ = ["AsyncSession"]  # the acts of this room name the session they hand through

_ANSWERS: Final = cast(Table, ConsultationRow.__table__)
_MESSAGES: Final = cast(Table, UtteranceRow.__table__)
_TASKS: Final = cast(Table, TaskRow.__table__)
_COLUMNS: Final = (
    *("title", "description", "task_type", "priority", "estimated_hours", "deadline", "status", "owner"),
    *("attempt", "progress", "version", "updated_at", "completed_at"),
)
_Query = TypeVar("_Query", bound=Select[*tuple[Any, ...]])
_DETAILS: Final = ("required_skills", "dependencies", "metadata", "assignment", "shortfall", "declined_by")


async def insert_task(
    session: AsyncSession, new: NewTask, *, task_id: str, at: datetime, created_by: str | None = None
) -> Task:
    """Store a new task; its dependencies must exist."""
    task = Task(**new.model_dump(), task_id=task_id, created_by=created_by, number=0, created_at=at, updated_at=at)
    row = TaskRow(task_id=task_id, created_at=at, created_by=created_by, **_values(task))
    session.add(row)
    await session.flush()
    session.add_all(TaskDependencyRow(task_id=task_id, needs=needs) for needs in dict.fromkeys(new.dependencies))
    await session.flush()
    return task.model_copy(update={"number": row.number})


async def find_task(session: AsyncSession, task_id: str, sight: Sight | None = None) -> Task:
    """Raises `UnknownTaskError`, the same for a task out of `sight`."""
    return _task(await _row(session, _within(select(TaskRow).where(TaskRow.task_id == task_id), sight), task_id))


async def lock_task(session: AsyncSession, task_id: str) -> Task:
    """The task, which nobody else can change until the transaction ends. Raises `UnknownTaskError`."""
    return _task(await _row(session, select(TaskRow).where(TaskRow.task_id == task_id).with_for_update(), task_id))


async def save_task(session: AsyncSession, task: Task, *, at: datetime) -> Task:
    """Write a changed task; counts its version up."""
    kept = task.model_copy(update={"version": task.version + 1, "updated_at": at})
    await session.execute(update(TaskRow).where(TaskRow.task_id == task.task_id).values(**_values(kept)))
    return kept


async def select_tasks(
    session: AsyncSession,
    *,
    statuses: Collection[TaskState] | None = None,
    owner: str | None = None,
    task_type: str | None = None,
    sight: Sight | None = None,
    limit: int | None = None,
    offset: int = 0,
    newest_first: bool = False,
) -> tuple[list[Task], int]:
    """A page of tasks in the order of their arrival (or against it), and how many there are in all."""
    query = _within(select(TaskRow), sight)
    if statuses is not None:
        query = query.where(TaskRow.status.in_([str(one) for one in statuses]))
    if owner is not None:
        query = query.where(TaskRow.owner == owner)
    if task_type is not None:
        query = query.where(TaskRow.task_type == task_type)
    total = (await session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    order = TaskRow.number.desc() if newest_first else TaskRow.number
    rows = await session.scalars(query.order_by(order).limit(limit).offset(offset))
    return [_task(row) for row in rows], total


async def select_by_number(
    session: AsyncSession, numbers: Collection[int], sight: Sight | None = None
) -> dict[int, Task]:
    """Tasks by their number, under lock."""
    rows = await session.scalars(_within(select(TaskRow).where(TaskRow.number.in_(numbers)), sight).with_for_update())
    return {row.number: _task(row) for row in rows}


async def count_by_status(session: AsyncSession, sight: Sight | None = None) -> dict[TaskState, int]:
    """How many tasks are in each state; states without a task are there with 0."""
    rows = await session.execute(_within(select(TaskRow.status, func.count()), sight).group_by(TaskRow.status))
    found = {TaskState(status): count for status, count in rows}
    return {state: found.get(state, 0) for state in TaskState}


async def select_desks(session: AsyncSession) -> list[tuple[str, Held]]:
    """What every owner has in hand, in the order of arrival: without the words of the tasks, and much cheaper."""
    columns = (_TASKS.c.owner, _TASKS.c.task_id, _TASKS.c.estimated_hours, _TASKS.c.progress)
    query = select(*columns, _TASKS.c.priority, _TASKS.c.deadline).where(
        _TASKS.c.status.in_([str(state) for state in OPEN])
    )
    rows = await session.execute(query.order_by(_TASKS.c.number))
    return [
        (owner or "", Held(task_id=task_id, hours=hours * (1 - progress), priority=priority, deadline=deadline))
        for owner, task_id, hours, progress, priority, deadline in rows
    ]


async def select_open(
    session: AsyncSession, agent_ids: Collection[str] | None = None, sight: Sight | None = None
) -> list[Task]:
    """Tasks that are in somebody's hands; only those of these owners, if given."""
    query = _within(select(TaskRow), sight).where(TaskRow.status.in_([str(state) for state in OPEN]))
    if agent_ids is not None:
        query = query.where(TaskRow.owner.in_(agent_ids))
    return [_task(row) for row in await session.scalars(query.order_by(TaskRow.number))]


async def count_open(session: AsyncSession, agent_id: str, *, except_task: str = "") -> int:
    """How many of an agent's places are taken, not counting `except_task`."""
    query = select(func.count()).where(
        TaskRow.owner == agent_id,
        TaskRow.status.in_([str(state) for state in OPEN]),
        TaskRow.task_id != except_task,
    )
    return (await session.execute(query)).scalar_one()


async def count_open_by_owner(session: AsyncSession) -> dict[str, int]:
    """How many places of each agent are taken; only those who have a task."""
    query = select(TaskRow.owner, func.count()).where(TaskRow.status.in_([str(state) for state in OPEN]))
    rows = await session.execute(query.group_by(TaskRow.owner))
    return {owner: count for owner, count in rows if owner is not None}


async def lock_places(session: AsyncSession, agent_ids: Iterable[str]) -> None:
    """Let nobody else give work to these agents until the transaction ends. On SQLite the one writer sees to that."""
    if session.get_bind().dialect.name == "postgresql":
        for agent_id in sorted(set(agent_ids)):  # in one order, so that two transactions cannot wait for each other
            await session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"places:{agent_id}"})


async def known_statuses(
    session: AsyncSession, task_ids: Collection[str], sight: Sight | None = None
) -> dict[str, TaskState]:
    """The state of each of these tasks that exists."""
    query = select(TaskRow.task_id, TaskRow.status).where(TaskRow.task_id.in_(task_ids))
    rows = await session.execute(_within(query, sight))
    return {task_id: TaskState(status) for task_id, status in rows}


async def owners_of(session: AsyncSession, task_ids: Collection[str]) -> dict[str, str]:
    """Who has, or had when it was completed, each of these tasks."""
    rows = await session.execute(select(TaskRow.task_id, TaskRow.owner).where(TaskRow.task_id.in_(task_ids)))
    return {task_id: owner for task_id, owner in rows if owner is not None}


async def select_waiting_for(session: AsyncSession, task_id: str) -> list[str]:
    """Ids of the tasks that depend on this one."""
    query = select(TaskDependencyRow.task_id).where(TaskDependencyRow.needs == task_id)
    return list(await session.scalars(query.order_by(TaskDependencyRow.task_id)))


async def add_consultations(
    session: AsyncSession, answers: Sequence[tuple[str, int, Consultation]], *, at: datetime
) -> set[tuple[str, int, str]]:
    """Keep agents' answers `(task id, attempt, answer)`; those that were new, by task id, attempt and agent."""
    rows = [
        {"task_id": task_id, "attempt": attempt, "agent_id": one.agent, "answer": one.as_json(), "at": at}
        for task_id, attempt, one in answers
    ]
    columns = _ANSWERS.c
    found = await _insert_new(session, _ANSWERS, rows, columns.task_id, columns.attempt, columns.agent_id)
    return {(task_id, attempt, agent_id) for task_id, attempt, agent_id in found}


async def select_consultations(session: AsyncSession, task_id: str, attempt: int) -> list[Consultation]:
    """The answers of one attempt, the most confident first."""
    query = select(ConsultationRow.answer).where(ConsultationRow.task_id == task_id, ConsultationRow.attempt == attempt)
    found = [Consultation.model_validate(answer) for answer in await session.scalars(query)]
    return sorted(found, key=lambda one: (one.can_do is not True, one.can_do is None, -one.confidence, one.agent))


async def add_utterances(session: AsyncSession, messages: Sequence[tuple[str, int, Utterance]]) -> set[str]:
    """Keep messages of a negotiation `(task id, attempt, message)`; the ids of those that were new."""
    rows = [
        {
            "task_id": task_id,
            "attempt": attempt,
            "round": one.round,
            "message_id": one.message_id,
            "speaker": one.speaker,
            "said": one.as_json(),
        }
        for task_id, attempt, one in messages
    ]
    found = await _insert_new(session, _MESSAGES, rows, _MESSAGES.c.message_id)
    return {row[0] for row in found}


async def add_verdict(
    session: AsyncSession,
    task_id: str,
    attempt: int,
    verdict: Verdict,
    positions: Mapping[int, Sequence[Position]],
    *,
    at: datetime,
) -> bool:
    """Keep the referee's decision with the positions of each round; False if it was there already."""
    kept = {str(number): [one.as_json() for one in round_] for number, round_ in positions.items()}
    values = {"task_id": task_id, "attempt": attempt, "verdict": verdict.as_json(), "positions": kept, "at": at}
    return await _insert_once(session, VerdictRow, values)


async def select_rounds(session: AsyncSession, task_id: str, attempt: int) -> tuple[list[Round], Verdict | None]:
    """The transcript of one attempt, and the decision if there is one."""
    said = await session.execute(
        select(UtteranceRow.round, UtteranceRow.said)
        .where(UtteranceRow.task_id == task_id, UtteranceRow.attempt == attempt)
        .order_by(UtteranceRow.id)
    )
    messages: dict[int, list[Utterance]] = {}
    for number, one in said:
        messages.setdefault(number, []).append(Utterance.model_validate(one))
    verdict = (
        await session.scalars(select(VerdictRow).where(VerdictRow.task_id == task_id, VerdictRow.attempt == attempt))
    ).one_or_none()
    stood = {int(number): ones for number, ones in verdict.positions.items()} if verdict else {}
    rounds = [
        Round(
            number=number,
            messages=tuple(messages.get(number, ())),
            positions=tuple(Position.model_validate(one) for one in stood.get(number, ())),
        )
        for number in sorted({*messages, *stood})
    ]
    return rounds, Verdict.model_validate(verdict.verdict) if verdict else None


async def add_outcome(session: AsyncSession, **values: Any) -> bool:
    """Keep what became of a task in an agent's hands; False if that was known."""
    return await _insert_once(session, OutcomeRow, values)


async def select_outcomes(session: AsyncSession) -> list[tuple[OutcomeRow, Task]]:
    """Every outcome with its task, the oldest first."""
    query = select(OutcomeRow, TaskRow).join(TaskRow, TaskRow.task_id == OutcomeRow.task_id)
    found = await session.execute(query.order_by(OutcomeRow.at, OutcomeRow.outcome_id))
    return [(outcome, _task(row)) for outcome, row in found]


async def select_outcome_titles(
    session: AsyncSession, outcome_ids: Collection[str], *, person: str | None = None
) -> dict[str, Quotation]:
    """The titles of the tasks that these outcomes are of; with `person` only of that person's."""
    query = select(OutcomeRow.outcome_id, TaskRow.title, OutcomeRow.at).join(
        TaskRow, TaskRow.task_id == OutcomeRow.task_id
    )
    query = query.where(OutcomeRow.outcome_id.in_(outcome_ids))
    if person is not None:
        query = query.where(OutcomeRow.person == person)
    return {id_: Quotation(id=id_, text=title, at=at) for id_, title, at in await session.execute(query)}


async def delete_said_by(session: AsyncSession, agent_id: str, person: str) -> int:
    """Delete every outcome, answer and message of an agent and its person; how many rows."""
    count = 0
    for statement in (
        delete(OutcomeRow).where((OutcomeRow.agent_id == agent_id) | (OutcomeRow.person == person)),
        delete(ConsultationRow).where(ConsultationRow.agent_id == agent_id),
        delete(UtteranceRow).where(UtteranceRow.speaker == agent_id),
    ):
        count += (await session.execute(statement)).rowcount  # type: ignore[attr-defined]  # a delete has a cursor result
    return count


def _within(query: _Query, sight: Sight | None) -> _Query:
    """Only what is in sight: handed in by them, in the hands of an agent of theirs, or that agent was asked about."""
    if sight is None:
        return query
    theirs = TaskRow.created_by == sight.user_id
    if not sight.agent_ids:
        return query.where(theirs)
    asked = select(ConsultationRow.task_id).where(ConsultationRow.agent_id.in_(sight.agent_ids))
    return query.where(theirs | TaskRow.owner.in_(sight.agent_ids) | TaskRow.task_id.in_(asked))


async def _insert_new(
    session: AsyncSession, table: Table, rows: Sequence[dict[str, Any]], *returned: Column[Any]
) -> Sequence[Any]:
    """Insert in one statement what is not there yet; these columns of what was new."""
    if not rows:
        return ()
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing().returning(*returned)
    return (await session.execute(statement, rows)).all()


async def _insert_once(session: AsyncSession, table: type[Any], values: dict[str, Any]) -> bool:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing()
    result = await session.execute(statement)
    return bool(result.rowcount)  # type: ignore[attr-defined]  # an insert has a cursor result


async def _row(session: AsyncSession, query: Select[TaskRow], task_id: str) -> TaskRow:
    row = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise UnknownTaskError(f"there is no task '{task_id}'", task_id=task_id)
    return row


def _values(task: Task) -> dict[str, Any]:
    known = task.model_dump(mode="json", include=set(_DETAILS))
    values: dict[str, Any] = {name: getattr(task, name) for name in _COLUMNS}
    return {**values, "status": str(task.status), "details": known}


def _task(row: TaskRow) -> Task:
    values = {name: getattr(row, name) for name in _COLUMNS if name != "owner"}
    return Task.model_validate(
        {
            **values,
            **row.details,
            "task_id": row.task_id,
            "created_by": row.created_by,
            "number": row.number,
            "created_at": row.created_at,
        }
    )
