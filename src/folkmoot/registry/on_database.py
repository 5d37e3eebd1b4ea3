"""The registry on the rows of a database. What each method promises is said in `registry.py`.

A row has one `last_seen`, so an agent that two processes hold online goes offline when one of them lets it depart, and
comes back with the other's next heartbeat; counting replicas is for the registry on Redis, where there are some.
"""

import random
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing, nullcontext
from datetime import datetime, timedelta
from typing import Any

from folkmoot.events import EventLog, News
from folkmoot.kernel import Clock
from folkmoot.registry import change, events
from folkmoot.registry.count import stats_of
from folkmoot.registry.errors import agent_exists, unknown_agent
from folkmoot.registry.kept import as_record, presence
from folkmoot.registry.model import AgentInfo, AgentRecord, RegistryStats, Silence
from folkmoot.registry.permissions import Permissions, allows
from folkmoot.registry.registry import HEARTBEAT
from folkmoot.registry.select import filters_of, fits, in_turn
from folkmoot.registry.store import (
    Transaction,
    delete_agent,
    end_chosen_times,
    find_row,
    insert_agent,
    mark_absent,
    mark_active,
    mark_seen,
    need_row,
    select_rows,
    select_silenced,
)
from folkmoot.registry.tables import AgentRow
from folkmoot.storage import Database


