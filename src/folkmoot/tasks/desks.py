"""What is on an agent's desk: the registry's word on it, and the tasks it holds."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from folkmoot.storage import Database
from folkmoot.tasks import store
from folkmoot.tasks.calendar import OFFICE_HOURS, ROUND_THE_CLOCK, Held
from folkmoot.tasks.roster import Roster, Worker
from folkmoot.tasks.situation import Brief, Situation

FRESH: Final = timedelta(milliseconds=50)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """All desks at one moment."""

    workers: dict[str, Worker]
    held: dict[str, tuple[Held, ...]]

    def is_free(self, agent_id: str) -> bool:
        """Whether an agent is there, available, and takes one more task."""
        worker = self.workers.get(agent_id)
        if worker is None or worker.availability != "available":
            return False
        return worker.places is None or len(self.held.get(agent_id, ())) < worker.places


class Desks:
    """See `Situations`. People keep office hours; an agent that stands for nobody works round the clock.

    Many agents look at once while many tasks are shared out, so one look serves all within `fresh`. That nobody is
    free is never said from an older look: they may have come since, or have made a place, and are asked for that.
    Whether a place is really free is decided by the award, in its transaction.
    """

    def __init__(self, *, database: Database, roster: Roster, fresh: timedelta = FRESH) -> None:
        self._database = database
        self._roster = roster
        self._fresh = fresh.total_seconds()
        self._look: asyncio.Task[_Look] | None = None
        self._looked = 0.0

    async def of(self, agent_id: str, brief: Brief) -> Situation:
        asked = time.monotonic()
        look = await self._recent(asked - self._fresh)
        if not look.is_free(agent_id):
            look = await self._recent(asked)
        worker = look.workers.get(agent_id)
        if worker is None:
            return Situation(agent_id=agent_id, availability="offline")
        did: dict[str, str] = {}
        if brief.dependencies:
            async with self._database.read() as session:
                did = await store.owners_of(session, brief.dependencies)
        return Situation(
            agent_id=agent_id,
            availability=worker.availability,
            until=worker.until,
            places=worker.places,
            held=tuple(one for one in look.held.get(agent_id, ()) if one.task_id != brief.task_id),
            did_before=tuple(sorted(task_id for task_id, owner in did.items() if owner == agent_id)),
            week=OFFICE_HOURS if worker.person else ROUND_THE_CLOCK,
        )

    async def _recent(self, since: float) -> _Look:
        """A look that began after that moment."""
        if self._look is None or self._looked < since:
            self._looked = time.monotonic()
            self._look = asyncio.create_task(self._all(), name="tasks-desks")
        try:
            # One who stops waiting must not take the look away from the others.
            return await asyncio.shield(self._look)
        except Exception:
            self._look = None
            raise

    async def _all(self) -> _Look:
        workers = {one.agent_id: one for one in await self._roster.workers()}
        async with self._database.read() as session:
            taken = await store.select_desks(session)
        held: dict[str, list[Held]] = {}
        for owner, one in taken:
            held.setdefault(owner, []).append(one)
        return _Look(workers=workers, held={agent_id: tuple(ones) for agent_id, ones in held.items()})


class EmptyDesks:
    """Everybody is there and has room for any number of tasks: how a history is replayed."""

    async def of(self, agent_id: str, brief: Brief) -> Situation:  # noqa: ARG002  # see `Situations`
        return Situation(agent_id=agent_id, week=ROUND_THE_CLOCK)
