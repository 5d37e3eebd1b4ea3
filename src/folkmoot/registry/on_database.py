"""The registry on the rows of a database. What each method promises is said in `registry.py`.

A row has one `last_seen`, so an agent that two processes hold online goes offline when one of them lets it depart, and
comes back with the other's next heartbeat; counting replicas is for the registry on Redis, where there are some.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, nullcontext
from datetime import datetime, timedelta
from typing import Any, get_args

from pydantic import ValidationError

from folkmoot.events import EventLog
from folkmoot.kernel import Clock
from folkmoot.registry.errors import AgentExistsError, BadAgentError, UnknownAgentError
from folkmoot.registry.events import (
    AGENT_DEREGISTERED,
    AGENT_REGISTERED,
    AGENT_SILENCED,
    AGENT_STATUS,
    AGENT_UNSILENCED,
    AGENT_UPDATED,
)
from folkmoot.registry.model import LONGEST_REASON, AgentInfo, AgentRecord, Availability, RegistryStats, Silence
from folkmoot.registry.registry import HEARTBEAT
from folkmoot.registry.store import (
    Transaction,
    as_record,
    as_status,
    defined,
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
    set_silence,
    write_info,
)
from folkmoot.registry.tables import AgentRow
from folkmoot.storage import Database


class DatabaseRegistry:
    """See `Registry`. Each event is recorded in the transaction of the change it tells of."""

    def __init__(
        self, *, database: Database, clock: Clock, events: EventLog, heartbeat_interval: timedelta = HEARTBEAT
    ) -> None:
        self.heartbeat_interval = heartbeat_interval
        self._database = database
        self._clock = clock
        self._events = events

    async def register(self, info: AgentInfo, *, new: bool = False, online: bool = True) -> AgentRecord:
        async with self._database.write() as session:
            row = await find_row(session, info.agent_id)
            if row is not None and new:
                raise AgentExistsError(
                    f"there is an agent '{info.agent_id}' already; choose another id", agent_id=info.agent_id
                )
            now = self._clock.now()
            if row is None:
                row = await insert_agent(session, info, moment=now, online=online)
                await self._events.record(session, AGENT_REGISTERED, info.agent_id, info.model_dump(mode="json"))
                return await self._announced(session, row)
            before = self._record(row)
            write_info(row, info)
            if online:
                row.present, row.last_seen = True, now
            return await self._announced(session, row, before=before)

    async def update(self, agent_id: str, changes: Mapping[str, Any]) -> AgentRecord:
        async with self._database.write() as session:
            row = await need_row(session, agent_id)
            before = self._record(row)
            try:
                info = AgentInfo.model_validate(defined(row) | dict(changes) | {"agent_id": agent_id})
            except ValidationError as error:
                raise BadAgentError(f"agent '{agent_id}' cannot be changed so: {error}", agent_id=agent_id) from error
            write_info(row, info)
            return await self._announced(session, row, before=before)

    async def rename(self, agent_id: str, person_name: str) -> AgentRecord:
        async with self._database.write() as session:
            row = await need_row(session, agent_id)
            before = self._record(row)
            if not person_name.strip() or len(person_name) > 200:  # noqa: PLR2004  # the column's width
                raise BadAgentError("a name has 1 to 200 characters", agent_id=agent_id)
            row.chosen_name = person_name.strip()
            return await self._announced(session, row, before=before)

    async def deregister(self, agent_id: str) -> None:
        async with self._database.write() as session:
            if not await delete_agent(session, agent_id):
                raise UnknownAgentError(f"there is no agent '{agent_id}'", agent_id=agent_id)
            await self._events.record(session, AGENT_DEREGISTERED, agent_id, {"agent_id": agent_id})

    async def heartbeat(self, agent_ids: Collection[str], *, active: Collection[str] = ()) -> set[str]:
        async with self._database.write() as session:
            now = self._clock.now()
            known, back = await mark_seen(session, agent_ids, now)
            if active:
                await mark_active(session, active, now)
            for row in back:
                row.present, row.last_seen = True, now
                await self._announce(session, row)
            return set(agent_ids) - known

    async def depart(self, agent_ids: Collection[str]) -> None:
        async with self._database.write() as session:
            for row in await mark_absent(session, agent_ids=agent_ids):
                await self._announce(session, row)

    async def get(self, agent_id: str) -> AgentRecord:
        async with self._database.read() as session:
            rows = await select_rows(session, agent_id=agent_id)
        if not rows:
            raise UnknownAgentError(
                f"there is no agent '{agent_id}'; `folkmoot agent list` shows who is", agent_id=agent_id
            )
        return self._record(rows[0])

    async def discover(
        self,
        *,
        role: str | None = None,
        department: str | None = None,
        capability: str | None = None,
        intent: str | None = None,
        online_only: bool = False,
        type: str | None = None,  # noqa: A002  # the vocabulary's word
    ) -> list[AgentRecord]:
        async with self._database.read() as session:
            rows = await select_rows(session, type=type, role=role, department=department)
        return [
            record
            for record in map(self._record, rows)
            if (not online_only or record.presence == "online")
            and (intent is None or intent in record.supported_intents)
            and (capability is None or _level(record, capability) > 0)
        ]

    async def fitting(self, selector: str) -> list[str]:
        kind, _, value = selector.partition(":")
        if selector != "everybody" and (kind not in ("role", "capability", "department") or not value):
            return []
        found = await self.discover(online_only=True, **({} if selector == "everybody" else {kind: value}))
        willing = [record for record in found if record.availability != "offline"]
        return [
            record.agent_id
            for record in sorted(willing, key=lambda one: (one.utilization, one.current_workload, one.agent_id))
        ]

    async def set_availability(
        self, agent_id: str, availability: str, *, max_capacity: int | None = None, until: datetime | None = None
    ) -> AgentRecord:
        self._check_availability(agent_id, availability, max_capacity, until)
        async with self._database.write() as session:
            row = await need_row(session, agent_id)
            before = self._record(row)
            row.availability = availability
            row.until = until
            if max_capacity is not None:
                row.chosen_capacity = max_capacity
            return await self._announced(session, row, before=before)

    async def silence(self, agent_id: str, *, reason: str, by: str) -> AgentRecord:
        if not 0 < len(reason.strip()) <= LONGEST_REASON:
            raise BadAgentError(f"say in 1 to {LONGEST_REASON} characters why '{agent_id}' is silenced", reason=reason)
        silence = Silence(at=self._clock.now(), by=by, reason=reason.strip())
        return await self._set_silence(agent_id, silence)

    async def unsilence(self, agent_id: str, *, by: str) -> AgentRecord:
        return await self._set_silence(agent_id, Silence(at=None, by=by, reason=""))

    async def silenced(self) -> frozenset[str]:
        async with self._database.read() as session:
            return await select_silenced(session)

    async def follow_silences(self) -> AsyncGenerator[frozenset[str], None]:
        types = (AGENT_SILENCED, AGENT_UNSILENCED, AGENT_DEREGISTERED)
        async with aclosing(self._events.follow(after=await self._events.latest_id(), types=types)) as events:
            yield await self.silenced()
            async for _ in events:
                yield await self.silenced()

    async def set_workload(self, agent_id: str, workload: int, *, session: Transaction | None = None) -> None:
        async with nullcontext(session) if session is not None else self._database.write() as own:
            row = await find_row(own, agent_id)
            if row is not None and row.current_workload != workload:
                row.current_workload = max(0, workload)
                row.last_active = self._clock.now()
                await self._announce(own, row)

    async def get_registry_stats(self) -> RegistryStats:
        records = await self.discover()
        online = sum(record.presence == "online" for record in records)
        workload, capacity = sum(one.current_workload for one in records), sum(one.max_capacity for one in records)
        return RegistryStats(
            total=len(records),
            online=online,
            offline=sum(record.presence == "offline" for record in records),
            silenced=sum(record.presence == "silenced" for record in records),
            by_type=dict(Counter(record.type for record in records)),
            by_role=dict(Counter(record.role for record in records)),
            by_department=dict(Counter(record.department for record in records)),
            by_availability=dict(Counter(record.availability for record in records)),
            workload=workload,
            capacity=capacity,
            utilization=workload / capacity if capacity else 0.0,
            oldest_heartbeat=min((one.last_seen for one in records if one.last_seen is not None), default=None),
        )

    async def notice(self) -> list[AgentRecord]:
        now = self._clock.now()
        async with self._database.write() as session:
            changed = await mark_absent(session, silent_since=now - self.heartbeat_interval * 1.5)
            changed += [row for row in await end_chosen_times(session, now) if row not in changed]
            return [await self._announce(session, row) for row in changed]

    def _check_availability(
        self, agent_id: str, availability: str, max_capacity: int | None, until: datetime | None
    ) -> None:
        choices = get_args(Availability)
        if availability not in choices:
            raise BadAgentError(
                f"'{availability}' is no availability; use one of {', '.join(choices)}", agent_id=agent_id
            )
        if max_capacity is not None and not 0 <= max_capacity <= 1_000_000:  # noqa: PLR2004  # as in the model
            raise BadAgentError("max_capacity is a number of tasks from 0 to 1000000", agent_id=agent_id)
        if until is not None and (until.tzinfo is None or until <= self._clock.now()):
            raise BadAgentError(f"until ({until.isoformat()}) must be in the future and have a zone", agent_id=agent_id)

    async def _set_silence(self, agent_id: str, silence: Silence) -> AgentRecord:
        async with self._database.write() as session:
            row = await need_row(session, agent_id)
            before = self._record(row)
            set_silence(row, silence)
            record = await self._announced(session, row, before=before)
            if (before.silenced_at is None) != (silence.at is None):
                kind = AGENT_UNSILENCED if silence.at is None else AGENT_SILENCED
                data = {"agent_id": agent_id, "name": record.name, "by": silence.by, "reason": silence.reason}
                await self._events.record(session, kind, agent_id, data)
            return record

    def _record(self, row: AgentRow) -> AgentRecord:
        return as_record(row, now=self._clock.now(), silence=self.heartbeat_interval * 2)

    async def _announce(self, session: Transaction, row: AgentRow) -> AgentRecord:
        record = self._record(row)
        await self._events.record(session, AGENT_STATUS, record.agent_id, as_status(record))
        return record

    async def _announced(
        self, session: Transaction, row: AgentRow, *, before: AgentRecord | None = None
    ) -> AgentRecord:
        """Tell of what has changed: nothing at all for an agent that registers again as it was."""
        record = self._record(row)
        info = {name: getattr(record, name) for name in AgentInfo.model_fields}
        if before is not None and info != {name: getattr(before, name) for name in info}:
            data = AgentInfo.model_validate(info).model_dump(mode="json")
            await self._events.record(session, AGENT_UPDATED, record.agent_id, data)
        if before is None or as_status(before) != as_status(record):
            await self._events.record(session, AGENT_STATUS, record.agent_id, as_status(record))
        return record


def _level(record: AgentRecord, capability: str) -> float:
    wanted = capability.casefold()
    return max((level for name, level in record.capabilities.items() if name.casefold() == wanted), default=0.0)