class DatabaseRegistry:
    """See `Registry`. Each event is recorded in the transaction of the change it tells of.

    `chance` decides among agents that fit equally; a seeded one makes it repeatable.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        events: EventLog,
        heartbeat_interval: timedelta = HEARTBEAT,
        chance: random.Random | None = None,
    ) -> None:
        self.heartbeat_interval = heartbeat_interval
        self._database = database
        self._clock = clock
        self._events = events
        self._chance = chance or random.Random()
        self._permissions = Permissions(restricted=self._restricted, find=self._find, clock=clock)

    async def register(self, info: AgentInfo, *, new: bool = False, online: bool = True) -> AgentRecord:
        async with self._database.write() as session:
            row = await find_row(session, info.agent_id)
            if row is not None and new:
                raise agent_exists(info.agent_id)
            now = self._clock.now()
            if row is None:
                before = None
                row = await insert_agent(session, info, moment=now, online=online)
            else:
                before = self._record(row)
                change.redefine(row, info)
                if online:
                    row.present, row.last_seen = True, now
            after = self._record(row)
            await self._tell(session, events.change_news(before, after))
        self._permissions.forget()
        return after

    async def update(self, agent_id: str, changes: Mapping[str, Any]) -> AgentRecord:
        return await self._change(agent_id, lambda row: change.revise(row, changes))

    async def rename(self, agent_id: str, person_name: str) -> AgentRecord:
        return await self._change(agent_id, lambda row: change.rename(row, person_name))

    async def deregister(self, agent_id: str) -> None:
        async with self._database.write() as session:
            if not await delete_agent(session, agent_id):
                raise unknown_agent(agent_id)
            await self._tell(session, [events.gone_news(agent_id)])
        self._permissions.forget()

    async def heartbeat(self, agent_ids: Collection[str], *, active: Collection[str] = ()) -> set[str]:
        async with self._database.write() as session:
            now = self._clock.now()
            known, back = await mark_seen(session, agent_ids, now)
            if active:
                await mark_active(session, active, now)
            for row in back:
                row.present, row.last_seen = True, now
                await self._tell(session, [events.status_news(self._record(row))])
            return set(agent_ids) - known

    async def depart(self, agent_ids: Collection[str]) -> None:
        async with self._database.write() as session:
            for row in await mark_absent(session, agent_ids=agent_ids):
                await self._tell(session, [events.status_news(self._record(row))])

    async def get(self, agent_id: str) -> AgentRecord:
        found = await self._find(agent_id)
        if found is None:
            raise unknown_agent(agent_id)
        return found

    async def discover(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = False,
        type: str | None = None,  # noqa: A002  # the vocabulary's word
        viewer: str | None = None,
    ) -> list[AgentRecord]:
        looked = self._permissions.look()
        async with self._database.read() as session:
            # Texts are compared here: what is the same without case, no two databases agree on.
            records = [self._record(row) for row in await select_rows(session, type=type)]
        if type is None:
            self._permissions.learn(records, since=looked)
        asker = None if viewer is None else await self._permissions.asker(viewer)
        return [
            record
            for record in records
            if (not online_only or record.presence == "online")
            and fits(record, role=role, department=department, capability=capability, intent=intent)
            and (viewer is None or viewer == record.agent_id or allows(record.visible_to, viewer, asker))
        ]

    async def fitting(self, selector: str, *, sender: str | None = None) -> list[str]:
        filters = filters_of(selector)
        if filters is None:
            return []
        asker = None if sender is None else await self._permissions.asker(sender)
        now = self._clock.now()
        async with self._database.read() as session:
            rows = await select_rows(session)
        found = [
            row
            for row in rows
            if presence(row, now=now, silence=self.heartbeat_interval * 2) == "online"
            and fits(row, **filters)
            and (sender is None or sender == row.agent_id or allows(row.reachable_by, sender, asker))
        ]
        return in_turn(found, now=now, chance=self._chance)

    async def may_address(self, sender: str, recipient: str) -> bool:
        return await self._permissions.may_address(sender, recipient)

    async def set_availability(
        self, agent_id: str, availability: str, *, max_capacity: int | None = None, until: datetime | None = None
    ) -> AgentRecord:
        change.check_availability(agent_id, availability, max_capacity=max_capacity, until=until, now=self._clock.now())
        return await self._change(
            agent_id, lambda row: change.set_availability(row, availability, max_capacity=max_capacity, until=until)
        )

    async def silence(self, agent_id: str, *, reason: str, by: str) -> AgentRecord:
        return await self._set_silence(
            agent_id, change.silence_of(agent_id, reason=reason, by=by, now=self._clock.now())
        )

    async def unsilence(self, agent_id: str, *, by: str) -> AgentRecord:
        return await self._set_silence(agent_id, Silence(at=None, by=by, reason=""))

    async def silenced(self) -> frozenset[str]:
        async with self._database.read() as session:
            return await select_silenced(session)

    async def follow_silences(self) -> AsyncGenerator[frozenset[str], None]:
        types = (events.AGENT_SILENCED, events.AGENT_UNSILENCED, events.AGENT_DEREGISTERED)
        async with aclosing(self._events.follow(after=await self._events.latest_id(), types=types)) as told:
            yield await self.silenced()
            async for _ in told:
                yield await self.silenced()

    async def set_workload(self, agent_id: str, workload: int, *, session: Transaction | None = None) -> None:
        async with nullcontext(session) if session is not None else self._database.write() as own:
            row = await find_row(own, agent_id)
            if row is not None and change.set_workload(row, workload, now=self._clock.now()):
                await self._tell(own, [events.status_news(self._record(row))])

    async def get_registry_stats(self) -> RegistryStats:
        return stats_of(await self.discover())

    async def notice(self) -> list[AgentRecord]:
        now = self._clock.now()
        async with self._database.write() as session:
            changed = await mark_absent(session, silent_since=now - self.heartbeat_interval * 1.5)
            changed += [row for row in await end_chosen_times(session, now) if row not in changed]
            records = [self._record(row) for row in changed]
            await self._tell(session, [events.status_news(record) for record in records])
            return records

    async def _change(self, agent_id: str, act: Callable[[AgentRow], None]) -> AgentRecord:
        async with self._database.write() as session:
            row = await need_row(session, agent_id)
            before = self._record(row)
            act(row)
            after = self._record(row)
            await self._tell(session, events.change_news(before, after))
        self._permissions.forget()
        return after

    async def _set_silence(self, agent_id: str, silence: Silence) -> AgentRecord:
        async with self._database.write() as session:
            row = await need_row(session, agent_id)
            before = self._record(row)
            change.set_silence(row, silence)
            after = self._record(row)
            await self._tell(session, events.silence_news(before, after, silence))
            return after

    async def _find(self, agent_id: str) -> AgentRecord | None:
        async with self._database.read() as session:
            rows = await select_rows(session, agent_id=agent_id)
        return self._record(rows[0]) if rows else None

    async def _restricted(self) -> list[AgentRecord]:
        async with self._database.read() as session:
            return [self._record(row) for row in await select_rows(session, restricted=True)]

    async def _tell(self, session: Transaction, news: list[News]) -> None:
        for one in news:
            await self._events.record(session, one.type, one.subject, one.data, at=one.at)

    def _record(self, row: AgentRow) -> AgentRecord:
        return as_record(row, now=self._clock.now(), silence=self.heartbeat_interval * 2)
