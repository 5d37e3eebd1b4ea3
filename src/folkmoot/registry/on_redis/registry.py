"""The registry on Redis. What each method promises is said in `folkmoot.registry.registry`.

Times are the clock's of whoever writes them; hosts that share a registry keep theirs within a fraction of a heartbeat.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any, Final

from folkmoot.events import News
from folkmoot.kernel import Clock, new_id
from folkmoot.link import Keys, Link
from folkmoot.registry import change, events
from folkmoot.registry.count import stats_of
from folkmoot.registry.errors import agent_exists, unknown_agent
from folkmoot.registry.kept import as_record, presence
from folkmoot.registry.model import AgentInfo, AgentRecord, RegistryStats, Silence
from folkmoot.registry.on_redis.entry import Entry, new_entry
from folkmoot.registry.on_redis.shelf import AT_ONCE, Found, Shelf
from folkmoot.registry.on_redis.workloads import Workloads
from folkmoot.registry.permissions import Permissions, allows
from folkmoot.registry.registry import HEARTBEAT
from folkmoot.registry.select import filters_of, in_turn
from folkmoot.registry.store import Transaction
from folkmoot.storage import on_commit

LOOK_SECONDS: Final = 0.5
Telling = Callable[[AgentRecord, AgentRecord], list[News]]


class RedisRegistry:
    """See `Registry`. Each event goes into a stream in the step that makes the change; servers read it into the log.

    `replica` names this process among those that host the same agents; `chance` decides among agents that fit equally.
    """

    def __init__(
        self,
        *,
        link: Link,
        keys: Keys,
        clock: Clock,
        heartbeat_interval: timedelta = HEARTBEAT,
        replica: str | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.heartbeat_interval = heartbeat_interval
        self._clock = clock
        self._chance = chance or random.Random()
        self._shelf = Shelf(link=link, keys=keys, replica=replica or new_id())
        self._permissions = Permissions(restricted=self._restricted, find=self._find, clock=clock)
        self._workloads = Workloads(self._write_workload)

    async def close(self, *, patience: timedelta = timedelta(seconds=5)) -> None:
        """Write the workloads that wait for it, as far as Redis takes them in time."""
        await asyncio.wait({asyncio.ensure_future(self._workloads.written())}, timeout=patience.total_seconds())

    async def register(self, info: AgentInfo, *, new: bool = False, online: bool = True) -> AgentRecord:
        while True:
            found = await self._shelf.find_one(info.agent_id)
            if found is not None and new:
                raise agent_exists(info.agent_id)
            now = self._clock.now()
            if found is None:
                before, entry = None, new_entry(info, now=now)
            else:
                before, entry = self._record(found.entry), copy(found.entry)
                change.redefine(entry, info)
            if online:
                entry.present, entry.last_seen = True, now
            after = self._record(entry)
            if await self._shelf.keep(
                info.agent_id, found, entry, events.change_news(before, after), now=now, heartbeat=online
            ):
                self._permissions.forget()
                return after

    async def update(self, agent_id: str, changes: Mapping[str, Any]) -> AgentRecord:
        return await self._change(agent_id, lambda entry: change.revise(entry, changes))

    async def rename(self, agent_id: str, person_name: str) -> AgentRecord:
        return await self._change(agent_id, lambda entry: change.rename(entry, person_name))

    async def deregister(self, agent_id: str) -> None:
        while True:
            found = await self._shelf.find_one(agent_id)
            if found is None:
                raise unknown_agent(agent_id)
            if await self._shelf.keep(agent_id, found, None, [events.gone_news(agent_id)], now=self._clock.now()):
                self._permissions.forget()
                return

    async def heartbeat(self, agent_ids: Collection[str], *, active: Collection[str] = ()) -> set[str]:
        now = self._clock.now()
        living, unknown, back = list(agent_ids), set[str](), list[str]()
        for start in range(0, len(living), AT_ONCE):  # a script that takes long would hold up everybody
            part = living[start : start + AT_ONCE]
            strangers, risen = await self._shelf.beat(part, set(active), now=now, gone_since=now - self._silence)
            unknown |= strangers
            back += risen
        if back:
            news = []
            for found in await self._shelf.find_ids(back):
                found.entry.present, found.entry.last_seen = True, now
                news.append(events.status_news(self._record(found.entry)))
            await self._shelf.arrive(news, now=now)
        return unknown

    async def depart(self, agent_ids: Collection[str]) -> None:
        now = self._clock.now()
        news = []
        for found in await self._shelf.find_ids(list(agent_ids)) if agent_ids else []:
            found.entry.present = False
            news.append(events.status_news(self._record(found.entry)))
        if news:
            await self._shelf.depart(news, now=now, gone_since=now - self._silence)

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
        wanted = {"role": role, "department": department, "capability": capability, "intent": intent}
        sets = [f"{kind}:{name.casefold()}" for kind, name in wanted.items() if name is not None]
        if type is not None:
            sets.append(f"type:{type}")
        heard_after = self._clock.now() - self._silence if online_only else None
        records = [self._record(found.entry) for found in await self._shelf.find(sets, heard_after=heard_after)]
        if online_only:
            records = [one for one in records if one.presence == "online"]
        if viewer is not None:
            asker = await self._permissions.asker(viewer)
            records = [one for one in records if viewer == one.agent_id or allows(one.visible_to, viewer, asker)]
        return sorted(records, key=lambda one: one.agent_id)

    async def fitting(self, selector: str, *, sender: str | None = None) -> list[str]:
        filters = filters_of(selector)
        if filters is None:
            return []
        asker = None if sender is None else await self._permissions.asker(sender)
        now = self._clock.now()
        sets = [f"{kind}:{name.casefold()}" for kind, name in filters.items()]
        entries = [found.entry for found in await self._shelf.find(sets, heard_after=now - self._silence)]
        willing = [
            entry
            for entry in entries
            if presence(entry, now=now, silence=self._silence) == "online"
            and (sender is None or sender == entry.agent_id or allows(entry.reachable_by, sender, asker))
        ]
        return in_turn(willing, now=now, chance=self._chance)

    async def may_address(self, sender: str, recipient: str) -> bool:
        return await self._permissions.may_address(sender, recipient)

    async def set_availability(
        self, agent_id: str, availability: str, *, max_capacity: int | None = None, until: datetime | None = None
    ) -> AgentRecord:
        change.check_availability(agent_id, availability, max_capacity=max_capacity, until=until, now=self._clock.now())
        return await self._change(
            agent_id, lambda entry: change.set_availability(entry, availability, max_capacity=max_capacity, until=until)
        )

    async def silence(self, agent_id: str, *, reason: str, by: str) -> AgentRecord:
        return await self._set_silence(
            agent_id, change.silence_of(agent_id, reason=reason, by=by, now=self._clock.now())
        )

    async def unsilence(self, agent_id: str, *, by: str) -> AgentRecord:
        return await self._set_silence(agent_id, Silence(at=None, by=by, reason=""))

    async def silenced(self) -> frozenset[str]:
        return await self._shelf.members("is:silenced")

    async def follow_silences(self) -> AsyncGenerator[frozenset[str], None]:
        known: frozenset[str] | None = None
        while True:
            silenced = await self.silenced()
            if silenced != known:
                known = silenced
                yield silenced
            await asyncio.sleep(LOOK_SECONDS)

    async def set_workload(self, agent_id: str, workload: int, *, session: Transaction | None = None) -> None:
        if session is None:
            await self._write_workload(agent_id, workload)
        else:
            on_commit(session, lambda: self._workloads.say(agent_id, workload))

    async def get_registry_stats(self) -> RegistryStats:
        return stats_of(await self.discover())

    async def notice(self) -> list[AgentRecord]:
        now = self._clock.now()
        changed = await self._notice_silent(now, since=now - self.heartbeat_interval * 1.5)
        for found in await self._shelf.find(["is:limited"]):
            if found.entry.until is not None and found.entry.until <= now:
                after = await self._end_chosen_time(found, now)
                changed += [after] if after is not None else []
        return changed

    async def _notice_silent(self, now: datetime, *, since: datetime) -> list[AgentRecord]:
        quiet = await self._shelf.silent(since)
        if not quiet:
            return []
        records = []
        for found in await self._shelf.find_ids(quiet):
            found.entry.present = False
            records.append(self._record(found.entry))
        gone = await self._shelf.fall_silent([events.status_news(one) for one in records], now=now, since=since)
        return [one for one in records if one.agent_id in gone]

    async def _end_chosen_time(self, found: Found, now: datetime) -> AgentRecord | None:
        """Make it available again; None if somebody else changed it just now: then the next look decides."""
        entry = copy(found.entry)
        change.set_availability(entry, "available", max_capacity=None, until=None)
        after = self._record(entry)
        return (
            after
            if await self._shelf.keep(entry.agent_id, found, entry, [events.status_news(after)], now=now)
            else None
        )

    async def _change(
        self, agent_id: str, act: Callable[[Entry], None], tell: Telling = events.change_news
    ) -> AgentRecord:
        while True:
            found = await self._shelf.find_one(agent_id)
            if found is None:
                raise unknown_agent(agent_id)
            before, entry = self._record(found.entry), copy(found.entry)
            act(entry)
            after = self._record(entry)
            if await self._shelf.keep(agent_id, found, entry, tell(before, after), now=self._clock.now()):
                self._permissions.forget()
                return after

    async def _set_silence(self, agent_id: str, silence: Silence) -> AgentRecord:
        return await self._change(
            agent_id,
            lambda entry: change.set_silence(entry, silence),
            lambda before, after: events.silence_news(before, after, silence),
        )

    async def _write_workload(self, agent_id: str, workload: int) -> None:
        while True:
            found = await self._shelf.find_one(agent_id)
            if found is None:
                return
            now, entry = self._clock.now(), copy(found.entry)
            if not change.set_workload(entry, workload, now=now):
                return
            news = [events.status_news(self._record(entry))]
            if await self._shelf.keep(agent_id, found, entry, news, now=now, active=True):
                return

    async def _find(self, agent_id: str) -> AgentRecord | None:
        found = await self._shelf.find_one(agent_id)
        return self._record(found.entry) if found else None

    async def _restricted(self) -> list[AgentRecord]:
        return [self._record(found.entry) for found in await self._shelf.find(["is:restricted"])]

    @property
    def _silence(self) -> timedelta:
        return self.heartbeat_interval * 2

    def _record(self, entry: Entry) -> AgentRecord:
        return as_record(entry, now=self._clock.now(), silence=self._silence)
