"""Workloads as the registry has them, held against the tasks that are in hand.

Where both lie in one database they are the same. A registry elsewhere is told after the commit, and may have been told
nothing by a process that died, or have lost what it knew: this sets it right.
"""

from folkmoot.storage import Database
from folkmoot.tasks import store
from folkmoot.tasks.roster import Roster


class Recount:
    """Looks at every agent that takes work."""

    def __init__(self, *, database: Database, roster: Roster) -> None:
        self._database = database
        self._roster = roster

    async def recount(self) -> int:
        """Correct whose workload is not what they have in hand; how many that were."""
        async with self._database.read() as session:
            counts = await store.count_open_by_owner(session)
        workers = await self._roster.workers()
        wrong = [one.agent_id for one in workers if one.open_tasks != counts.get(one.agent_id, 0)]
        if wrong:
            async with self._database.write() as session:
                await store.lock_places(session, wrong)
                for agent_id in wrong:
                    await self._roster.set_workload(session, agent_id, await store.count_open(session, agent_id))
        return len(wrong)
