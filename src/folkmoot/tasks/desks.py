"""What is on an agent's desk: the registry's word on it, and the tasks it holds."""

from dataclasses import dataclass

from folkmoot.storage import Database
from folkmoot.tasks import store
from folkmoot.tasks.calendar import OFFICE_HOURS, ROUND_THE_CLOCK, Held
from folkmoot.tasks.roster import Roster
from folkmoot.tasks.situation import Brief, Situation


@dataclass(frozen=True, kw_only=True)
class Desks:
    """See `Situations`. People keep office hours; an agent that stands for nobody works round the clock."""

    database: Database
    roster: Roster

    async def of(self, agent_id: str, brief: Brief) -> Situation:
        worker = await self.roster.worker(agent_id)
        async with self.database.read() as session:
            held = await store.select_open(session, [agent_id])
            did = await store.owners_of(session, brief.dependencies) if brief.dependencies else {}
        if worker is None:
            return Situation(agent_id=agent_id, availability="offline")
        return Situation(
            agent_id=agent_id,
            availability=worker.availability,
            until=worker.until,
            places=worker.places,
            held=tuple(Held.of(task) for task in held if task.task_id != brief.task_id),
            did_before=tuple(sorted(task_id for task_id, owner in did.items() if owner == agent_id)),
            week=OFFICE_HOURS if worker.person else ROUND_THE_CLOCK,
        )


class EmptyDesks:
    """Everybody is there and has room for any number of tasks: how a history is replayed."""

    async def of(self, agent_id: str, brief: Brief) -> Situation:  # noqa: ARG002  # see `Situations`
        return Situation(agent_id=agent_id, week=ROUND_THE_CLOCK)
