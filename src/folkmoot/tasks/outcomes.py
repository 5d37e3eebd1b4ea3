"""What became of tasks, and learning from it.

An outcome is a row first, in the transaction of the change it comes from; the estimator learns of it afterwards, in
the background, and again from the rows at every start. A completed task speaks for whoever did it, a person's choice
speaks for the chosen a little, and a decline speaks against.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from folkmoot.consent import person_key
from folkmoot.kernel import FolkmootError
from folkmoot.skills import Evidence
from folkmoot.skills.estimates import Estimates
from folkmoot.storage import Database
from folkmoot.tasks import store
from folkmoot.tasks.model import Task
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.tasks")


class Ending(StrEnum):
    """What became of a task in an agent's hands."""

    COMPLETED = "completed"
    CHOSEN = "chosen"  # a person gave it to them
    DECLINED = "declined"


WEIGHTS: Final[Mapping[Ending, float]] = MappingProxyType(
    {Ending.COMPLETED: 1.0, Ending.CHOSEN: 0.3, Ending.DECLINED: -1.0}
)


def evidence_of(task: Task, *, agent_id: str, person: str, ending: Ending, at: datetime) -> Evidence:
    """An outcome in the estimator's words."""
    said = [task.description, task.task_type, *task.required_skills]
    return Evidence(
        id=outcome_id(task.task_id, agent_id, ending),
        person=person,
        title=task.title,
        text="\n".join(one for one in said if one),
        at=at,
        kind="task",
        weight=WEIGHTS[ending],
    )


def outcome_id(task_id: str, agent_id: str, ending: Ending) -> str:
    return f"{task_id}/{ending}/{agent_id}"[:200]


class Outcomes:
    """Keeps outcomes and lets the estimator learn from them, one batch at a time."""

    def __init__(self, *, database: Database, estimates: Estimates) -> None:
        self._database = database
        self._estimates = estimates
        self._waiting: list[Evidence] = []
        self._learning: asyncio.Task[None] | None = None

    async def keep(
        self, session: store.AsyncSession, task: Task, *, agent_id: str, person: str, ending: Ending, at: datetime
    ) -> Evidence:
        """Write the outcome in the caller's transaction; give what is returned to `learn` after the commit."""
        await store.add_outcome(
            session,
            outcome_id=outcome_id(task.task_id, agent_id, ending),
            task_id=task.task_id,
            agent_id=agent_id,
            person=person,
            kind=str(ending),
            hours=task.estimated_hours,
            at=at,
        )
        return evidence_of(task, agent_id=agent_id, person=person, ending=ending, at=at)

    def learn(self, evidence: Sequence[Evidence]) -> None:
        """Learn in the background; what comes in meanwhile is learned together."""
        self._waiting.extend(evidence)
        if self._waiting and (self._learning is None or self._learning.done()):
            self._learning = asyncio.create_task(self._learn(), name="tasks-learn")

    async def learned(self) -> None:
        """Return when everything that came in so far is learned."""
        if self._learning is not None:
            await asyncio.shield(self._learning)

    async def known(self) -> list[Evidence]:
        """Every outcome there is: what an estimator is to learn at the start, beside the texts."""
        async with self._database.read() as session:
            rows = await store.select_outcomes(session)
        return [
            evidence_of(task, agent_id=row.agent_id, person=row.person, ending=Ending(row.kind), at=row.at)
            for row, task in rows
        ]

    async def forget(self, *, agent_id: str, person: str) -> int:
        """Delete every outcome, answer and argument of an agent and its person; how many rows.

        The estimator is told by whoever forgets the person's texts.
        """
        subject = person_key(person) if person else agent_id
        self._waiting = [one for one in self._waiting if one.person not in {subject, agent_id}]
        async with self._database.write() as session:
            return await store.delete_said_by(session, agent_id, subject)

    async def _learn(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._estimates.learn(batch)
            except FolkmootError as error:
                _log.warning("outcomes could not be learned", count=len(batch), error=error.message)
